// CheckMinted: the messages first, then the table.
#include "till/check_minted.h"

#include "core/journal/schema.h"
#include "core/retail/minted.h"
#include "till/shelf_rows.h"

namespace till {

using core::ProductId;
using core::Result;
using core::retail::Definition;
using core::sqlite::damaged;
using core::sqlite::Statement;

Result<void> MintedCheck::take(core::Sequence sequence, const core::retail::Summary& summary) {
  const std::string place = "message " + to_string(sequence) + ": ";
  for (const auto& [id, definition] : core::retail::definitions_of(summary)) {
    const bool is_new = told_.emplace(id, Told{sequence, definition}).second;
    if (!is_new) {
      return damaged(journal_.path(), place + core::retail::named(id) + " is told once more");
    }
  }
  for (const ProductId id : core::retail::minted_in(summary)) {
    const core::retail::MintedId parts = core::retail::minted_parts(id);
    if (parts.till != journal_.identity().ref || told_.contains(id)) continue;
    return damaged(journal_.path(), place + core::retail::named(id) + " moves and was not told");
  }
  return {};
}

Result<void> MintedCheck::finish(core::CatalogVersion present) {
  const Identity& self = journal_.identity();
  // Of a journal that was made from a backup and has not joined yet: what lives before have made.
  core::Epoch epoch = journal_.state().epoch;
  if (epoch.value == 0 && !journal_.past().empty()) epoch = journal_.past().back().epoch;
  TRY_ASSIGN(Statement s,
             journal_.database().prepare("SELECT id, gtin, told FROM minted ORDER BY id"));
  while (true) {
    TRY_ASSIGN(const bool there, s.step());
    if (!there) break;
    const ProductId id{core::journal::from_sql(s.column_int(0))};
    const std::string name = core::retail::named(id);
    TRY_ASSIGN(const auto row, rows::find_product(journal_.database(), self.currency, present, id));
    if (!core::retail::may_define(self.ref, epoch, id) || !row || row->gone) {
      return damaged(journal_.path(), name +
                                          " was minted, and it is not in the catalog or not "
                                          "this till's");
    }
    const auto told = told_.find(id);
    const auto sequence =
        static_cast<std::int64_t>(told == told_.end() ? 0 : told->second.sequence.value);
    Definition expected = told == told_.end() ? Definition{} : told->second.definition;
    const core::Money price = expected.price;  // of that day
    if (told != told_.end()) {
      expected = {row->product.name, row->product.tax,  price, {},
                  row->product.unit, row->product.whole};
      if (!s.column_is_null(1)) expected.gtin = core::journal::from_sql(s.column_int(1));
    }
    if (s.column_int(2) != sequence ||
        (told != told_.end() && told->second.definition != expected)) {
      return damaged(journal_.path(), name + " is not what the messages told of it");
    }
    if (told != told_.end()) told_.erase(told);
  }
  if (told_.empty()) return {};
  return damaged(journal_.path(),
                 core::retail::named(told_.begin()->first) + " was told and never minted");
}

}  // namespace till
