// OpenReceipt: the receipt in progress, from its first scan to the basket that is rung.
// Must not know HTTP, journals or who is at the till. It lives in memory: what is not finished was
// not sold. States and changes: docs/till-api.md.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/base/ids.h"
#include "core/base/money.h"
#include "core/base/quantity.h"
#include "core/base/result.h"
#include "core/retail/catalog.h"
#include "core/retail/document.h"
#include "till/due.h"
#include "till/till.h"

namespace till {

// Shape: 1..10000 basis points.
struct Percent {
  std::int32_t basis_points = 0;
  bool operator==(const Percent&) const = default;
};

// Taken off a price.
struct Reduction {
  std::variant<core::Money, Percent> size;
  std::string reason;  // Shape: 1..kReasonBytesMax bytes
};

// Another unit price than the catalog's.
struct Override {
  core::Money unit_price;  // zero and above
  std::string reason;      // Shape: 1..kReasonBytesMax bytes
};

// What is scanned.
struct Scanned {
  core::ProductId product;
  core::Quantity quantity;
  std::optional<core::Money> label_price{};  // of the whole line, as its label says
};

struct OpenLine {
  std::uint32_t number = 0;  // from 1, in the order of scanning; a voided line keeps its own
  Scanned scanned;
  std::optional<Override> price{};
  std::optional<Reduction> discount{};
  bool voided = false;
};

struct OpenTender {
  core::retail::TenderKind kind = core::retail::TenderKind::kCash;
  std::optional<core::Money> amount{};   // as handed over; none: what is due
  std::string voucher{};                 // the number of a voucher
  std::int64_t points = 0;               // of the member, when points pay; `amount` is their worth
  std::optional<ReservedPoints> held{};  // of points, where a balance service is set
  std::uint64_t card = 0;    // the authorisation's number in the card series; 0: none is recorded
  std::uint32_t number = 0;  // given: from 1; one that was taken back keeps its own
};

// What the receipt costs as it stands.
struct OpenFigures {
  std::vector<core::retail::SaleLine> lines;  // of the lines that are not voided, in their order
  core::Money vouchers_sold;
  core::Money total;  // of lines and vouchers
  core::Money tax;    // inside the total
  Due due;
};

// A catalog that has these products: some of a version, or all. Good until it is called again.
using CatalogSource = std::function<core::Result<const core::retail::Catalog*>(
    const std::vector<core::ProductId>& ids)>;

// Every operation either changed the receipt and left it one that can be priced and paid, or
// changed nothing. Lines change while nothing is tendered; then only tenders do.
// Errors of the operations on lines, besides those named: kState (something is tendered already),
// kNotFound (line), kUsage (a reduction without a reason or out of shape), and those of
// core::retail::price_line and tax_lines.
class OpenReceipt {
 public:
  static constexpr std::size_t kLinesMax = 500;  // voided ones included
  static constexpr std::size_t kTendersMax = 50;

  // Prices come from this version to the end, whatever is in force by then.
  OpenReceipt(core::Currency currency, core::CatalogVersion version, CatalogSource source)
      : currency_(currency), version_(version), source_(std::move(source)) {}

  // Takes up a receipt that was put aside, with all its prices.
  static core::Result<OpenReceipt> recall(const core::retail::Hold& hold, CatalogSource source);

  // Returns the line's number. Errors: also kTooLarge (lines).
  core::Result<std::uint32_t> scan(const Scanned& scanned);
  core::Result<void> void_line(std::uint32_t line);
  core::Result<void> set_quantity(std::uint32_t line, core::Quantity quantity);
  // None: the catalog's price again. Errors: also kState (the label says the price).
  core::Result<void> override_price(std::uint32_t line, std::optional<Override> price);
  // Instead of the discount that the line has; none: takes it away.
  core::Result<void> discount_line(std::uint32_t line, std::optional<Reduction> reduction);
  // Off the whole receipt, whatever lines come and go; shared out over them: core/retail/spread.h.
  core::Result<void> discount(std::optional<Reduction> reduction);
  core::Result<void> sell_voucher(core::retail::Voucher voucher);
  // Whose points are earned and may pay. Errors: kState (points pay already).
  core::Result<void> set_member(std::optional<core::retail::MemberKey> member);

  // Without an amount: what is due. Returns the tender's number. Errors: kState (no line, nothing
  // is due any more, points without a member, cards with and without an authorisation), kUsage (not
  // above zero), kTooLarge (tenders), and those of due_of().
  core::Result<std::uint32_t> tender(OpenTender how);
  // Errors: kNotFound.
  core::Result<void> take_back(std::uint32_t tender);

  core::Result<OpenFigures> figures() const;
  // What is to be rung. Errors: kState (no line), kUnbalanced (something is due).
  core::Result<Basket> basket() const;
  // The same without tenders, to be put aside. Errors: kState (no line, or something is tendered).
  core::Result<Basket> unpaid() const;

  const std::vector<OpenLine>& lines() const { return lines_; }
  const std::optional<Reduction>& receipt_discount() const { return discount_; }
  const std::vector<OpenTender>& tenders() const { return tenders_; }
  const core::retail::Vouchers& vouchers_sold() const { return vouchers_sold_; }
  const std::optional<core::retail::MemberKey>& member() const { return member_; }
  std::uint64_t hold() const { return hold_; }  // that was recalled; 0: none
  bool is_paying() const { return !tenders_.empty(); }
  // Errors: kNotFound, kState (voided).
  core::Result<const OpenLine*> line(std::uint32_t number) const;
  std::uint32_t lines_voided() const;
  core::CatalogVersion version() const { return version_; }
  core::Currency currency() const { return currency_; }

 private:
  // Makes the change on a copy, which must be sound, and then becomes it.
  template <typename Change>
  core::Result<void> change_lines(const Change& change);
  core::Result<const core::retail::Catalog*> catalog() const;
  core::Result<std::vector<BasketLine>> priced_lines(const core::retail::Catalog& catalog) const;
  core::Result<core::retail::Tenders> tendered() const;

  core::Currency currency_;
  core::CatalogVersion version_;
  CatalogSource source_;
  std::vector<OpenLine> lines_;
  std::optional<Reduction> discount_;
  core::retail::Vouchers vouchers_sold_;
  std::optional<core::retail::MemberKey> member_;
  std::uint64_t hold_ = 0;
  std::vector<OpenTender> tenders_;
  std::uint32_t last_tender_ = 0;
};

}  // namespace till
