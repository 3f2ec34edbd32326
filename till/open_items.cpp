// Open items: what each document opens and closes.
#include "till/open_items.h"

namespace till {
namespace {

using core::Money;
using core::Result;
using namespace core::retail;
using What = OpenItemChange::What;
using Changes = std::vector<OpenItemChange>;
using CardAmount = std::function<Result<Money>(std::uint64_t number)>;

class Builder {
 public:
  explicit Builder(const CardAmount& card_amount) : card_amount_(card_amount) {}

  Result<void> take(const Sale& sale) {
    if (sale.hold != 0) add(What::kCloses, Series::kHold, sale.hold);
    if (sale.layaway != 0) add(What::kCloses, Series::kLayaway, sale.layaway);
    for (const std::uint64_t card : sale.cards) add(What::kCloses, Series::kCard, card);
    return {};
  }

  // The goods of a layaway are back in the shop, and what was paid is a deposit again; a card was
  // charged for nothing until its authorisation is reversed.
  Result<void> take_back(const Sale& sale) {
    if (sale.layaway != 0) {
      add(What::kOpens, Series::kLayaway, sale.layaway,
          tender_of(sale.tenders, TenderKind::kDeposit, sale.currency));
    }
    for (const std::uint64_t card : sale.cards) {
      TRY_ASSIGN(const Money amount, card_amount_(card));
      add(What::kOpens, Series::kCard, card, amount);
    }
    return {};
  }

  Result<void> take(const Hold& hold) {
    if (hold.kind == HoldKind::kPutAside) {
      add(What::kOpens, Series::kHold, hold.numbers.at(Series::kHold), Money{0, hold.currency});
    } else {
      add(What::kCloses, Series::kHold, hold.hold);
    }
    return {};
  }

  Result<void> take(const Layaway& layaway) {
    TRY_ASSIGN(const Money paid, sum_of(layaway.tenders, layaway.currency));
    switch (layaway.kind) {
      case LayawayKind::kOpened:
        add(What::kOpens, Series::kLayaway, layaway.numbers.at(Series::kLayaway), paid);
        break;
      case LayawayKind::kDeposit:
        add(What::kAdds, Series::kLayaway, layaway.layaway, paid);
        break;
      case LayawayKind::kCancelled:
        add(What::kCloses, Series::kLayaway, layaway.layaway);
        break;
    }
    return {};
  }

  Result<void> take(const CardResult& result) {
    if (result.kind == CardKind::kAuthorised) {
      add(What::kOpens, Series::kCard, result.numbers.at(Series::kCard), result.amount);
    } else if (result.kind == CardKind::kReversed) {
      add(What::kCloses, Series::kCard, result.reverses);
    }
    return {};
  }

  template <typename Other>
  Result<void> take(const Other&) {
    return {};
  }

  Changes changes;

 private:
  void add(What what, Series series, std::uint64_t number, Money amount = {}) {
    changes.push_back({what, {{series, number}, amount}});
  }

  const CardAmount& card_amount_;
};

}  // namespace

Result<Changes> open_item_changes(const Document& document, const Sale* cancelled,
                                  const CardAmount& card_amount) {
  Builder builder(card_amount);
  TRY(std::visit([&](const auto& d) { return builder.take(d); }, document));
  if (cancelled != nullptr) TRY(builder.take_back(*cancelled));
  return std::move(builder.changes);
}

}  // namespace till
