// Minted products: the bits of their numbers, and what a summary tells of them.
#include <doctest/doctest.h>

#include <set>

#include "core/retail/barcode.h"
#include "core/retail/minted.h"
#include "core/retail/summary.h"

using namespace core;
using namespace core::retail;

namespace {

const Currency kUsd = *Currency::parse("USD");

MintedId parts(std::uint32_t store, std::uint32_t till, std::uint32_t epoch, std::uint64_t number) {
  return {{StoreId{store}, TillId{till}}, Epoch{epoch}, number};
}

ProductId own(std::uint64_t number) {
  return *minted_id(parts(4, 1, 1, number));
}

Definition jam() {
  return {"Plum jam", TaxCode{2}, Money{340, kUsd}, {}, "", false};
}

// A day on which nothing but these products moved.
Closing counted(std::initializer_list<ProductId> products) {
  Closing out = empty_closing(BusinessDay{20000}, kUsd);
  for (const ProductId product : products) out.on_hand[product] = Quantity{1000};
  return out;
}

bool is_malformed(const Summary& summary) {
  const auto read = decode_summary(encode_summary(summary));
  return !read && read.error().code == Errc::kMalformed;
}

}  // namespace

TEST_CASE("a minted number holds store, till, epoch and number, and no catalog's number is one") {
  std::set<ProductId> seen;
  for (const std::uint32_t store : {1u, 4u, 262143u}) {
    for (const std::uint32_t till : {1u, 1023u}) {
      for (const std::uint32_t epoch : {1u, 255u}) {
        for (const std::uint64_t number : {std::uint64_t{1}, kMintedNumberMax}) {
          const MintedId id = parts(store, till, epoch, number);
          const auto product = minted_id(id);
          REQUIRE(product);
          CHECK(is_minted(*product));
          CHECK(minted_parts(*product) == id);
          CHECK(seen.insert(*product).second);
        }
      }
    }
  }
  // Every number that a barcode can have, and what lies beyond.
  for (const std::uint64_t other :
       {std::uint64_t{0}, std::uint64_t{145}, std::uint64_t{99999999999999}, kMintedFirst - 1,
        kMintedLast + 1}) {
    CHECK_FALSE(is_minted(ProductId{other}));
  }
  CHECK(kMintedLast < (std::uint64_t{1} << 53));  // what every reader of JSON keeps exactly
}

TEST_CASE("what has no room in a minted number is refused") {
  for (const MintedId& id :
       {parts(0, 1, 1, 1), parts(262144, 1, 1, 1), parts(1, 0, 1, 1), parts(1, 1024, 1, 1),
        parts(1, 1, 0, 1), parts(1, 1, 256, 1), parts(1, 1, 1, 0), parts(1, 1, 1, 65536)}) {
    const auto product = minted_id(id);
    CHECK_FALSE(product);
    if (!product) CHECK(product.error().code == Errc::kOverflow);
  }
}

TEST_CASE("a till defines its own numbers, of this epoch and of those before") {
  const TillRef till{StoreId{4}, TillId{1}};
  const ProductId second = *minted_id(parts(4, 1, 2, 7));
  CHECK(may_define(till, Epoch{2}, second));
  CHECK(may_define(till, Epoch{3}, second));
  CHECK_FALSE(may_define(till, Epoch{1}, second));
  CHECK_FALSE(may_define({StoreId{4}, TillId{2}}, Epoch{2}, second));
  CHECK_FALSE(may_define({StoreId{5}, TillId{1}}, Epoch{2}, second));
  CHECK_FALSE(may_define(till, Epoch{2}, ProductId{145}));
  CHECK_FALSE(may_define(till, Epoch{2}, ProductId{second.value - 7}));  // number 0
}

TEST_CASE("a GTIN is good by its check digit, and a shop's own ones are known") {
  CHECK(check_gtin(4006381333931));
  CHECK(check_gtin(96385074));  // of eight digits
  CHECK_FALSE(check_gtin(4006381333932));
  CHECK_FALSE(check_gtin(0));
  CHECK_FALSE(check_gtin(100000000000000));  // 15 digits
  CHECK_FALSE(is_restricted_gtin(4006381333931));
  CHECK(is_restricted_gtin(2000000000008));
  CHECK(is_restricted_gtin(20000004));  // GS1-8 prefix 2
}

TEST_CASE("a message tells of products that were minted, and reads back") {
  Closing closing = counted({own(1), own(2), own(3)});
  closing.definitions[own(1)] = jam();
  closing.definitions[own(2)] = jam();
  closing.definitions[own(2)].gtin = 4006381333931;
  closing.definitions[own(3)] = {"Pfähle", TaxCode{0}, Money{0, kUsd}, {}, "piece", true};
  CHECK(std::get<Closing>(*decode_summary(encode_summary(closing))) == closing);
  Opening opening{BusinessDay{20000}, {{own(1), Quantity{1000}}}, {}};
  opening.definitions[own(1)] = jam();
  opening.currency = kUsd;
  CHECK(std::get<Opening>(*decode_summary(encode_summary(opening))) == opening);
  // A definition takes what it says and five bytes besides; the number of the second is one byte.
  Closing without = counted({own(1), own(2), own(3)});
  const std::size_t before = encode_summary(without).size();
  without.definitions[own(1)] = jam();
  CHECK(encode_summary(without).size() - before == 3 + 1 + 9 + 9 + 1 + 3);
  const std::size_t one = encode_summary(without).size();
  without.definitions[own(2)] = jam();
  CHECK(encode_summary(without).size() - one == 1 + 1 + 9 + 1 + 3);
}

TEST_CASE("the bytes of an opening that tells of a product are these") {
  Opening opening{BusinessDay{20000}, {{own(1), Quantity{3000}}}, {}};
  opening.definitions[own(1)] = {"Plum jam", TaxCode{2}, Money{340, kUsd}, 4006381333931, "", true};
  opening.currency = kUsd;
  CHECK(to_hex(encode_summary(opening)) ==
        "a5000101194e2002635553440a821b001000100101000103182081871b001000100101000168"
        "506c756d206a616d021901541b000003a4ceefadab6001");
}

TEST_CASE("a definition of no minted product, or that no till would make, is malformed") {
  const auto with = [](ProductId id, const Definition& definition) {
    Closing closing = counted({id});
    closing.definitions[id] = definition;
    return closing;
  };
  CHECK_FALSE(is_malformed(with(own(1), jam())));
  CHECK(is_malformed(with(ProductId{145}, jam())));
  CHECK(is_malformed(with(ProductId{kMintedFirst - 1}, jam())));
  CHECK(is_malformed(with(ProductId{kMintedLast + 1}, jam())));
  Definition other = jam();
  other.name = "";
  CHECK(is_malformed(with(own(1), other)));
  other.name = std::string(kMintedNameBytesMax + 1, 'a');
  CHECK(is_malformed(with(own(1), other)));
  other.name = "Jam\x1b[2J";
  CHECK(is_malformed(with(own(1), other)));
  other = jam();
  other.unit = std::string(kUnitBytesMax + 1, 'a');
  CHECK(is_malformed(with(own(1), other)));
  other = jam();
  other.gtin = 4006381333932;
  CHECK(is_malformed(with(own(1), other)));
  other = jam();
  other.price.minor = -1;
  CHECK(is_malformed(with(own(1), other)));
  // An opening with a currency and no price in it, and the other way round.
  Opening opening{BusinessDay{20000}, {{own(1), Quantity{1000}}}, {}};
  opening.currency = kUsd;
  CHECK(std::get<Opening>(*decode_summary(encode_summary(opening))).currency == Currency{});
}

TEST_CASE("in a long summary a definition stands in the first part with a row of its product") {
  Closing closing = empty_closing(BusinessDay{20000}, kUsd);
  for (std::uint64_t n = 1; n <= 300; ++n) {
    const std::string name = "Product " + std::to_string(n) + std::string(60, 'x');
    closing.definitions[own(n)] = {name, TaxCode{1}, Money{100, kUsd}, {}, "kg", false};
    closing.consumed[own(n)] = Quantity{1000};
    closing.received[own(n)] = Quantity{2000};
    if (n % 2 == 0) closing.on_hand[own(n)] = Quantity{500};
  }
  const auto pieces = split(closing, 2048);
  REQUIRE(pieces.size() > 5);
  std::set<ProductId> told;
  Closing joined = std::get<Closing>(pieces.front());
  for (const Summary& piece : pieces) {
    CHECK(encode_summary(piece).size() <= 2048);
    for (const auto& [id, definition] : definitions_of(piece)) CHECK(told.insert(id).second);
    for (const ProductId id : minted_in(piece)) CHECK(told.contains(id));
    REQUIRE(decode_summary(encode_summary(piece)));
    join_rows(joined, std::get<Closing>(piece));
  }
  joined.part = {};
  CHECK(joined == closing);

  Opening opening{BusinessDay{20000}, closing.received, {}};
  opening.definitions = closing.definitions;
  opening.currency = kUsd;
  told.clear();
  for (const Summary& piece : split(opening, 2048)) {
    for (const auto& [id, definition] : definitions_of(piece)) CHECK(told.insert(id).second);
    for (const ProductId id : minted_in(piece)) CHECK(told.contains(id));
    CHECK(*decode_summary(encode_summary(piece)) == piece);
  }
  CHECK(told.size() == 300);
}
