// Till: writing documents down, each numbered in its series, and finding them again.
#include <utility>

#include "till/till.h"

namespace till {
namespace {

using core::Errc;
using core::fail;
using core::Result;
using namespace core::retail;

constexpr std::int64_t kDayMs = 24 * 60 * 60 * 1000;
// A clock that is set right by a little gives no doubt.
constexpr std::int64_t kStepBackMs = 60 * 1000;

struct NamedProducts {
  std::vector<core::ProductId> ids;

  void take(const std::vector<SaleLine>& lines) {
    for (const SaleLine& line : lines) ids.push_back(line.product);
  }
  void operator()(const Sale& sale) { take(sale.lines); }
  void operator()(const Refund& refund) {
    for (const RefundLine& line : refund.lines) ids.push_back(line.mirror.product);
  }
  void operator()(const Layaway& layaway) { take(layaway.lines); }
  void operator()(const Training& training) { take(training.lines); }
  void operator()(const Hold& hold) {
    for (const OrderLine& line : hold.lines) ids.push_back(line.product);
  }
  void operator()(const StockMovement& movement) {
    for (const auto& [id, quantity] : movement.lines) ids.push_back(id);
  }
  template <typename Other>
  void operator()(const Other&) {}
};

void number_in(DocumentNumbers& numbers, Counters& counters, Series series) {
  numbers[series] = ++counter_of(counters, series);
}

}  // namespace

// The label of a business day is known well enough to say that a clock is years off. Time zones
// are at most 14 hours from UTC, and a day may be closed long after its midnight.
bool Till::is_doubtful(const Heading& heading) const {
  const std::int64_t label_ms = std::int64_t{heading.day.days} * kDayMs;
  if (heading.time_ms < label_ms - kDayMs || heading.time_ms > label_ms + 3 * kDayMs) return true;
  return latest_time_ms_ && heading.time_ms < *latest_time_ms_ - kStepBackMs;
}

// Once when it begins to be wrong, not with every document.
Result<void> Till::tell_of_clock(Actor actor, const Heading& heading) {
  if (!heading.clock_doubtful || clock_was_doubtful_) return operators().write_waiting();
  const std::string before = latest_time_ms_ ? std::to_string(*latest_time_ms_) + " ms"
                                             : "business day " + to_string(heading.day);
  return operators().write(actor, {AuditEvent::kClockJumped, "clock", before,
                                   std::to_string(heading.time_ms) + " ms", heading.time_ms});
}

Result<DocumentNumbers> Till::record(Document document, const std::function<Result<void>()>& more) {
  TRY_ASSIGN(const core::BusinessDay day, need_open_day());
  Heading& heading = heading_of(document);
  const core::Currency currency = journal_.identity().currency;
  if (heading.currency != currency) {
    return fail(Errc::kCurrency, "the document is in " + std::string(heading.currency.code()) +
                                     ", the till in " + std::string(currency.code()));
  }
  TRY_ASSIGN(const Actor actor, operators().permit(needed_for(document)));
  TRY_ASSIGN(DayFold * fold, running_fold());
  heading.day = day;
  heading.operator_id = actor.operator_id;
  heading.approved_by = actor.approved_by;
  heading.request = request_;
  if (heading.catalog.value == 0) heading.catalog = shelf_.present;
  heading.clock_doubtful = is_doubtful(heading);
  if (heading.request && requests_.contains(*heading.request)) {
    return fail(Errc::kExists, "request " + heading.request->hex() + " was done before");
  }
  heading.numbers.clear();
  Counters next = journal_.counters();
  if (std::holds_alternative<Sale>(document)) {
    for (const Series series : kSaleSeries) number_in(heading.numbers, next, series);
  } else {
    number_in(heading.numbers, next, series_of(document));
  }
  TRY(check_document(document));
  TRY_ASSIGN(const auto cancelled, cancelled_by(document));
  TRY_ASSIGN(const auto changes,
             open_item_changes(document, cancelled ? &*cancelled : nullptr,
                               [this](std::uint64_t number) { return card_amount(number); }));
  auto added = fold->add(document, cancelled ? &*cancelled : nullptr);
  if (added) {
    added = journal_.transact([&]() -> Result<void> {
      TRY(journal_.change_open_items(changes));
      TRY(journal_.add_document(document));
      if (more) TRY(more());
      return tell_of_clock(actor, heading);
    });
  }
  if (!added) {
    fold_.reset();  // it may hold a part of a document that was not recorded
    return fail(added.error());
  }
  clock_was_doubtful_ = heading.clock_doubtful;
  remember(document);
  operators().is_written();
  return heading.numbers;
}

void Till::remember(const Document& document) {
  const Heading& heading = heading_of(document);
  const Series series = series_of(document);
  if (heading.request) requests_[*heading.request] = {series, heading.numbers.at(series)};
  if (!heading.clock_doubtful) latest_time_ms_ = heading.time_ms;
}

Result<std::optional<DocumentName>> Till::recorded_for(const RequestId& request) {
  TRY(running_fold());
  const auto it = requests_.find(request);
  std::optional<DocumentName> found;
  if (it != requests_.end()) found = it->second;
  return found;
}

Result<DocumentNumbers> Till::record_sale(Sale sale) {
  return record(std::move(sale));
}

Result<std::optional<Sale>> Till::cancelled_by(const Document& document) {
  std::optional<Sale> cancelled;
  if (!std::holds_alternative<Void>(document)) return cancelled;
  TRY_ASSIGN(auto row, journal_.find_document(Series::kInvoice, std::get<Void>(document).invoice));
  Sale* sale = row ? std::get_if<Sale>(&row->document) : nullptr;
  if (sale == nullptr) {
    return fail(Errc::kDamaged, journal_.path().string() + ": a void of a sale that is not there");
  }
  cancelled = std::move(*sale);
  return cancelled;
}

Result<core::Money> Till::card_amount(std::uint64_t number) {
  TRY_ASSIGN(const auto row, journal_.find_document(Series::kCard, number));
  const auto* result = row ? std::get_if<CardResult>(&row->document) : nullptr;
  if (result == nullptr) {
    return fail(Errc::kNotFound,
                "there is no document " + document_number(ref(), Series::kCard, number));
  }
  return result->amount;
}

Result<Sale> Till::find_sale(std::uint64_t invoice) {
  const std::string name = document_number(ref(), Series::kInvoice, invoice);
  TRY_ASSIGN(const StoredDocument stored, document(Series::kInvoice, invoice));
  if (stored.voided) return fail(Errc::kState, "document " + name + " is voided already");
  return std::get<Sale>(stored.document);
}

Result<StoredDocument> Till::document(Series series, std::uint64_t number) {
  // A sale is found by its invoice; its order and its delivery have the same number.
  const bool is_sale = series == Series::kOrder || series == Series::kDelivery;
  TRY_ASSIGN(auto row, journal_.find_document(is_sale ? Series::kInvoice : series, number));
  if (!row) {
    return fail(Errc::kNotFound, "there is no document " + document_number(ref(), series, number));
  }
  StoredDocument out{std::move(row->document), std::nullopt, {}};
  if (!std::holds_alternative<Sale>(out.document)) return out;
  TRY(journal_.documents_about({Series::kInvoice, number},
                               [&](DocumentRow&& about) -> Result<void> {
                                 if (auto* cancel = std::get_if<Void>(&about.document))
                                   out.voided = std::move(*cancel);
                                 if (auto* refund = std::get_if<Refund>(&about.document)) {
                                   out.refunds.push_back(std::move(*refund));
                                 }
                                 return {};
                               }));
  return out;
}

std::vector<core::ProductId> products_of(const StoredDocument& stored) {
  NamedProducts named;
  std::visit(named, stored.document);
  return std::move(named.ids);
}

}  // namespace till
