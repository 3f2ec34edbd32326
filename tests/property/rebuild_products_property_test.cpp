// Shops that mint, and a head office that merges, splits and takes back, in random order: whatever
// the order, the pieces and the repetitions in which it arrives, there is one digest, one answer to
// which products are one, and not a cent is lost.
// The model knows what each name means and shares no code with the rebuild.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "core/base/random.h"
#include "ledger-rebuild/figures.h"
#include "ledger-rebuild/products.h"
#include "ledger-rebuild/verify_books.h"
#include "tests/support/rebuild_books.h"
#include "tests/support/rebuild_fleet.h"

using core::Bytes;
using core::Money;
using core::ProductId;
using core::Random;
using core::retail::Closing;
using core::retail::Definition;
using rebuild::ProductBulletin;
using test::Fleet;

namespace {

const core::Currency kUsd = *core::Currency::parse("USD");

struct Name {
  const char* text;
  std::set<std::string> words;  // as the model has them
};
const std::vector<Name> kNames = {{"Plum jam 400 g", {"plum", "jam"}},
                                  {"JAM of plums", {"jam", "plums"}},
                                  {"Plums, dried", {"plums", "dried"}},
                                  {"Paint 400 g", {"paint"}},
                                  {"Honey", {"honey"}}};
constexpr std::uint64_t kWorld[] = {4006381333931, 96385074};
constexpr std::uint64_t kShopsOwn = 2000000000008;

struct Made {
  std::uint32_t store = 0;
  std::size_t name = 0;
  std::uint64_t gtin = 0;  // 0: none
  std::uint32_t tax = 1;
};

// A decision as the model has it; targets of undos are places in the list.
struct Decision {
  enum class What { kMerge, kSplit, kUndo } what = What::kMerge;
  std::vector<std::uint64_t> products;
  std::uint64_t into = 0;
  std::size_t undone = 0;
};

struct Model {
  std::map<std::uint64_t, Made> made;
  std::map<std::uint64_t, std::int64_t> net;  // by product, as it was sold
  std::vector<Decision> decisions;

  // A decision holds unless a later one that holds takes it back.
  bool holds(std::size_t which) const {
    for (std::size_t later = which + 1; later < decisions.size(); ++later) {
      const Decision& d = decisions[later];
      if (d.what == Decision::What::kUndo && d.undone == which && holds(later)) return false;
    }
    return true;
  }

  bool agree(const Made& a, const Made& b) const {
    const auto& words = kNames[a.name].words;
    const bool share = std::any_of(words.begin(), words.end(), [&](const std::string& word) {
      return kNames[b.name].words.contains(word);
    });
    return a.tax == b.tax && (a.name == b.name || share);
  }

  // Every product with the number that it goes by.
  std::map<std::uint64_t, std::uint64_t> numbers() const {
    std::map<std::uint64_t, std::uint64_t> out;
    for (const auto& [id, taken] : net) out[id] = id;
    for (const auto& [id, what] : made) out[id] = id;
    for (const auto& entry : made) {  // ascending: the lowest of a group is there already
      const auto& id = entry.first;
      const auto& what = entry.second;
      if (what.gtin == 0) continue;
      for (const auto& before : made) {
        const auto& other = before.first;
        const auto& theirs = before.second;
        if (other >= id) break;
        const bool same =
            theirs.gtin == what.gtin && (what.gtin != kShopsOwn || theirs.store == what.store);
        if (!same || out[other] != other) continue;
        const bool with_all = std::all_of(made.begin(), made.end(), [&](const auto& member) {
          const bool is_in = member.first < id && out[member.first] == other;
          return !is_in || agree(member.second, what);
        });
        if (with_all) {
          out[id] = other;
          break;
        }
      }
    }
    for (std::size_t i = 0; i < decisions.size(); ++i) {
      if (holds(i)) apply(decisions[i], out);
    }
    return out;
  }

  static void apply(const Decision& d, std::map<std::uint64_t, std::uint64_t>& out) {
    const auto of = [&](std::uint64_t id) { return out.emplace(id, id).first->second; };
    if (d.what == Decision::What::kMerge) {
      std::set<std::uint64_t> before = {of(d.into)};
      for (const std::uint64_t id : d.products) before.insert(of(id));
      for (auto& [id, number] : out) {
        if (before.contains(number)) number = d.into;
      }
    }
    if (d.what != Decision::What::kSplit) return;
    for (const std::uint64_t id : d.products) {
      const std::uint64_t before = of(id);
      out[id] = id;
      if (before != id) continue;
      std::uint64_t lowest = 0;  // of those that it leaves behind
      for (auto& [other, number] : out) {
        if (number != id || other == id) continue;
        if (lowest == 0) lowest = other;
        number = lowest;
      }
    }
  }
};

// What every till and head office said, in the order in which each of them said it.
struct World {
  Fleet fleet;
  Model model;
  std::vector<Bytes> log;
};

class Maker {
 public:
  explicit Maker(Random& random) : random_(random) {}

  World make() {
    const std::size_t tills = random_.between(2, 6);
    for (std::uint32_t i = 0; i < tills; ++i) world_.fleet.enrol(1 + i / 2, 1 + i % 2);
    if (random_.between(0, 1) == 0) world_.fleet.enrol(1, 1);  // repaired: the next epoch
    office_ = world_.fleet.enrol(0, 0);
    own_.resize(office_);
    told_.resize(office_);
    for (std::uint64_t step = random_.between(5, 40); step > 0; --step) {
      if (random_.between(0, 2) == 0) {
        decide();
      } else {
        day(random_.between(0, office_ - 1));
      }
    }
    return std::move(world_);
  }

 private:
  ProductId mint(std::size_t till) {
    const test::ChainEnd& end = world_.fleet.till(till);
    const std::uint64_t number = own_[till].size() + 1;
    const ProductId id = *core::retail::minted_id({end.ref, end.epoch, number});
    Made made{end.ref.store.value, random_.between(0, kNames.size() - 1), 0,
              random_.between(0, 5) == 0 ? 2u : 1u};
    const std::uint64_t dice = random_.between(0, 3);
    if (dice < 2) made.gtin = kWorld[dice];
    if (dice == 2) made.gtin = kShopsOwn;
    own_[till].emplace_back(id, made);
    return id;
  }

  void tell(std::size_t till, std::size_t which, Closing& closing) {
    const auto& [id, made] = own_[till][which];
    if (!told_[till].insert(id).second) return;
    Definition what{
        kNames[made.name].text, core::TaxCode{made.tax}, Money{100, kUsd}, {}, "", false};
    if (made.gtin != 0) what.gtin = made.gtin;
    closing.definitions[id] = what;
    world_.model.made[id.value] = made;
  }

  // What sells is the catalog's, or the till's own, old or new.
  void day(std::size_t till) {
    std::map<ProductId, std::int64_t> sold;
    Closing closing = test::closing(++day_, 0);
    for (std::uint64_t n = random_.between(1, 5); n > 0; --n) {
      const auto net = static_cast<std::int64_t>(random_.between(1, 900));
      if (random_.between(0, 3) == 0) {
        sold[ProductId{random_.between(1, 3)}] += net;
        continue;
      }
      if (own_[till].empty() || random_.between(0, 2) == 0) mint(till);
      const std::size_t which = random_.between(0, own_[till].size() - 1);
      tell(till, which, closing);
      sold[own_[till][which].first] += net;
    }
    std::int64_t sum = 0;
    for (const auto& [id, net] : sold) {
      closing.sold[id] = {test::units(1), Money{net, kUsd}};
      closing.consumed[id] = test::units(1);
      world_.model.net[id.value] += net;
      sum += net;
    }
    closing.net = Money{sum, kUsd};
    closing.taxes[core::TaxCode{0}].gross = closing.net;
    closing.tenders[core::retail::TenderKind::kCash] = closing.net;
    for (auto& part : core::retail::split(closing, 1024)) {
      world_.log.push_back(world_.fleet.next(till, part));
    }
  }

  std::uint64_t any_product() {
    const auto& made = world_.model.made;
    if (made.empty() || random_.between(0, 5) == 0) return random_.between(1, 3);
    return std::next(made.begin(), static_cast<std::ptrdiff_t>(random_.between(0, made.size() - 1)))
        ->first;
  }

  void decide() {
    Decision d;
    ProductBulletin bulletin;
    std::set<std::uint64_t> products;
    for (std::uint64_t n = random_.between(1, 3); n > 0; --n) products.insert(any_product());
    const std::uint64_t dice = random_.between(0, 4);
    if (dice >= 3 && !world_.model.decisions.empty()) {
      d.what = Decision::What::kUndo;
      d.undone = random_.between(0, world_.model.decisions.size() - 1);
      const auto& [epoch, sequence, id] = places_[d.undone];
      bulletin = rebuild::ProductUndo{epoch, sequence, id};
    } else if (dice == 2) {
      d.what = Decision::What::kSplit;
      d.products.assign(products.begin(), products.end());
      bulletin = rebuild::ProductSplit{ids(products)};
    } else {
      d.into = any_product();
      products.erase(d.into);
      if (products.empty()) return;
      d.products.assign(products.begin(), products.end());
      bulletin = rebuild::ProductMerge{ids(products), ProductId{d.into}};
    }
    world_.log.push_back(
        world_.fleet.next_bulletin(office_, rebuild::encode_product_bulletin(bulletin)));
    const test::ChainEnd& end = world_.fleet.till(office_);
    places_.push_back({end.epoch, end.sequence, end.prev});
    world_.model.decisions.push_back(std::move(d));
  }

  static std::vector<ProductId> ids(const std::set<std::uint64_t>& products) {
    std::vector<ProductId> out;
    for (const std::uint64_t id : products) out.push_back(ProductId{id});
    return out;
  }

  Random& random_;
  World world_;
  std::size_t office_ = 0;
  std::vector<std::vector<std::pair<ProductId, Made>>> own_;  // by till
  std::vector<std::set<ProductId>> told_;
  std::vector<std::tuple<core::Epoch, core::Sequence, core::envelope::MessageId>> places_;
  int day_ = 20000;
};

// In any order, some twice, in a few replays of a log that grows.
rebuild::BooksDigest deliver(const World& world, Random& random, test::RebuiltBooks& books) {
  std::vector<Bytes> log = world.log;
  for (std::uint64_t n = random.between(0, 4); n > 0; --n) {
    log.push_back(log[random.between(0, log.size() - 1)]);
  }
  for (std::size_t i = log.size(); i > 1; --i) std::swap(log[i - 1], log[random.between(0, i - 1)]);
  rebuild::ReplayOptions options;
  options.threads = static_cast<unsigned>(random.between(1, 3));
  options.verify = random.between(0, 1) == 0 ? rebuild::Verify::kEvery : rebuild::Verify::kTips;
  rebuild::BooksDigest digest;
  std::size_t upto = 0;
  while (upto < log.size()) {
    upto = std::min(log.size(), upto + random.between(1, log.size()));
    digest = books.replay({log.begin(), log.begin() + static_cast<std::ptrdiff_t>(upto)}, options)
                 .digest;
  }
  return digest;
}

void check_figures(const rebuild::Books& books, const World& world) {
  const auto numbers = world.model.numbers();
  std::map<std::int64_t, std::int64_t> expected;
  std::int64_t sum = 0;
  for (const auto& [id, net] : world.model.net) {
    expected[static_cast<std::int64_t>(numbers.at(id))] += net;
    sum += net;
  }
  const auto table = *rebuild::figures(books, rebuild::By::kProduct, {}, {});
  CHECK(table.rows.size() == expected.size());
  std::int64_t found = 0;
  for (const auto& row : table.rows) {
    CHECK(expected[row[0].value] == row[3].value);
    found += row[3].value;
  }
  CHECK(found == sum);
  const auto products = *rebuild::read_products(books);
  for (const auto& [id, number] : numbers) {
    CHECK(products.number_of(ProductId{id}) == ProductId{number});
  }
  const auto stock = *rebuild::stock(books);
  std::int64_t consumed = 0;
  for (const auto& [product, row] : stock) consumed += row.consumed.thousandths;
  std::int64_t in_books = 0;
  for (const auto& row : table.rows) in_books += row[2].value;
  CHECK(consumed == in_books);
}

// The seeds to run: DAYBOOK_SEED alone, or the first so many.
std::pair<std::uint64_t, std::uint64_t> seeds() {
  const char* seed = std::getenv("DAYBOOK_SEED");
  if (seed != nullptr) return {std::strtoull(seed, nullptr, 10), std::strtoull(seed, nullptr, 10)};
  return {1, 100};
}

}  // namespace

TEST_CASE(
    "shops mint, head office merges, splits and undoes, and in any order there is one digest") {
  std::size_t merged = 0, conflicts = 0, undone = 0;
  const auto [first, last] = seeds();
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    CAPTURE(seed);  // repeat: DAYBOOK_SEED=<seed> test_rebuild_products
    Random random(seed);
    const World world = Maker(random).make();
    test::RebuiltBooks one(world.fleet.roster());
    const auto digest = one.replay(world.log).digest;
    check_figures(one.open(), world);
    const auto problems = *rebuild::verify_books(one.open());
    for (const auto& problem : problems) CHECK_MESSAGE(false, problem);
    const auto products = *rebuild::read_products(one.open());
    CHECK(products.untold.empty());
    CHECK(products.idle.empty());
    for (int delivery = 0; delivery < 2; ++delivery) {
      test::RebuiltBooks other(world.fleet.roster());
      CHECK(deliver(world, random, other) == digest);
      const auto again = *rebuild::read_products(other.open());
      CHECK(again.groups == products.groups);
      CHECK(again.minted == products.minted);
      check_figures(other.open(), world);
    }
    merged += products.groups.groups().size();
    conflicts += products.groups.conflicts().size();
    undone += static_cast<std::size_t>(
        std::count(products.groups.in_effect().begin(), products.groups.in_effect().end(), false));
  }
  if (first == last) return;
  CHECK(merged > 50);
  CHECK(conflicts > 10);
  CHECK(undone > 20);
}
