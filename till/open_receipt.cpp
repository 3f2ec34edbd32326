// OpenReceipt: changes, discounts and tenders of the receipt in progress.
#include "till/open_receipt.h"

#include <algorithm>
#include <utility>

#include "core/base/arithmetic.h"
#include "core/retail/pricing.h"
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

Result<void> check_reason(const std::string& reason, const std::string& what) {
  if (!reason.empty() && reason.size() <= core::retail::kReasonBytesMax) return {};
  return fail(Errc::kUsage, what + " needs a reason of 1 to 500 bytes");
}

Result<void> check_reduction(const std::optional<Reduction>& reduction, core::Currency currency) {
  if (!reduction) return {};
  TRY(check_reason(reduction->reason, "a discount"));
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

// Takes `minor` off the line, and says why.
Result<void> take_off(BasketLine& line, core::retail::ChangeKind kind, std::int64_t minor,
                      const std::string& reason) {
  if (minor == 0) return {};
  TRY_ASSIGN(line.discount.minor, core::checked_add(line.discount.minor, minor));
  line.changes.push_back({kind, Money{minor, line.discount.currency}, reason});
  return {};
}

}  // namespace

std::uint32_t OpenReceipt::lines_voided() const {
  return static_cast<std::uint32_t>(
      std::count_if(lines_.begin(), lines_.end(), [](const OpenLine& l) { return l.voided; }));
}

Result<const OpenLine*> OpenReceipt::line(std::uint32_t number) const {
  if (number == 0 || number > lines_.size()) {
    return fail(Errc::kNotFound, "the receipt has no line " + std::to_string(number));
  }
  if (lines_[number - 1].voided) {
    return fail(Errc::kState, "line " + std::to_string(number) + " is voided");
  }
  return &lines_[number - 1];
}

Result<OpenReceipt> OpenReceipt::recall(const core::retail::Hold& hold, CatalogSource source) {
  OpenReceipt out(hold.currency, hold.catalog, std::move(source));
  for (const BasketLine& kept : hold.lines) {
    OpenLine line{static_cast<std::uint32_t>(out.lines_.size() + 1),
                  {kept.product, kept.quantity, kept.label_price}};
    // Every reason is kept; what the lines bore of a discount on the receipt stays theirs.
    std::string reasons;
    for (const core::retail::PriceChange& change : kept.changes) {
      if (change.kind == core::retail::ChangeKind::kOverride) {
        if (kept.unit_price) line.price = Override{*kept.unit_price, change.reason};
      } else {
        reasons += (reasons.empty() ? "" : "; ") + change.reason;
      }
    }
    if (kept.discount.minor != 0) {
      line.discount = Reduction{kept.discount, reasons.substr(0, core::retail::kReasonBytesMax)};
    }
    out.lines_.push_back(std::move(line));
  }
  out.hold_ = hold.numbers.at(core::retail::Series::kHold);
  TRY(out.figures());
  return out;
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

Result<std::uint32_t> OpenReceipt::scan(const Scanned& scanned) {
  if (lines_.size() >= kLinesMax) {
    return fail(Errc::kTooLarge, "a receipt has at most " + std::to_string(kLinesMax) +
                                     " lines: finish this one and begin another");
  }
  const auto number = static_cast<std::uint32_t>(lines_.size() + 1);
  TRY(change_lines([&](OpenReceipt& next) -> Result<void> {
    next.lines_.push_back({number, scanned});
    return {};
  }));
  return number;
}

Result<void> OpenReceipt::void_line(std::uint32_t line) {
  TRY(this->line(line));
  return change_lines([&](OpenReceipt& next) -> Result<void> {
    next.lines_[line - 1].voided = true;
    return {};
  });
}

Result<void> OpenReceipt::set_quantity(std::uint32_t line, core::Quantity quantity) {
  TRY_ASSIGN(const OpenLine* found, this->line(line));
  if (found->scanned.label_price) {
    return fail(Errc::kState, "the label of line " + std::to_string(line) +
                                  " says the price of all of it: void it, and scan another");
  }
  return change_lines([&](OpenReceipt& next) -> Result<void> {
    next.lines_[line - 1].scanned.quantity = quantity;
    return {};
  });
}

Result<void> OpenReceipt::override_price(std::uint32_t line, std::optional<Override> price) {
  TRY_ASSIGN(const OpenLine* found, this->line(line));
  if (price && found->scanned.label_price) {
    return fail(Errc::kState, "the label of line " + std::to_string(line) +
                                  " says its price: give a discount instead");
  }
  if (price) TRY(check_reason(price->reason, "another price"));
  return change_lines([&](OpenReceipt& next) -> Result<void> {
    next.lines_[line - 1].price = std::move(price);
    return {};
  });
}

Result<void> OpenReceipt::discount_line(std::uint32_t line, std::optional<Reduction> reduction) {
  TRY(check_reduction(reduction, currency()));
  TRY(this->line(line));
  return change_lines([&](OpenReceipt& next) -> Result<void> {
    next.lines_[line - 1].discount = std::move(reduction);
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

Result<void> OpenReceipt::sell_voucher(core::retail::Voucher voucher) {
  if (voucher.number.empty() || voucher.number.size() > core::retail::kNameBytesMax) {
    return fail(Errc::kUsage, "a voucher's number has 1 to 40 bytes");
  }
  if (voucher.amount.minor <= 0) return fail(Errc::kUsage, "a voucher is worth more than nothing");
  if (vouchers_sold_.size() >= kTendersMax) {
    return fail(Errc::kTooLarge, "a receipt sells at most 50 vouchers");
  }
  for (const core::retail::Voucher& sold : vouchers_sold_) {
    if (sold.number != voucher.number) continue;
    return fail(Errc::kUsage, "voucher " + voucher.number + " is on this receipt already");
  }
  return change_lines([&](OpenReceipt& next) -> Result<void> {
    next.vouchers_sold_.push_back(std::move(voucher));
    return {};
  });
}

Result<void> OpenReceipt::set_member(std::optional<core::retail::MemberKey> member) {
  for (const OpenTender& tender : tenders_) {
    if (tender.kind != TenderKind::kPoints) continue;
    return fail(Errc::kState, "points pay already: take them back first");
  }
  member_ = member;
  return {};
}

Result<const core::retail::Catalog*> OpenReceipt::catalog() const {
  std::vector<core::ProductId> ids;
  for (const OpenLine& line : lines_) {
    if (!line.voided) ids.push_back(line.scanned.product);
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
    const Scanned& scanned = line.scanned;
    BasketLine order{scanned.product, scanned.quantity, Money{0, currency()}, {}, {}, {}};
    order.label_price = scanned.label_price;
    if (line.price) {
      const core::retail::Product* product = catalog.find(scanned.product);
      const bool priced = product != nullptr && product->price.has_value();
      order.unit_price = line.price->unit_price;
      order.changes.push_back({core::retail::ChangeKind::kOverride,
                               priced ? *product->price : Money{0, currency()},
                               line.price->reason});
    }
    TRY_ASSIGN(auto shelf, price_line(catalog, order));
    if (line.discount) {
      TRY_ASSIGN(const std::int64_t off_minor, size_of(*line.discount, shelf.amount.minor));
      TRY(take_off(order, core::retail::ChangeKind::kLineDiscount, off_minor,
                   line.discount->reason));
      TRY_ASSIGN(shelf, price_line(catalog, order));
    }
    left_minor.push_back(shelf.amount.minor);
    TRY_ASSIGN(sum_minor, core::checked_add(sum_minor, shelf.amount.minor));
    out.push_back(std::move(order));
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
    TRY(take_off(out[i], core::retail::ChangeKind::kReceiptDiscount, shares[i], discount_->reason));
  }
  return out;
}

Result<Tenders> OpenReceipt::tendered() const {
  Tenders out;
  for (const OpenTender& tender : tenders_) {
    Money& sum = out.try_emplace(tender.kind, Money{0, currency()}).first->second;
    TRY_ASSIGN(sum, add(sum, *tender.amount));
  }
  return out;
}

Result<OpenFigures> OpenReceipt::figures() const {
  const Money zero{0, currency()};
  OpenFigures out{{}, zero, zero, zero, {zero, zero, zero, zero}};
  TRY_ASSIGN(const core::retail::Catalog* catalog, this->catalog());
  TRY_ASSIGN(const auto basket_lines, priced_lines(*catalog));
  for (const BasketLine& line : basket_lines) {
    TRY_ASSIGN(auto priced, price_line(*catalog, line));
    out.lines.push_back(std::move(priced));
  }
  TRY(tax_lines(catalog->taxes(), out.lines));
  for (const core::retail::SaleLine& line : out.lines) {
    TRY_ASSIGN(out.total, add(out.total, line.amount));
    TRY_ASSIGN(out.tax, add(out.tax, line.tax_amount));
  }
  TRY_ASSIGN(out.vouchers_sold, sum_of(vouchers_sold_, currency()));
  TRY_ASSIGN(out.total, add(out.total, out.vouchers_sold));
  TRY_ASSIGN(const Tenders given, tendered());
  TRY_ASSIGN(out.due, due_of(out.total, given, catalog->cash_step_minor()));
  return out;
}

Result<std::uint32_t> OpenReceipt::tender(OpenTender how) {
  TRY_ASSIGN(const OpenFigures now, figures());
  if (now.lines.empty() && vouchers_sold_.empty()) {
    return fail(Errc::kState, "there is no line to pay for yet");
  }
  if (now.due.in_cash.minor == 0 && !(now.total.minor == 0 && tenders_.empty())) {
    return fail(Errc::kState, "nothing is due any more");
  }
  if (tenders_.size() >= kTendersMax) {
    return fail(Errc::kTooLarge,
                "a receipt has at most " + std::to_string(kTendersMax) + " tenders");
  }
  if (how.kind == TenderKind::kPoints && !member_) {
    return fail(Errc::kState, "only a member's points can pay: name the member first");
  }
  for (const OpenTender& other : tenders_) {
    if (how.kind != TenderKind::kCard || other.kind != TenderKind::kCard) continue;
    if ((other.card == 0) == (how.card == 0) && (how.card == 0 || how.card != other.card)) continue;
    return fail(Errc::kState,
                "all cards of a receipt have an authorisation of their own, or none has");
  }
  if (!how.amount) how.amount = how.kind == TenderKind::kCash ? now.due.in_cash : now.due.exact;
  if (how.amount->minor < 0 || (how.amount->minor == 0 && now.total.minor != 0)) {
    return fail(Errc::kUsage, "a tender is above zero");
  }
  OpenReceipt next = *this;
  how.number = ++next.last_tender_;
  next.tenders_.push_back(std::move(how));
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

Result<Basket> OpenReceipt::unpaid() const {
  TRY_ASSIGN(const core::retail::Catalog* catalog, this->catalog());
  Basket out;
  TRY_ASSIGN(out.lines, priced_lines(*catalog));
  if (out.lines.empty() && vouchers_sold_.empty()) {
    return fail(Errc::kState, "the receipt has no line: scan one, or abort it");
  }
  out.vouchers_sold = vouchers_sold_;
  out.member = member_;
  out.hold = hold_;
  out.lines_voided = lines_voided();
  out.catalog = version_;
  return out;
}

Result<Basket> OpenReceipt::basket() const {
  TRY_ASSIGN(Basket out, unpaid());
  TRY_ASSIGN(const OpenFigures now, figures());
  if (now.due.in_cash.minor != 0) {
    return fail(Errc::kUnbalanced,
                "the tenders are short: " + to_string(now.due.in_cash) + " is still due");
  }
  TRY_ASSIGN(out.tendered, tendered());
  for (const OpenTender& tender : tenders_) {
    if (tender.kind == TenderKind::kVoucher) {
      out.vouchers_redeemed.push_back({tender.voucher, *tender.amount});
    }
    TRY_ASSIGN(out.points_redeemed, core::checked_add(out.points_redeemed, tender.points));
    if (tender.held) out.points_held.push_back(tender.held->id);
    if (tender.card != 0) out.cards.push_back(tender.card);
  }
  // These two follow from what was named.
  out.tendered.erase(TenderKind::kVoucher);
  out.tendered.erase(TenderKind::kPoints);
  return out;
}

}  // namespace till
