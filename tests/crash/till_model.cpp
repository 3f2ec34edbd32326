// TillModel: sums, views and random shelves and sales.
// Must not use the till's, or core's, pricing and sums.
#include "tests/crash/till_model.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "core/envelope/message.h"

namespace test {
namespace {

using core::retail::TenderKind;

const core::Currency kUsd = core::Currency::parse("USD").value();
constexpr std::int32_t kRates[] = {0, 825, 1900};  // basis points of tax codes 1 to 3

core::Money usd(std::int64_t minor) {
  return {minor, kUsd};
}
core::Quantity units(std::int64_t count) {
  return {count * core::Quantity::kUnit};
}

std::uint64_t of(TenderKind kind) {
  return static_cast<std::uint64_t>(kind);
}

std::int64_t units_of(core::Quantity quantity) {
  REQUIRE(quantity.thousandths % core::Quantity::kUnit == 0);
  return quantity.thousandths / core::Quantity::kUnit;
}

Amounts units_of(const core::retail::Components& components) {
  Amounts out;
  for (const auto& [id, quantity] : components) out[id.value] = units_of(quantity);
  return out;
}

std::int64_t tax_inside(std::int64_t amount, std::int32_t basis_points) {
  const std::int64_t divisor = 10000 + basis_points;
  return (2 * amount * basis_points + divisor) / (2 * divisor);
}

std::string text_of(const Amounts& amounts) {
  std::string out = "{";
  for (const auto& [key, value] : amounts) {
    if (value != 0) out += " " + std::to_string(key) + ":" + std::to_string(value);
  }
  return out + " }";
}

// A day added up.
struct DaySums {
  std::uint64_t sales = 0;
  std::uint64_t voids = 0;
  std::int64_t net = 0;
  std::int64_t discount = 0;
  Amounts gross, tax, tenders, consumed;
  std::int64_t over_short = 0;

  void add(const SaleFacts& sale) {
    if (sale.voided) {
      ++voids;
      return;
    }
    ++sales;
    for (const LineFacts& line : sale.lines) {
      net += line.amount;
      discount += line.discount;
      gross[line.tax] += line.amount;
      for (const auto& [id, count] : line.consumed) consumed[id] += count;
    }
    for (const auto& [code, amount] : sale.taxes) tax[code] += amount;
    for (const auto& [kind, amount] : sale.tenders) tenders[kind] += amount;
  }

  std::string text(std::int32_t day) const {
    return "closing of " + std::to_string(day) + ": sales " + std::to_string(sales) + " voids " +
           std::to_string(voids) + " net " + std::to_string(net) + " discount " +
           std::to_string(discount) + " gross " + text_of(gross) + " tax " + text_of(tax) +
           " tenders " + text_of(tenders) + " consumed " + text_of(consumed) + " over " +
           std::to_string(over_short);
  }
};

std::string text_of(const core::retail::Closing& closing) {
  REQUIRE(closing.part.count == 1);
  DaySums sums;
  sums.sales = closing.sales;
  sums.voids = closing.voids;
  sums.net = closing.net.minor;
  sums.discount = closing.discount.minor;
  for (const auto& [code, row] : closing.taxes) {
    sums.gross[code.value] = row.gross.minor;
    sums.tax[code.value] = row.tax.minor;
  }
  for (const auto& [kind, money] : closing.tenders) sums.tenders[of(kind)] = money.minor;
  sums.consumed = units_of(closing.consumed);
  sums.over_short = closing.over_short.minor;
  return sums.text(closing.day.days);
}

std::string opening_text(std::int32_t day, const Amounts& received) {
  return "opening of " + std::to_string(day) + ": " + text_of(received);
}

std::string text_of(const core::retail::Summary& summary) {
  if (const auto* closing = std::get_if<core::retail::Closing>(&summary)) return text_of(*closing);
  const auto& opening = std::get<core::retail::Opening>(summary);
  REQUIRE(opening.part.count == 1);
  return opening_text(opening.day.days, units_of(opening.received));
}

std::string message_text(std::uint64_t sequence, const std::string& body, bool acknowledged,
                         const std::string& refusal) {
  return "message " + std::to_string(sequence) + ": " + body +
         (acknowledged ? "; acknowledged" : "; refused: " + refusal);
}

std::string product_text(std::uint64_t id, const ShelfProduct& product) {
  return " " + std::to_string(id) + "=" + product.name + "@" + std::to_string(product.price) + "/" +
         std::to_string(product.tax) + (product.parts.empty() ? "" : text_of(product.parts));
}

std::string shelf_text(const Shelf& shelf) {
  std::string out = "shelf:";
  for (const auto& [id, product] : shelf) out += product_text(id, product);
  return out;
}

std::string shelf_text(const core::retail::Catalog& catalog) {
  Shelf shelf;
  for (const auto& [id, product] : catalog.products()) {
    shelf[id.value] = {
        product.name, product.price ? product.price->minor : 0, product.tax.value, {}};
  }
  for (const auto& line : catalog.bom()) {
    shelf[line.parent.value].parts[line.component.value] += units_of(line.quantity);
  }
  return shelf_text(shelf);
}

// What both views say of the till as a whole.
struct Heading {
  bool joined = false;
  std::optional<std::int32_t> open_day, last_day;
  std::uint64_t sequence = 0, documents = 0, order = 0, delivery = 0, invoice = 0, cash = 0;
  std::uint64_t pending = 0, refused = 0, acknowledged = 0, tree_size = 0;
  std::string mailbox;

  std::string text() const {
    const auto day = [](const std::optional<std::int32_t>& d) {
      return d ? std::to_string(*d) : std::string("none");
    };
    std::string out = "joined " + std::to_string(joined ? 1 : 0) + " open " + day(open_day) +
                      " last " + day(last_day) + " mailbox '" + mailbox + "'";
    const std::pair<const char*, std::uint64_t> rest[] = {
        {" sequence ", sequence}, {" documents ", documents},       {" order ", order},
        {" delivery ", delivery}, {" invoice ", invoice},           {" pending ", pending},
        {" refused ", refused},   {" acknowledged ", acknowledged}, {" tree ", tree_size},
        {" cash ", cash}};
    for (const auto& [name, value] : rest) out += name + std::to_string(value);
    return out;
  }
};

}  // namespace

std::int64_t SaleFacts::total() const {
  std::int64_t sum = 0;
  for (const LineFacts& line : lines) sum += line.amount;
  return sum;
}

std::string text_of(const SaleFacts& sale) {
  std::string out = "sale of " + std::to_string(sale.day) + " at " + std::to_string(sale.time_ms);
  for (const LineFacts& line : sale.lines) {
    out += "; " + std::to_string(line.count) + " x " + std::to_string(line.product) + " amount " +
           std::to_string(line.amount) + " discount " + std::to_string(line.discount) + " tax " +
           std::to_string(line.tax) + " consumed " + text_of(line.consumed);
  }
  out += "; taxes " + text_of(sale.taxes);
  out += "; tenders " + text_of(sale.tenders);
  return sale.voided ? out + "; voided: " + sale.reason : out;
}

SaleFacts facts_of(const till::StoredDocument& document) {
  SaleFacts out;
  const auto& sale = std::get<core::retail::Sale>(document.document);
  out.day = sale.day.days;
  out.time_ms = sale.time_ms;
  for (const core::retail::SaleLine& line : sale.lines) {
    REQUIRE(line.kind == core::retail::LineKind::kProduct);
    out.lines.push_back({line.product.value, units_of(line.quantity), line.amount.minor,
                         line.discount.minor, line.tax.value, units_of(line.consumed)});
    out.taxes[line.tax.value] += line.tax_amount.minor;
  }
  for (const auto& [kind, money] : sale.tenders) out.tenders[of(kind)] = money.minor;
  out.voided = document.voided.has_value();
  if (document.voided) out.reason = document.voided->reason;
  return out;
}

std::int64_t TillModel::expected_cash() const {
  std::int64_t sum = 0;
  for (const SaleFacts& sale : sales) {
    if (sale.voided || sale.day != open_day) continue;
    for (const TenderKind kind : {TenderKind::kCash, TenderKind::kCouponExcess}) {
      const auto it = sale.tenders.find(of(kind));
      if (it != sale.tenders.end()) sum += it->second;
    }
  }
  for (const CashFacts& moved : cash) {
    if (moved.day == open_day) sum += moved.comes_in ? moved.amount : -moved.amount;
  }
  return sum;
}

std::vector<std::string> TillModel::seen() const {
  Heading heading;
  heading.joined = joined;
  heading.open_day = open_day;
  heading.last_day = last_day;
  heading.sequence = messages.size();
  heading.order = heading.delivery = heading.invoice = sales.size();
  heading.cash = cash.size();
  heading.documents = sales.size() + cash.size();
  for (const SaleFacts& sale : sales) heading.documents += sale.voided ? 1 : 0;
  heading.tree_size = tree_size;
  heading.mailbox = mailbox;
  std::map<std::int32_t, DaySums> days;
  for (const SaleFacts& sale : sales) days[sale.day].add(sale);
  std::vector<std::string> out = {"", shelf_text(shelf)};
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const MessageFacts& message = messages[i];
    DaySums sums = message.closing ? days[message.day] : DaySums{};
    sums.over_short = message.over_short;
    ++(message.acknowledged ? heading.acknowledged : heading.pending);
    if (!message.acknowledged && !message.refusal.empty()) ++heading.refused;
    out.push_back(message_text(
        i + 1,
        message.closing ? sums.text(message.day) : opening_text(message.day, message.received),
        message.acknowledged, message.refusal));
  }
  if (const auto shown = open_day ? open_day : last_day) {
    out.push_back("so far: " + days[*shown].text(*shown));
  }
  out.front() = heading.text();
  return out;
}

core::Result<std::vector<std::string>> seen_of(till::Till& till,
                                               const core::envelope::SealingKey* key) {
  TRY_ASSIGN(const till::TillStatus status, till.status());
  Heading heading;
  heading.joined = status.epoch.value != 0;
  if (status.open_day) heading.open_day = status.open_day->days;
  if (status.last_day) heading.last_day = status.last_day->days;
  heading.sequence = status.last_sequence.value;
  heading.documents = status.documents;
  heading.order = status.last_numbers.at(core::retail::Series::kOrder);
  heading.delivery = status.last_numbers.at(core::retail::Series::kDelivery);
  heading.invoice = status.last_numbers.at(core::retail::Series::kInvoice);
  heading.cash = status.last_numbers.at(core::retail::Series::kCash);
  heading.pending = status.outbox.pending;
  heading.refused = status.outbox.refused;
  heading.acknowledged = status.outbox.acknowledged;
  heading.tree_size = status.tree_head ? status.tree_head->size : 0;
  heading.mailbox = status.mailbox.string();
  TRY_ASSIGN(const core::retail::Catalog catalog, till.shelf().whole(till.shelf().present()));
  std::vector<std::string> out = {heading.text(), shelf_text(catalog)};
  TRY_ASSIGN(const auto entries, till.outbox().all(core::Sequence{0}, 10000));
  for (const till::OutboxEntry& entry : entries) {
    TRY_ASSIGN(const auto message, core::envelope::parse_message(entry.message));
    TRY_ASSIGN(const core::Bytes payload,
               core::envelope::open_payload(message.header.content_type, message.protected_header,
                                            message.payload, key));
    TRY_ASSIGN(const core::retail::Summary summary, core::retail::decode_summary(payload));
    out.push_back(
        message_text(entry.sequence.value, text_of(summary), entry.acknowledged, entry.refusal));
  }
  if (status.open_day || status.last_day) {
    TRY_ASSIGN(const core::retail::Closing so_far, till.day_so_far());
    out.push_back("so far: " + text_of(so_far));
  }
  return out;
}

Shelf random_shelf(core::Random& random, std::uint64_t products, std::size_t name_bytes) {
  Shelf shelf;
  for (std::uint64_t id = 1; id <= products; ++id) {
    ShelfProduct& product = shelf[id];
    product.name = std::string(name_bytes, static_cast<char>('a' + random.between(0, 25)));
    product.price = static_cast<std::int64_t>(random.between(1, 99999));
    product.tax = random.between(1, 3);
    if (id % 4 != 0) continue;  // kits contain stocked products only
    for (std::uint64_t back = 1; back <= random.between(1, 3); ++back) {
      product.parts[id - back] = static_cast<std::int64_t>(random.between(1, 4));
    }
  }
  return shelf;
}

core::retail::Catalog catalog_of(const Shelf& shelf) {
  std::vector<core::retail::TaxRate> taxes;
  for (std::uint32_t code = 1; code <= 3; ++code) {
    taxes.push_back({core::TaxCode{code}, kRates[code - 1]});
  }
  std::vector<core::retail::Product> products;
  std::vector<core::retail::BomLine> bom;
  for (const auto& [id, product] : shelf) {
    products.push_back({core::ProductId{id}, product.name, usd(product.price),
                        core::TaxCode{static_cast<std::uint32_t>(product.tax)},
                        product.parts.empty() ? core::retail::ProductKind::kStocked
                                              : core::retail::ProductKind::kKit});
    for (const auto& [part, count] : product.parts) {
      bom.push_back({core::ProductId{id}, core::ProductId{part}, units(count)});
    }
  }
  return core::retail::Catalog::build(kUsd, taxes, std::move(products), std::move(bom)).value();
}

PlannedSale random_sale(core::Random& random, const Shelf& shelf, std::uint64_t lines_max) {
  PlannedSale out;
  for (std::uint64_t n = random.between(1, lines_max); n > 0; --n) {
    const std::uint64_t id = random.between(1, shelf.size());
    const ShelfProduct& product = shelf.at(id);
    const auto count = static_cast<std::int64_t>(random.between(1, 5));
    const std::int64_t shelf_price = count * product.price;
    const std::int64_t discount =
        random.between(0, 3) == 0
            ? static_cast<std::int64_t>(random.between(0, static_cast<std::uint64_t>(shelf_price)))
            : 0;
    LineFacts line{id, count, shelf_price - discount, discount, product.tax, {}};
    if (product.parts.empty()) line.consumed[id] = count;
    for (const auto& [part, each] : product.parts) line.consumed[part] = count * each;
    out.basket.lines.push_back({core::ProductId{id}, units(count), usd(discount)});
    out.facts.lines.push_back(std::move(line));
  }
  Amounts gross;
  for (const LineFacts& line : out.facts.lines) gross[line.tax] += line.amount;
  for (const auto& [code, sum] : gross) out.facts.taxes[code] = tax_inside(sum, kRates[code - 1]);
  const std::int64_t total = out.facts.total();
  const auto card = static_cast<std::int64_t>(random.between(0, static_cast<std::uint64_t>(total)));
  switch (random.between(0, 3)) {
    case 0:  // exact cash, not said
      out.facts.tenders = {{of(TenderKind::kCash), total}};
      break;
    case 1:  // part card, cash with change
      out.basket.tendered = {{TenderKind::kCard, usd(card)},
                             {TenderKind::kCash, usd(total - card + 77)}};
      out.facts.tenders = {{of(TenderKind::kCard), card}, {of(TenderKind::kCash), total - card}};
      break;
    case 2:  // a coupon above the total
      out.basket.tendered = {{TenderKind::kCoupon, usd(total + 30)}};
      out.facts.tenders = {{of(TenderKind::kCoupon), total + 30},
                           {of(TenderKind::kCouponExcess), -30}};
      break;
    default:
      out.basket.tendered = {{TenderKind::kCard, usd(total)}};
      out.facts.tenders = {{of(TenderKind::kCard), total}};
      break;
  }
  return out;
}

std::string difference(const std::vector<std::string>& expected,
                       const std::vector<std::string>& found) {
  std::string out;
  for (std::size_t i = 0; i < std::max(expected.size(), found.size()); ++i) {
    const std::string left = i < expected.size() ? expected[i] : "nothing";
    const std::string right = i < found.size() ? found[i] : "nothing";
    if (left != right) out += "\n  expected " + left + "\n  found    " + right;
  }
  return out;
}

}  // namespace test
