// TillModel: sums and views. Shelves and sales: till_shelf.cpp.
// Must not use the till's, or core's, pricing and sums.
#include "tests/crash/till_model.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "core/envelope/message.h"

namespace test {
namespace {

using core::retail::TenderKind;

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
  std::uint64_t refunds = 0;
  DayExtras extras;
  std::int64_t net = 0;
  std::int64_t refunded = 0;
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

  void add(const RefundFacts& refund) {
    ++refunds;
    net -= refund.amount;
    refunded += refund.amount;
    discount -= refund.discount;
    gross[refund.tax] -= refund.amount;
    tax[refund.tax] -= refund.tax_amount;
    tenders[of(refund.to_card ? TenderKind::kCard : TenderKind::kCash)] -= refund.amount;
    for (const auto& [id, count] : refund.back_on_shelf) consumed[id] -= count;
  }

  std::string text(std::int32_t day) const {
    return "closing of " + std::to_string(day) + ": sales " + std::to_string(sales) + " voids " +
           std::to_string(voids) + " refunds " + std::to_string(refunds) + " of " +
           std::to_string(refunded) + " no-sales " + std::to_string(extras.no_sales) +
           " trainings " + std::to_string(extras.trainings) + " copies " +
           std::to_string(extras.copies) + " deposits " + std::to_string(extras.deposits) +
           " forfeited " + std::to_string(extras.forfeited) + " received " +
           text_of(extras.received) + " net " + std::to_string(net) + " discount " +
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
  sums.refunds = closing.refunds;
  sums.refunded = closing.refunded.minor;
  sums.extras.no_sales = closing.counts.no_sales;
  sums.extras.trainings = closing.counts.trainings;
  sums.extras.copies = closing.counts.copies;
  sums.extras.deposits = closing.liabilities.deposits.minor;
  sums.extras.forfeited = closing.liabilities.forfeited.minor;
  sums.extras.received = units_of(closing.received);
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

using core::retail::Series;
constexpr Series kOtherSeries[] = {Series::kDrawer,  Series::kStock, Series::kHold,
                                   Series::kLayaway, Series::kCard,  Series::kCopy,
                                   Series::kTraining};

std::string number_text(std::uint64_t series, std::int64_t number) {
  return " series " + std::to_string(series) + " " + std::to_string(number);
}

std::string open_text(Series series, std::uint64_t number, std::int64_t amount) {
  return "open: " + std::to_string(static_cast<int>(series)) + " " + std::to_string(number) + " " +
         std::to_string(amount);
}

// What both views say of the till as a whole.
struct Heading {
  bool joined = false;
  bool delivery_awaited = false;
  std::optional<std::int32_t> open_day, last_day;
  std::uint64_t sequence = 0, documents = 0, order = 0, delivery = 0, invoice = 0, cash = 0;
  std::uint64_t refund = 0, voids = 0;
  std::string others;  // the last numbers of other series
  std::uint64_t pending = 0, refused = 0, acknowledged = 0, tree_size = 0;
  std::string backup_to;

  std::string text() const {
    const auto day = [](const std::optional<std::int32_t>& d) {
      return d ? std::to_string(*d) : std::string("none");
    };
    std::string out = "joined " + std::to_string(joined ? 1 : 0) + " open " + day(open_day) +
                      (delivery_awaited ? " without its delivery" : "") + " last " + day(last_day) +
                      " backup to '" + backup_to + "'";
    const std::pair<const char*, std::uint64_t> rest[] = {
        {" sequence ", sequence}, {" documents ", documents},
        {" order ", order},       {" delivery ", delivery},
        {" invoice ", invoice},   {" pending ", pending},
        {" refused ", refused},   {" acknowledged ", acknowledged},
        {" tree ", tree_size},    {" cash ", cash},
        {" refund ", refund},     {" void ", voids}};
    for (const auto& [name, value] : rest) out += name + std::to_string(value);
    return out + others;
  }
};

}  // namespace

std::int64_t SaleFacts::total() const {
  std::int64_t sum = 0;
  for (const LineFacts& line : lines) sum += line.amount;
  return sum;
}

namespace {

std::string text_of(const RefundFacts& refund) {
  return "; refund " + std::to_string(refund.number) + " of " + std::to_string(refund.day) + ": " +
         std::to_string(refund.count) + " of line " + std::to_string(refund.line) + " amount " +
         std::to_string(refund.amount) + " discount " + std::to_string(refund.discount) + " tax " +
         std::to_string(refund.tax) + " " + std::to_string(refund.tax_amount) +
         (refund.restock ? " on the shelf " + text_of(refund.back_on_shelf) : " scrap") +
         (refund.to_card ? " card " : " cash ") + refund.reason;
}

RefundFacts facts_of(const core::retail::Refund& refund) {
  REQUIRE(refund.lines.size() == 1);
  const core::retail::RefundLine& line = refund.lines.front();
  RefundFacts out;
  out.number = refund.numbers.at(core::retail::Series::kRefund);
  out.day = refund.day.days;
  out.line = line.line;
  out.count = units_of(line.quantity);
  out.restock = line.restock;
  out.to_card = refund.tenders.contains(TenderKind::kCard);
  out.amount = -line.mirror.amount.minor;
  out.discount = -line.mirror.discount.minor;
  out.tax = line.mirror.tax.value;
  out.tax_amount = -line.mirror.tax_amount.minor;
  for (const auto& [id, count] : units_of(line.mirror.consumed)) out.back_on_shelf[id] = -count;
  out.reason = refund.reason;
  return out;
}

}  // namespace

std::string text_of(const SaleFacts& sale) {
  std::string out = "sale of " + std::to_string(sale.day) + " at " + std::to_string(sale.time_ms);
  for (const LineFacts& line : sale.lines) {
    out += "; " + std::to_string(line.count) + " x " + std::to_string(line.product) + " amount " +
           std::to_string(line.amount) + " discount " + std::to_string(line.discount) + " tax " +
           std::to_string(line.tax) + " " + std::to_string(line.tax_amount) + " consumed " +
           text_of(line.consumed);
  }
  out += "; taxes " + text_of(sale.taxes);
  out += "; tenders " + text_of(sale.tenders);
  for (const RefundFacts& refund : sale.refunds) out += text_of(refund);
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
                         line.discount.minor, line.tax.value, line.tax_amount.minor,
                         units_of(line.consumed)});
    out.taxes[line.tax.value] += line.tax_amount.minor;
  }
  for (const auto& [kind, money] : sale.tenders) out.tenders[of(kind)] = money.minor;
  out.voided = document.voided.has_value();
  if (document.voided) out.reason = document.voided->reason;
  for (const auto& refund : document.refunds) out.refunds.push_back(facts_of(refund));
  return out;
}

std::int64_t TillModel::expected_cash() const {
  std::int64_t sum = 0;
  for (const SaleFacts& sale : sales) {
    for (const RefundFacts& refund : sale.refunds) {
      if (refund.day == open_day && !refund.to_card) sum -= refund.amount;
    }
    if (sale.voided || sale.day != open_day) continue;
    for (const TenderKind kind : {TenderKind::kCash, TenderKind::kCouponExcess}) {
      const auto it = sale.tenders.find(of(kind));
      if (it != sale.tenders.end()) sum += it->second;
    }
  }
  if (open_day) {
    const auto more = extras.find(*open_day);
    if (more != extras.end()) sum += more->second.deposits_in_cash;
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
  heading.delivery_awaited = delivery_awaited;
  heading.last_day = last_day;
  heading.sequence = messages.size();
  heading.order = heading.delivery = heading.invoice = sales.size();
  heading.cash = cash.size();
  heading.refund = refunds;
  for (const auto& [series, number] : last) heading.others += number_text(series, number);
  for (const SaleFacts& sale : sales) heading.voids += sale.voided ? 1 : 0;
  heading.documents = sales.size() + cash.size() + refunds + heading.voids;
  for (const auto& [series, number] : last) heading.documents += static_cast<std::uint64_t>(number);
  heading.tree_size = tree_size;
  heading.backup_to = backup_to;
  std::map<std::int32_t, DaySums> days;
  for (const SaleFacts& sale : sales) {
    days[sale.day].add(sale);
    for (const RefundFacts& refund : sale.refunds) days[refund.day].add(refund);
  }
  for (const auto& [day, more] : extras) {
    days[day].extras = more;
    // A layaway's deposits are tenders of the day that they were paid on.
    days[day].tenders[of(TenderKind::kCash)] += more.deposits_in_cash;
  }
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
  for (const auto& [number, waits] : holds) {
    if (waits) out.push_back(open_text(Series::kHold, number, 0));
  }
  for (const LayawayFacts& layaway : layaways) {
    if (layaway.state != LayawayFacts::State::kOpen) continue;
    out.push_back(open_text(Series::kLayaway, layaway.number, layaway.paid));
  }
  for (const auto& [number, card] : cards) {
    if (card.open) out.push_back(open_text(Series::kCard, number, card.amount));
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
  heading.delivery_awaited = status.delivery_awaited;
  heading.sequence = status.last_sequence.value;
  heading.documents = status.documents;
  heading.order = status.last_numbers.at(core::retail::Series::kOrder);
  heading.delivery = status.last_numbers.at(core::retail::Series::kDelivery);
  heading.invoice = status.last_numbers.at(core::retail::Series::kInvoice);
  heading.cash = status.last_numbers.at(core::retail::Series::kCash);
  heading.refund = status.last_numbers.at(core::retail::Series::kRefund);
  for (const core::retail::Series series : kOtherSeries) {
    const auto number = static_cast<std::int64_t>(status.last_numbers.at(series));
    if (number != 0) heading.others += number_text(static_cast<std::uint64_t>(series), number);
  }
  heading.voids = status.last_numbers.at(core::retail::Series::kVoid);
  heading.pending = status.outbox.pending;
  heading.refused = status.outbox.refused;
  heading.acknowledged = status.outbox.acknowledged;
  heading.tree_size = status.tree_head ? status.tree_head->size : 0;
  for (const auto& target : status.backup.targets) heading.backup_to += target.place;
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
  TRY_ASSIGN(const auto items, till.open_items());
  for (const till::OpenItem& item : items) {
    out.push_back(open_text(item.key.series, item.key.number, item.amount.minor));
  }
  if (status.open_day || status.last_day) {
    TRY_ASSIGN(const core::retail::Closing so_far, till.day_so_far());
    out.push_back("so far: " + text_of(so_far));
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
