// Minted products in the books: what tills told, what counts of it, and what figures make of it.
#include <doctest/doctest.h>

#include "core/sqlite/database.h"
#include "ledger-rebuild/figures.h"
#include "ledger-rebuild/products_report.h"
#include "ledger-rebuild/verify_books.h"
#include "tests/support/rebuild_books.h"
#include "tests/support/rebuild_fleet.h"

using core::Bytes;
using core::Money;
using core::ProductId;
using core::retail::Closing;
using core::retail::Definition;
using rebuild::ProductMerge;
using rebuild::ProductSplit;
using test::RebuiltBooks;

namespace {

const core::Currency kUsd = *core::Currency::parse("USD");
constexpr std::uint64_t kGtin = 4006381333931;

ProductId made_by(std::uint32_t store, std::uint32_t till, std::uint64_t number,
                  std::uint32_t epoch = 1) {
  return *core::retail::minted_id(
      {{core::StoreId{store}, core::TillId{till}}, core::Epoch{epoch}, number});
}

Definition jam() {
  return {"Plum jam", core::TaxCode{2}, Money{340, kUsd}, kGtin, "", false};
}

// What was taken for one product, with or without its definition.
Closing sold(int day, ProductId product, std::int64_t net_minor) {
  Closing out = test::closing(day, net_minor, 1, {{product, test::units(1)}});
  out.sold[product] = {test::units(1), Money{net_minor, kUsd}};
  return out;
}
Closing telling(Closing closing, ProductId product, const Definition& definition) {
  closing.definitions[product] = definition;
  return closing;
}

struct Chain {
  Chain() {
    a = fleet.enrol(4, 1);
    b = fleet.enrol(5, 1);
    office = fleet.enrol(0, 0);
  }
  Bytes decide(const rebuild::ProductBulletin& bulletin) {
    return fleet.next_bulletin(office, rebuild::encode_product_bulletin(bulletin));
  }
  test::Fleet fleet;
  std::size_t a = 0, b = 0, office = 0;
  ProductId of_a = made_by(4, 1, 1), of_b = made_by(5, 1, 1);
};

rebuild::Table by_product(const RebuiltBooks& books) {
  return *rebuild::figures(books.open(), rebuild::By::kProduct, {}, {});
}

void check_sound(const RebuiltBooks& books) {
  const auto problems = *rebuild::verify_books(books.open());
  for (const auto& problem : problems) CHECK_MESSAGE(false, problem);
}

}  // namespace

TEST_CASE("two shops' products of one GTIN are one row of figures and of stock") {
  Chain chain;
  RebuiltBooks books(chain.fleet.roster());
  books.replay({chain.fleet.next(chain.a, telling(sold(1, chain.of_a, 340), chain.of_a, jam())),
                chain.fleet.next(chain.b, telling(sold(1, chain.of_b, 350), chain.of_b, jam()))});
  const auto table = by_product(books);
  REQUIRE(table.rows.size() == 1);
  CHECK(table.rows[0][0].value == static_cast<std::int64_t>(chain.of_a.value));
  CHECK(table.rows[0][2].value == 2000);
  CHECK(table.rows[0][3].value == 690);
  const auto stock = *rebuild::stock(books.open());
  REQUIRE(stock.size() == 1);
  CHECK(stock.at(chain.of_a).consumed == test::units(2));
  const auto products = *rebuild::read_products(books.open());
  CHECK(products.minted.at(chain.of_b) == jam());
  CHECK(products.idle.empty());
  CHECK(products.untold.empty());
  check_sound(books);
}

TEST_CASE("head office's word in the log moves rows between products, and no total") {
  Chain chain;
  Definition paint = jam();
  paint.name = "Paint";
  std::vector<Bytes> log = {
      chain.fleet.next(chain.a, telling(sold(1, chain.of_a, 340), chain.of_a, jam())),
      chain.fleet.next(chain.b, telling(sold(1, chain.of_b, 350), chain.of_b, paint))};
  const auto rows = [&] {
    RebuiltBooks books(chain.fleet.roster());
    books.replay(log);
    check_sound(books);
    const auto table = by_product(books);
    std::int64_t sum = 0;
    for (const auto& row : table.rows) sum += row[3].value;
    CHECK(sum == 690);
    return table.rows.size();
  };
  CHECK(rows() == 2);
  log.push_back(chain.decide(ProductMerge{{chain.of_b}, chain.of_a}));
  const auto merged = chain.fleet.till(chain.office);
  CHECK(rows() == 1);
  log.push_back(chain.decide(ProductSplit{{chain.of_a}}));
  CHECK(rows() == 2);
  log.push_back(chain.decide(
      rebuild::ProductUndo{merged.epoch, core::Sequence{2}, chain.fleet.till(chain.office).prev}));
  CHECK(rows() == 1);
  log.push_back(chain.decide(rebuild::ProductUndo{merged.epoch, merged.sequence, merged.prev}));
  CHECK(rows() == 2);
}

TEST_CASE("a bulletin that is unproven, or that a till signed, decides nothing") {
  Chain chain;
  const Bytes told_a =
      chain.fleet.next(chain.a, telling(sold(1, chain.of_a, 340), chain.of_a, jam()));
  Definition honey = jam();
  honey.gtin.reset();
  const Bytes told_b =
      chain.fleet.next(chain.b, telling(sold(1, chain.of_b, 350), chain.of_b, honey));
  chain.decide(ProductSplit{{chain.of_a}});  // is outstanding
  const Bytes merge = chain.decide(ProductMerge{{chain.of_b}, chain.of_a});
  const Bytes by_till = chain.fleet.next_bulletin(
      chain.a, rebuild::encode_product_bulletin(ProductMerge{{chain.of_b}, chain.of_a}));
  RebuiltBooks books(chain.fleet.roster());
  const auto outcome = books.replay({told_a, told_b, merge, by_till});
  CHECK(outcome.states.quarantined == 1);
  CHECK(by_product(books).rows.size() == 2);
  CHECK(rebuild::read_products(books.open())->decisions.empty());
}

TEST_CASE("a till's word on another till's product is evidence, and its day is posted") {
  Chain chain;
  Definition lie = jam();
  lie.name = "Anything";
  RebuiltBooks books(chain.fleet.roster());
  books.replay({chain.fleet.next(chain.b, telling(sold(1, chain.of_a, 350), chain.of_a, lie)),
                chain.fleet.next(chain.a, telling(sold(1, chain.of_a, 340), chain.of_a, jam()))});
  const auto products = *rebuild::read_products(books.open());
  CHECK(products.minted.at(chain.of_a) == jam());
  REQUIRE(products.idle.size() == 1);
  CHECK(products.idle[0].told_by == core::TillRef{core::StoreId{5}, core::TillId{1}});
  CHECK_FALSE(products.idle[0].is_own);
  CHECK(by_product(books).rows[0][3].value == 690);
  check_sound(books);
}

TEST_CASE("the first word on a product counts, and a later other one is shown") {
  Chain chain;
  const Bytes first =
      chain.fleet.next(chain.a, telling(sold(1, chain.of_a, 340), chain.of_a, jam()));
  Definition other = jam();
  other.price = Money{999, kUsd};
  const Bytes second =
      chain.fleet.next(chain.a, telling(sold(2, chain.of_a, 340), chain.of_a, other));
  other.name = "Paint";
  const Bytes third =
      chain.fleet.next(chain.a, telling(sold(3, chain.of_a, 340), chain.of_a, other));
  for (const auto& log : {std::vector{first, second, third}, std::vector{third, second, first}}) {
    RebuiltBooks books(chain.fleet.roster());
    books.replay(log);
    const auto products = *rebuild::read_products(books.open());
    CHECK(products.minted.at(chain.of_a) == jam());
    REQUIRE(products.idle.size() == 1);  // another price is no other product
    CHECK(products.idle[0].is_own);
    CHECK(products.idle[0].sequence == core::Sequence{3});
  }
}

TEST_CASE("what moves before its definition came is posted, and named until then") {
  Chain chain;
  const Bytes first =
      chain.fleet.next(chain.a, telling(sold(1, chain.of_a, 340), chain.of_a, jam()));
  const Bytes second = chain.fleet.next(chain.a, sold(2, chain.of_a, 360));
  RebuiltBooks books(chain.fleet.roster());
  books.replay({second});
  CHECK(rebuild::read_products(books.open())->untold == std::vector{chain.of_a});
  CHECK(by_product(books).rows[0][3].value == 360);
  books.replay({second, first});
  CHECK(rebuild::read_products(books.open())->untold.empty());
  CHECK(by_product(books).rows[0][3].value == 700);
  check_sound(books);
}

TEST_CASE("a revoked message tells nothing, and a contradicted one only if nobody else does") {
  Chain chain;
  const Bytes told =
      chain.fleet.next(chain.a, telling(sold(1, chain.of_a, 340), chain.of_a, jam()));
  {
    Chain other = chain;
    other.fleet.revoke(other.a, std::nullopt);
    RebuiltBooks books(other.fleet.roster());
    books.replay({told});
    CHECK(rebuild::read_products(books.open())->minted.empty());
  }
  Chain clone;
  Definition paint = jam();
  paint.name = "Paint";
  const test::ChainEnd end = clone.fleet.till(clone.a);
  const Bytes one = clone.fleet.next(clone.a, telling(sold(1, clone.of_a, 340), clone.of_a, jam()));
  const Bytes two = test::sign(
      test::header_after(end),
      core::retail::encode_summary(telling(sold(1, clone.of_a, 350), clone.of_a, paint)), end.key);
  std::string name;
  for (const auto& log : {std::vector{one, two}, std::vector{two, one}}) {
    RebuiltBooks books(clone.fleet.roster());
    CHECK(books.replay(log).states.contradicted == 2);
    const auto products = *rebuild::read_products(books.open());
    REQUIRE(products.minted.size() == 1);
    const std::string found = products.minted.begin()->second.name;
    CHECK((name.empty() || name == found));
    name = found;
    check_sound(books);
  }
}

TEST_CASE("with settings a product that is one with another has its department and cost") {
  Chain chain;
  RebuiltBooks books(chain.fleet.roster());
  Closing day = telling(sold(1, chain.of_b, 350), chain.of_b, jam());
  books.replay({chain.fleet.next(chain.b, day),
                chain.fleet.next(chain.a, sold(1, ProductId{7}, 100)),
                chain.decide(ProductMerge{{chain.of_b}, ProductId{7}})});
  rebuild::Settings settings;
  settings.has_products = true;
  settings.products[ProductId{7}] = {
      "Jam", "Food", core::TaxCode{0}, kUsd, {{core::BusinessDay{0}, 50000}}};
  const auto table = *rebuild::figures(books.open(), rebuild::By::kProduct, {}, {}, settings);
  REQUIRE(table.rows.size() == 1);  // and no rest
  CHECK(table.rows[0][0].value == 7);
  CHECK(table.rows[0][1].text == "Jam");
  CHECK(table.rows[0][5].value == 450);
  CHECK(table.rows[0][7].value == 100);  // two at 0.50
  CHECK(table.remarks.empty());
  // Its own row stays its own, and so does what its goods are worth.
  settings.products[chain.of_b] = {
      "Plum jam", "Food", core::TaxCode{0}, kUsd, {{core::BusinessDay{0}, 90000}}};
  const auto own = *rebuild::figures(books.open(), rebuild::By::kProduct, {}, {}, settings);
  REQUIRE(own.rows.size() == 1);
  CHECK(own.rows[0][7].value == 140);
}

TEST_CASE("books whose definitions were changed by hand do not verify") {
  for (const char* sql :
       {"UPDATE definitions SET name = 'Paint'", "UPDATE definitions SET gtin = 0",
        "DELETE FROM definitions", "UPDATE definitions SET message = message + 90",
        "UPDATE decided SET target = 9", "DELETE FROM decided"}) {
    CAPTURE(sql);
    Chain chain;
    RebuiltBooks books(chain.fleet.roster());
    books.replay({chain.fleet.next(chain.a, telling(sold(1, chain.of_a, 340), chain.of_a, jam())),
                  chain.decide(ProductMerge{{chain.of_a}, ProductId{7}})});
    check_sound(books);
    {
      auto db = core::sqlite::Database::open(books.file(), {});
      REQUIRE(db);
      REQUIRE(db->exec(sql));
    }
    const auto problems = rebuild::verify_books(books.open());
    CHECK((!problems || !problems->empty()));
  }
}
