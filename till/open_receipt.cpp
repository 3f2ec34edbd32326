// OpenReceipt: changes, discounts and tenders of the receipt in progress.
#include "till/open_receipt.h"

#include <algorithm>
#include <utility>

#include "core/base/arithmetic.h"
#include "core/retail/spread.h"
#include "core/retail/tax_share.h"

namespace till {
namespace {

using core::Errc;
using core::fail;
using core::Money;
using core::Result;
using core::retail::TenderKind;
using core::retail::Tenders;

constexpr std::int32_t kBasisPointsInOne = 10000;

Result<void> check_reduction(const std::optional<Reduction>& reduction, core::Currency currency) {
  if (!reduction) return {};
  if (reduction->reason.empty() || reduction->reason.size() > core::retail::kReasonBytesMax) {
    return fail(Errc::kUsage, "a discount needs a reason of 1 to 500 bytes");
  }
  if (const auto* percent = std::get_if<Percent>(&reduction->size)) {
    if (percent->basis_points >= 1 && percent->basis_points <= kBasisPointsInOne) return {};
    return fail(Errc::kUsage, "a discount is 0.01 to 100 percent");
  }
  const Money money = std::get<Money>(reduction->size);
  if (money.currency != currency) {
    return fail(Errc::kCurrency, "the discount is not in " + std::string(currency.code()));
  }
  if (money.minor <= 0) return fail(Errc::kUsage, "a discount is above zero");
  return {};
}

// What the reduction takes off `shelf_minor`.
Result<std::int64_t> size_of(const Reduction& reduction, std::int64_t shelf_minor) {
  if (const auto* money = std::get_if<Money>(&reduction.size)) return money->minor;
  return core::round_half_away(
      core::Int128{shelf_minor} * std::get<Percent>(reduction.size).basis_points,
      kBasisPointsInOne);
}

}  // namespace

std::uint32_t OpenReceipt::lines_voided() const {
  return static_cast<std::uint32_t>(
      std::count_if(lines_.begin(), lines_.end(), [](const OpenLine& l) { return l.voided; }));
}

Result<OpenLine*> OpenReceipt::find_line(std::uint32_t line) {
  if (line == 0 || line > lines_.size()) {
    return fail(Errc::kNotFound, "the receipt has no line " + std::to_string(line));
  }
  if (lines_[line - 1].voided) {
    return fail(Errc::kState, "line " + std::to_string(line) + " is voided");
  }
  return &lines_[line - 1];
}

template <typename Change>
Result<void> OpenReceipt::change_lines(const Change& change) {
  if (is_paying()) {
    return fail(Errc::kState,
                "the customer is paying: take the tenders back before a line is changed");
  }
  OpenReceipt next = *this;
  TRY(change(next));
  TRY(next.figures());
  *this = std::move(next);
  return {};
}

Result<std::uint32_t> OpenReceipt::scan(core::ProductId product, core::Quantity quantity) {
  if (lines_.size() >= kLinesMax) {
    return fail(Errc::kTooLarge, "a receipt has at most " + std::to_string(kLinesMax) +
                                     " lines: finish this one and begin another");
  }
  const auto number = static_cast<std::uint32_t>(lines_.size() + 1);
  TRY(change_lines([&](OpenReceipt& next) -> Result<void> {
    next.lines_.push_back({number, product, quantity, {}, false});
    return {};
  }));
  return number;
}

Result<void> OpenReceipt::void_line(std::uint32_t line) {
  return change_lines([&](OpenReceipt& next) -> Result<void> {
    TRY_ASSIGN(OpenLine * found, next.find_line(line));
    found->voided = true;
    return {};
  });
}

Result<void> OpenReceipt::set_quantity(std::uint32_t line, core::Quantity quantity) {
  return change_lines([&](OpenReceipt& next) -> Result<void> {
    TRY_ASSIGN(OpenLine * found, next.find_line(line));
    found->quantity = quantity;
    return {};
  });
}

Result<void> OpenReceipt::discount_line(std::uint32_t line, std::optional<Reduction> reduction) {
  TRY(check_reduction(reduction, currency()));
  return change_lines([&](OpenReceipt& next) -> Result<void> {
    TRY_ASSIGN(OpenLine * found, next.find_line(line));
    found->discount = std::move(reduction);
    return {};
  });
}

Result<void> OpenReceipt::discount(std::optional<Reduction> reduction) {
  TRY(check_reduction(reduction, currency()));
  return change_lines([&](OpenReceipt& next) -> Result<void> {
    next.discount_ = std::move(reduction);
    return {};
  });
}

Result<const core::retail::Catalog*> OpenReceipt::catalog() const {
  std::vector<core::ProductId> ids;
  for (const OpenLine& line : lines_) {
    if (!line.voided) ids.push_back(line.product);
  }
  return source_(ids);
}

// Each line with what its own discount and its share of the receipt's take off it.
Result<std::vector<BasketLine>> OpenReceipt::priced_lines(
    const core::retail::Catalog& catalog) const {
  std::vector<BasketLine> out;
  std::vector<std::int64_t> left_minor;  // of each line, after its own discount
  std::int64_t sum_minor = 0;
  for (const OpenLine& line : lines_) {
    if (line.voided) continue;
    BasketLine basket_line{line.product, line.quantity, Money{0, currency()}};
    TRY_ASSIGN(auto shelf, price_line(catalog, line.product, line.quantity, Money{0, currency()}));
    if (line.discount) {
      TRY_ASSIGN(basket_line.discount.minor, size_of(*line.discount, shelf.amount.minor));
      TRY_ASSIGN(shelf, price_line(catalog, line.product, line.quantity, basket_line.discount));
    }
    left_minor.push_back(shelf.amount.minor);
    TRY_ASSIGN(sum_minor, core::checked_add(sum_minor, shelf.amount.minor));
    out.push_back(basket_line);
  }
  if (!discount_ || out.empty()) return out;
  TRY_ASSIGN(const std::int64_t off_minor, size_of(*discount_, sum_minor));
  if (off_minor > sum_minor) {
    return fail(Errc::kMalformed, "the receipt's discount of " +
                                      to_string(Money{off_minor, currency()}) + " is above the " +
                                      to_string(Money{sum_minor, currency()}) + " of its lines");
  }
  TRY_ASSIGN(const auto shares, core::retail::spread(off_minor, left_minor));
  for (std::size_t i = 0; i < out.size(); ++i) {
    TRY_ASSIGN(out[i].discount.minor, core::checked_add(out[i].discount.minor, shares[i]));
  }
  return out;
}

Result<Tenders> OpenReceipt::tendered() const {
  Tenders out;
  for (const OpenTender& tender : tenders_) {
    Money& sum = out.try_emplace(tender.kind, Money{0, currency()}).first->second;
    TRY_ASSIGN(sum, add(sum, tender.amount));
  }
  return out;
}

Result<OpenFigures> OpenReceipt::figures() const {
  const Money zero{0, currency()};
  OpenFigures out{{}, zero, zero, {zero, zero, zero, zero}};
  TRY_ASSIGN(const core::retail::Catalog* catalog, this->catalog());
  TRY_ASSIGN(const auto basket_lines, priced_lines(*catalog));
  for (const BasketLine& line : basket_lines) {
    TRY_ASSIGN(auto priced, price_line(*catalog, line.product, line.quantity, line.discount));
    out.lines.push_back(std::move(priced));
  }
  TRY(tax_lines(catalog->taxes(), out.lines));
  for (const core::retail::SaleLine& line : out.lines) {
    TRY_ASSIGN(out.total, add(out.total, line.amount));
    TRY_ASSIGN(out.tax, add(out.tax, line.tax_amount));
  }
  TRY_ASSIGN(const Tenders given, tendered());
  TRY_ASSIGN(out.due, due_of(out.total, given, catalog->cash_step_minor()));
  return out;
}

Result<std::uint32_t> OpenReceipt::tender(TenderKind kind, std::optional<Money> amount) {
  TRY_ASSIGN(const OpenFigures now, figures());
  if (now.lines.empty()) return fail(Errc::kState, "there is no line to pay for yet");
  if (now.due.in_cash.minor == 0) return fail(Errc::kState, "nothing is due any more");
  if (tenders_.size() >= kTendersMax) {
    return fail(Errc::kTooLarge,
                "a receipt has at most " + std::to_string(kTendersMax) + " tenders");
  }
  if (!amount) amount = kind == TenderKind::kCash ? now.due.in_cash : now.due.exact;
  if (amount->minor <= 0) return fail(Errc::kUsage, "a tender is above zero");
  OpenReceipt next = *this;
  next.tenders_.push_back({++next.last_tender_, kind, *amount});
  TRY(next.figures());
  *this = std::move(next);
  return last_tender_;
}

Result<void> OpenReceipt::take_back(std::uint32_t tender) {
  const auto found = std::find_if(tenders_.begin(), tenders_.end(),
                                  [&](const OpenTender& t) { return t.number == tender; });
  if (found == tenders_.end()) {
    return fail(Errc::kNotFound, "the receipt has no tender " + std::to_string(tender));
  }
  tenders_.erase(found);
  return {};
}

Result<Basket> OpenReceipt::basket() const {
  TRY_ASSIGN(const OpenFigures now, figures());
  if (now.lines.empty()) {
    return fail(Errc::kState, "the receipt has no line: scan one, or abort it");
  }
  if (now.due.in_cash.minor != 0) {
    return fail(Errc::kUnbalanced,
                "the tenders are short: " + to_string(now.due.in_cash) + " is still due");
  }
  Basket out;
  TRY_ASSIGN(const core::retail::Catalog* catalog, this->catalog());
  TRY_ASSIGN(out.lines, priced_lines(*catalog));
  TRY_ASSIGN(out.tendered, tendered());
  out.catalog = version_;
  return out;
}

}  // namespace till
