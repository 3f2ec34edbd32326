// ProductGroups: which products are one: those that share a GTIN, unless they are really different,
// and what head office decided, in its own order. Pure: no books, no order of arrival, no clock.
// Rules with examples: docs/products.md.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/ids.h"
#include "core/retail/minted.h"
#include "ledger-rebuild/product_bulletin.h"

namespace rebuild {

// What the books have of minted products: one definition each.
using MintedProducts = std::map<core::ProductId, core::retail::Definition>;

// A bulletin of head office on products, with its place.
struct ProductDecision {
  core::Epoch epoch;  // of the key of every day
  core::Sequence sequence;
  core::envelope::MessageId id;
  ProductBulletin bulletin;
};

// Why two definitions cannot be of one product, in words; "": they can. Strict: another tax code,
// unit or wholeness, or names that share no word of three letters or more.
std::string really_different(const core::retail::Definition& a, const core::retail::Definition& b);

// Two products with one GTIN that are really different, and no bulletin that says what to do.
struct ProductConflict {
  std::uint64_t gtin = 0;
  core::ProductId one;    // the lowest of those that are one by this GTIN
  core::ProductId other;  // of others likewise
  std::string why;
  bool operator==(const ProductConflict&) const = default;
};

// Two products that may be one.
struct ProductProposal {
  core::ProductId one, other;  // one < other
  int likeness = 0;            // of the names, in percent
  bool operator==(const ProductProposal&) const = default;
};

class ProductGroups {
 public:
  ProductGroups() = default;
  // `decisions`: in the order of head office's epochs and sequences.
  static ProductGroups make(const MintedProducts& minted,
                            const std::vector<ProductDecision>& decisions);

  // The number that a product goes by: its own, when nothing says otherwise.
  core::ProductId number_of(core::ProductId product) const;
  // Of products that are one with others, by the number that they go by; ascending.
  const std::map<core::ProductId, std::set<core::ProductId>>& groups() const { return groups_; }
  // Ascending by GTIN and numbers.
  const std::vector<ProductConflict>& conflicts() const { return conflicts_; }
  // Whether a decision has its effect: no undo that has one names it.
  const std::vector<bool>& in_effect() const { return in_effect_; }

  bool operator==(const ProductGroups&) const = default;

 private:
  friend class GroupMaker;
  std::map<core::ProductId, core::ProductId> numbers_;  // of those that go by another's
  std::map<core::ProductId, std::set<core::ProductId>> groups_;
  std::vector<ProductConflict> conflicts_;
  std::vector<bool> in_effect_;
};

// How alike two names are, in percent: of all runs of three characters in both, how many both have,
// upper and lower case alike.
int name_likeness(std::string_view a, std::string_view b);
inline constexpr int kLikenessMin = 60;

// Of each product the most alike one before it that it is not one with yet, if they have one tax
// code, unit and wholeness, not two GTINs of the world, and names that are alike; without those
// that head office split. Of two groups one pair. The most alike first, then ascending.
std::vector<ProductProposal> proposals(const MintedProducts& minted,
                                       const std::vector<ProductDecision>& decisions,
                                       const ProductGroups& groups);

}  // namespace rebuild
