// ProductGroups: GTINs first, then head office's decisions one after the other.
#include "ledger-rebuild/product_groups.h"

#include <algorithm>
#include <tuple>

#include "core/base/fold_case.h"
#include "core/retail/barcode.h"

namespace rebuild {

using core::ProductId;
using core::retail::Definition;

// Not in a namespace of this file alone, because GroupMaker has these.
// A GTIN of restricted circulation is one shop's own.
struct GtinKey {
  std::uint64_t gtin = 0;
  core::StoreId store;  // 0: it is unique in the world
  auto operator<=>(const GtinKey&) const = default;
};

// What of a definition says whether it can be of the same product as another.
struct Face {
  core::TaxCode tax;
  std::string unit;
  bool whole = false;
  std::string name;  // folded
  auto operator<=>(const Face&) const = default;
};

// Products that are one by their GTIN.
struct Cluster {
  std::vector<ProductId> products;  // ascending
  std::vector<Face> faces;          // no face twice
};

namespace {

std::optional<GtinKey> gtin_key(ProductId id, const Definition& definition) {
  if (!definition.gtin) return std::nullopt;
  GtinKey key{*definition.gtin, {}};
  if (core::retail::is_restricted_gtin(key.gtin)) {
    key.store = core::retail::minted_parts(id).till.store;
  }
  return key;
}

// What is neither a letter of ASCII nor of another script stands between words.
bool is_letter(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte >= 'a' && byte <= 'z') || byte >= 0x80;
}

constexpr std::size_t kWordBytesMin = 3;
// Of one GTIN. Others, in ascending order of their products, stay by themselves: no till can make
// head office compare millions of names.
constexpr std::size_t kFacesMax = 500;

std::set<std::string> words_of(const std::string& folded) {
  std::set<std::string> out;
  std::string word;
  for (std::size_t i = 0; i <= folded.size(); ++i) {
    if (i < folded.size() && is_letter(folded[i])) {
      word += folded[i];
      continue;
    }
    if (word.size() >= kWordBytesMin) out.insert(word);
    word.clear();
  }
  return out;
}

Face face_of(const Definition& definition) {
  return {definition.tax, definition.unit, definition.whole, core::fold_case(definition.name)};
}

bool names_agree(const std::string& one, const std::string& other) {
  if (one == other) return true;
  const std::set<std::string> words = words_of(one);
  const std::set<std::string> others = words_of(other);
  return std::any_of(words.begin(), words.end(),
                     [&](const std::string& word) { return others.contains(word); });
}

std::string unit_text(const std::string& unit) {
  return unit.empty() ? "no unit" : "unit " + unit;
}

std::string difference(const Face& a, const Face& b) {
  if (a.tax != b.tax) return "tax codes " + to_string(a.tax) + " and " + to_string(b.tax);
  if (a.unit != b.unit) return unit_text(a.unit) + " and " + unit_text(b.unit);
  if (a.whole != b.whole) return "one is sold in whole units only";
  if (!names_agree(a.name, b.name)) return "no word in both names";
  return "";
}

// Of one GTIN: those that agree with each other, pair by pair. In ascending order each product
// joins the first that it agrees with as a whole. Ten thousand shops have few different faces: each
// is compared once.
std::vector<Cluster> clusters_of(const std::vector<ProductId>& products,
                                 const MintedProducts& minted) {
  std::vector<Cluster> out;
  std::map<Face, std::size_t> known;  // to its cluster
  for (const ProductId product : products) {
    const Face face = face_of(minted.at(product));
    const auto [at, is_new] = known.emplace(face, out.size());
    if (is_new && known.size() <= kFacesMax) {
      const auto fits = std::find_if(out.begin(), out.end(), [&](const Cluster& cluster) {
        return std::all_of(cluster.faces.begin(), cluster.faces.end(),
                           [&](const Face& other) { return difference(face, other).empty(); });
      });
      at->second = static_cast<std::size_t>(fits - out.begin());
    }
    if (at->second == out.size()) out.emplace_back();
    Cluster& cluster = out[at->second];
    cluster.products.push_back(product);
    if (is_new) cluster.faces.push_back(face);
  }
  return out;
}

// From the last to the first: what is undone cannot undo.
std::vector<bool> effects_of(const std::vector<ProductDecision>& decisions) {
  std::vector<bool> out(decisions.size(), true);
  for (std::size_t i = decisions.size(); i-- > 0;) {
    const auto* undo = std::get_if<ProductUndo>(&decisions[i].bulletin);
    if (undo == nullptr || !out[i]) continue;
    for (std::size_t k = 0; k < i; ++k) {
      const ProductDecision& d = decisions[k];
      if (d.epoch == undo->epoch && d.sequence == undo->sequence && d.id == undo->id) {
        out[k] = false;
      }
    }
  }
  return out;
}

}  // namespace

std::string really_different(const Definition& a, const Definition& b) {
  return difference(face_of(a), face_of(b));
}

class GroupMaker {
 public:
  GroupMaker(const MintedProducts& minted, const std::vector<ProductDecision>& decisions)
      : minted_(minted), decisions_(decisions) {}

  ProductGroups make() && {
    out_.in_effect_ = effects_of(decisions_);
    find_clusters();
    for (const auto& [key, clusters] : clusters_) {
      for (const auto& cluster : clusters) {
        unite({cluster.products.begin() + 1, cluster.products.end()}, cluster.products.front());
      }
    }
    for (std::size_t i = 0; i < decisions_.size(); ++i) {
      if (out_.in_effect_[i]) decide(decisions_[i].bulletin);
    }
    find_conflicts();
    std::erase_if(out_.groups_, [](const auto& group) { return group.second.size() < 2; });
    for (const auto& [number, products] : out_.groups_) {
      for (const ProductId product : products) {
        if (product != number) out_.numbers_.emplace(product, number);
      }
    }
    return std::move(out_);
  }

 private:
  void find_clusters() {
    std::map<GtinKey, std::vector<ProductId>> by_gtin;
    for (const auto& [id, definition] : minted_) {
      if (const auto key = gtin_key(id, definition)) by_gtin[*key].push_back(id);
    }
    for (const auto& [key, products] : by_gtin) {
      clusters_.emplace(key, clusters_of(products, minted_));
    }
  }

  // While groups are made: of a product that is in none yet, it becomes one of its own.
  ProductId number(ProductId product) {
    const auto [at, is_new] = numbers_.emplace(product, product);
    if (is_new) out_.groups_[product].insert(product);
    return at->second;
  }

  void unite(const std::vector<ProductId>& products, ProductId into) {
    std::set<ProductId> all;
    const auto take = [&](ProductId product) {
      const auto group = out_.groups_.extract(number(product));
      if (!group.empty()) all.insert(group.mapped().begin(), group.mapped().end());
    };
    take(into);
    for (const ProductId product : products) take(product);
    for (const ProductId product : all) numbers_[product] = into;
    out_.groups_[into] = std::move(all);
  }

  void take_out(ProductId product) {
    const ProductId before = number(product);
    std::set<ProductId> rest = std::move(out_.groups_.extract(before).mapped());
    rest.erase(product);
    numbers_[product] = product;
    if (!rest.empty()) {
      const ProductId stays = before == product ? *rest.begin() : before;
      for (const ProductId other : rest) numbers_[other] = stays;
      out_.groups_[stays] = std::move(rest);
    }
    out_.groups_[product] = {product};
  }

  void decide(const ProductBulletin& bulletin) {
    if (const auto* merge = std::get_if<ProductMerge>(&bulletin)) {
      unite(merge->products, merge->into);
      decided_.insert(merge->products.begin(), merge->products.end());
      decided_.insert(merge->into);
    }
    if (const auto* split = std::get_if<ProductSplit>(&bulletin)) {
      for (const ProductId product : split->products) take_out(product);
      decided_.insert(split->products.begin(), split->products.end());
    }
  }

  bool is_decided(const Cluster& cluster) const {
    return std::any_of(cluster.products.begin(), cluster.products.end(),
                       [&](ProductId product) { return decided_.contains(product); });
  }

  void find_conflicts() {
    for (const auto& [key, clusters] : clusters_) {
      std::vector<const Cluster*> open;
      for (const Cluster& cluster : clusters) {
        if (!is_decided(cluster)) open.push_back(&cluster);
      }
      for (std::size_t i = 1; i < open.size(); ++i) {
        out_.conflicts_.push_back({key.gtin, open.front()->products.front(),
                                   open[i]->products.front(), why(*open.front(), *open[i])});
      }
    }
  }

  // Two that differ, one of each; of what was not compared any more there may be none.
  static std::string why(const Cluster& one, const Cluster& other) {
    for (const Face& a : one.faces) {
      for (const Face& b : other.faces) {
        std::string text = difference(a, b);
        if (!text.empty()) return text;
      }
    }
    return "too many different definitions of this GTIN";
  }

  const MintedProducts& minted_;
  const std::vector<ProductDecision>& decisions_;
  std::map<GtinKey, std::vector<Cluster>> clusters_;
  std::map<ProductId, ProductId> numbers_;
  std::set<ProductId> decided_;
  ProductGroups out_;
};

ProductGroups ProductGroups::make(const MintedProducts& minted,
                                  const std::vector<ProductDecision>& decisions) {
  return GroupMaker(minted, decisions).make();
}

ProductId ProductGroups::number_of(ProductId product) const {
  const auto at = numbers_.find(product);
  return at == numbers_.end() ? product : at->second;
}

}  // namespace rebuild
