// ProductGroups: which products head office is asked about, because of their names.
#include <algorithm>
#include <tuple>
#include <utility>

#include "core/base/fold_case.h"
#include "core/retail/barcode.h"
#include "ledger-rebuild/product_groups.h"

namespace rebuild {

using core::ProductId;
using core::retail::Definition;

namespace {

constexpr std::size_t kRun = 3;
// Runs that are looked at; some seconds. What comes behind, in ascending order of the numbers, is
// proposed when head office has decided on some of the others.
constexpr std::size_t kComparedMax = 100'000'000;

// Ascending, each once; blanks around the name make its ends count.
std::vector<std::string> runs_of(std::string_view name) {
  const std::string text = "  " + core::fold_case(name) + " ";
  std::vector<std::string> out;
  for (std::size_t i = 0; i + kRun <= text.size(); ++i) out.push_back(text.substr(i, kRun));
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

int percent_of(std::size_t in_both, std::size_t a, std::size_t b) {
  return static_cast<int>(200 * in_both / (a + b));
}

// Whether nothing but the name speaks against the two being one.
bool may_be_one(const Definition& a, const Definition& b) {
  if (a.tax != b.tax || a.unit != b.unit || a.whole != b.whole) return false;
  if (!a.gtin || !b.gtin) return true;
  // Two shops' own numbers say nothing; one number of the world, or two, have been looked at.
  return core::retail::is_restricted_gtin(*a.gtin) && core::retail::is_restricted_gtin(*b.gtin);
}

std::set<ProductId> split_products(const std::vector<ProductDecision>& decisions,
                                   const ProductGroups& groups) {
  std::set<ProductId> out;
  for (std::size_t i = 0; i < decisions.size(); ++i) {
    const auto* split = std::get_if<ProductSplit>(&decisions[i].bulletin);
    if (split == nullptr || !groups.in_effect()[i]) continue;
    out.insert(split->products.begin(), split->products.end());
  }
  return out;
}

}  // namespace

int name_likeness(std::string_view a, std::string_view b) {
  const auto one = runs_of(a);
  const auto other = runs_of(b);
  std::vector<std::string> both;
  std::set_intersection(one.begin(), one.end(), other.begin(), other.end(),
                        std::back_inserter(both));
  return percent_of(both.size(), one.size(), other.size());
}

// By the runs that names have: most pairs of names have none in common and are never looked at.
std::vector<ProductProposal> proposals(const MintedProducts& minted,
                                       const std::vector<ProductDecision>& decisions,
                                       const ProductGroups& groups) {
  const std::set<ProductId> split = split_products(decisions, groups);
  struct Named {
    ProductId id;
    const Definition* definition;
    std::size_t runs;
  };
  std::vector<Named> all;
  std::map<std::string, std::vector<std::size_t>> with_run;
  // Runs that the name has in common with each before it, and which of these have any.
  std::vector<std::size_t> in_both;
  std::vector<std::size_t> met;
  std::size_t compared = 0;
  std::map<std::pair<ProductId, ProductId>, ProductProposal> best;  // by the groups' numbers
  for (const auto& [id, definition] : minted) {
    if (split.contains(id)) continue;
    if (compared > kComparedMax) break;
    const auto runs = runs_of(definition.name);
    for (const std::string& run : runs) {
      std::vector<std::size_t>& others = with_run[run];
      for (const std::size_t other : others) {
        if (in_both[other]++ == 0) met.push_back(other);
      }
      compared += others.size();
      others.push_back(all.size());
    }
    all.push_back({id, &definition, runs.size()});
    in_both.push_back(0);
    const ProductId number = groups.number_of(id);
    std::sort(met.begin(), met.end());
    std::optional<ProductProposal> found;
    for (const std::size_t index : std::exchange(met, {})) {
      const Named& other = all[index];
      const int likeness = percent_of(std::exchange(in_both[index], 0), other.runs, runs.size());
      const bool is_better = likeness >= (found ? found->likeness + 1 : kLikenessMin);
      if (is_better && number != groups.number_of(other.id) &&
          may_be_one(definition, *other.definition)) {
        found = {other.id, id, likeness};
      }
    }
    if (!found) continue;
    const ProductId other = groups.number_of(found->one);
    const std::pair<ProductId, ProductId> pair = std::minmax(number, other);
    const auto [at, is_new] = best.emplace(pair, *found);
    if (!is_new && at->second.likeness < found->likeness) at->second = *found;
  }
  std::vector<ProductProposal> out;
  out.reserve(best.size());
  for (const auto& [pair, proposal] : best) out.push_back(proposal);
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) {
    return std::tuple(-a.likeness, a.one, a.other) < std::tuple(-b.likeness, b.one, b.other);
  });
  return out;
}

}  // namespace rebuild
