// Which products are one: by GTIN, by head office's word, and when they are not.
#include <doctest/doctest.h>

#include "ledger-rebuild/product_groups.h"

using core::ProductId;
using core::retail::Definition;
using rebuild::MintedProducts;
using rebuild::ProductBulletin;
using rebuild::ProductDecision;
using rebuild::ProductGroups;
using rebuild::ProductMerge;
using rebuild::ProductProposal;
using rebuild::ProductSplit;
using rebuild::ProductUndo;

namespace {

constexpr std::uint64_t kGtin = 4006381333931;
constexpr std::uint64_t kShopsOwn = 2000000000008;

// Of till 1 of a store.
ProductId made_in(std::uint32_t store, std::uint64_t number = 1) {
  return *core::retail::minted_id(
      {{core::StoreId{store}, core::TillId{1}}, core::Epoch{1}, number});
}

Definition named(const std::string& name, std::uint64_t gtin = 0) {
  Definition out{name, core::TaxCode{2}, {340, *core::Currency::parse("USD")}, {}, "", false};
  if (gtin != 0) out.gtin = gtin;
  return out;
}

// In the order in which they are given, with sequences from 1.
std::vector<ProductDecision> decided(const std::vector<ProductBulletin>& bulletins) {
  std::vector<ProductDecision> out;
  for (const ProductBulletin& bulletin : bulletins) {
    ProductDecision d{core::Epoch{1}, core::Sequence{out.size() + 1}, {}, bulletin};
    d.id.bytes[0] = static_cast<std::uint8_t>(out.size() + 1);
    out.push_back(d);
  }
  return out;
}

ProductUndo undo(std::uint64_t sequence) {
  ProductUndo out{core::Epoch{1}, core::Sequence{sequence}, {}};
  out.id.bytes[0] = static_cast<std::uint8_t>(sequence);
  return out;
}

ProductGroups groups_of(const MintedProducts& minted,
                        const std::vector<ProductBulletin>& bulletins = {}) {
  return ProductGroups::make(minted, decided(bulletins));
}

}  // namespace

TEST_CASE("products of one GTIN are one, under the lowest number") {
  const MintedProducts minted = {{made_in(4), named("Plum jam", kGtin)},
                                 {made_in(5), named("JAM of plums", kGtin)},
                                 {made_in(6), named("Honey")},
                                 {made_in(7), named("Honey")}};
  const ProductGroups groups = groups_of(minted);
  CHECK(groups.number_of(made_in(5)) == made_in(4));
  CHECK(groups.number_of(made_in(4)) == made_in(4));
  CHECK(groups.number_of(made_in(7)) == made_in(7));  // a name alone makes nothing one
  CHECK(groups.number_of(ProductId{145}) == ProductId{145});
  CHECK(groups.groups().size() == 1);
  CHECK(groups.conflicts().empty());
}

TEST_CASE("a GTIN of a shop's own is another product in another shop") {
  const MintedProducts minted = {{made_in(4, 1), named("Bread rolls", kShopsOwn)},
                                 {made_in(4, 2), named("Bread rolls", kShopsOwn)},
                                 {made_in(5, 1), named("Bread rolls", kShopsOwn)},
                                 {made_in(6, 1), named("Screws", kShopsOwn)}};
  const ProductGroups groups = groups_of(minted);
  CHECK(groups.number_of(made_in(4, 2)) == made_in(4, 1));
  CHECK(groups.number_of(made_in(5, 1)) == made_in(5, 1));
  CHECK(groups.conflicts().empty());
}

TEST_CASE("really different products of one GTIN are a conflict and stay two") {
  Definition other = named("Plum jam", kGtin);
  SUBCASE("tax") {
    other.tax = core::TaxCode{1};
  }
  SUBCASE("unit") {
    other.unit = "kg";
  }
  SUBCASE("whole") {
    other.whole = true;
  }
  SUBCASE("name") {
    other.name = "Paint 400 ml";
  }
  const MintedProducts minted = {{made_in(4), named("Plum jam 400 ml", kGtin)},
                                 {made_in(5), other},
                                 {made_in(6), named("Jam", kGtin)}};
  const ProductGroups groups = groups_of(minted);
  CHECK(groups.number_of(made_in(5)) == made_in(5));
  CHECK(groups.number_of(made_in(6)) == made_in(4));  // who agree are one all the same
  REQUIRE(groups.conflicts().size() == 1);
  CHECK(groups.conflicts()[0].gtin == kGtin);
  CHECK(groups.conflicts()[0].one == made_in(4));
  CHECK(groups.conflicts()[0].other == made_in(5));
  CHECK_FALSE(groups.conflicts()[0].why.empty());
  // Head office decides, one way or the other.
  const auto merged = groups_of(minted, {ProductMerge{{made_in(5)}, made_in(4)}});
  CHECK(merged.conflicts().empty());
  CHECK(merged.groups().at(made_in(4)).size() == 3);
  const auto split = groups_of(minted, {ProductSplit{{made_in(5)}}});
  CHECK(split.conflicts().empty());
  CHECK(split.number_of(made_in(5)) == made_in(5));
  CHECK(split.number_of(made_in(6)) == made_in(4));
}

TEST_CASE(
    "ten thousand shops with one GTIN are grouped in a moment, and so is what a till makes up") {
  MintedProducts minted;
  for (std::uint32_t store = 1; store <= 10000; ++store) {
    minted[made_in(store)] = named(store % 3 == 0 ? "Plum jam" : "JAM of plums", kGtin);
  }
  for (std::uint64_t n = 1; n <= 2000; ++n) {
    std::string word;
    for (std::uint64_t rest = n; rest > 0; rest /= 26) word += static_cast<char>('a' + rest % 26);
    minted[made_in(20000, n)] = named("xxx" + word, kGtin);
  }
  const ProductGroups groups = groups_of(minted);
  CHECK(groups.groups().size() == 1);
  CHECK(groups.groups().at(made_in(1)).size() == 10000);
  CHECK(groups.conflicts().size() == 2000);
}

TEST_CASE("names agree by a word of three letters, or as a whole") {
  const auto agree = [](const std::string& a, const std::string& b) {
    return rebuild::really_different(named(a), named(b)).empty();
  };
  CHECK(agree("Plum jam", "JAM, plum, 400 g"));
  CHECK(agree("7up", "7UP"));
  CHECK(agree("ÄPFEL rot", "grüne äpfel"));
  CHECK_FALSE(agree("7up", "Sprite"));
  CHECK_FALSE(agree("Milk 1 kg", "Rice 1 kg"));  // a measure is no word
  CHECK_FALSE(agree("Milk 400ml", "Rice 400ml"));
}

TEST_CASE("what head office merges is one until it is split or the merge undone") {
  const MintedProducts minted = {{made_in(4), named("Plum jam", kGtin)},
                                 {made_in(5), named("Plum jam", kGtin)},
                                 {made_in(6), named("Jam of plums")}};
  const ProductMerge by_name{{made_in(6)}, made_in(5)};
  const ProductMerge into_catalog{{made_in(4)}, ProductId{145}};
  ProductGroups groups = groups_of(minted, {by_name});
  CHECK(groups.groups().at(made_in(5)) == std::set{made_in(4), made_in(5), made_in(6)});
  groups = groups_of(minted, {by_name, into_catalog});
  CHECK(groups.groups().at(ProductId{145}).size() == 4);
  CHECK(groups.number_of(made_in(6)) == ProductId{145});
  groups = groups_of(minted, {by_name, into_catalog, undo(2)});
  CHECK(groups.number_of(made_in(6)) == made_in(5));
  // Undone in another order than it was done.
  groups = groups_of(minted, {by_name, into_catalog, undo(1)});
  CHECK(groups.number_of(made_in(6)) == made_in(6));
  CHECK(groups.number_of(made_in(5)) == ProductId{145});
  // A split takes one out; the others stay as they were.
  groups = groups_of(minted, {by_name, into_catalog, ProductSplit{{made_in(5)}}});
  CHECK(groups.number_of(made_in(5)) == made_in(5));
  CHECK(groups.number_of(made_in(6)) == ProductId{145});
  groups = groups_of(minted, {by_name, ProductSplit{{made_in(5)}}});
  CHECK(groups.number_of(made_in(6)) == made_in(4));  // the lowest, when its number went
}

TEST_CASE("an undo can be undone, and names a bulletin before it by its bytes") {
  const MintedProducts minted = {{made_in(4), named("a")}, {made_in(5), named("b")}};
  const ProductMerge merge{{made_in(5)}, made_in(4)};
  const auto is_one = [&](const std::vector<ProductBulletin>& bulletins) {
    return groups_of(minted, bulletins).number_of(made_in(5)) == made_in(4);
  };
  CHECK(is_one({merge}));
  CHECK_FALSE(is_one({merge, undo(1)}));
  CHECK(is_one({merge, undo(1), undo(2)}));
  CHECK_FALSE(is_one({merge, undo(1), undo(2), undo(3)}));
  CHECK(is_one({undo(2), merge}));  // of what was not there yet
  ProductUndo other = undo(1);
  other.id.bytes[5] = 1;
  CHECK(is_one({merge, other}));
  const auto groups = groups_of(minted, {merge, undo(1)});
  CHECK(groups.in_effect() == std::vector<bool>{false, true});
}

TEST_CASE("like names are proposed, the most alike first, and nothing else") {
  const MintedProducts minted = {{made_in(4), named("Strawberry jam")},
                                 {made_in(5), named("Strawbery jam")},
                                 {made_in(6), named("strawberry JAM")},
                                 {made_in(7), named("Screws")}};
  const auto found = [&](const std::vector<ProductBulletin>& bulletins) {
    const auto decisions = decided(bulletins);
    return rebuild::proposals(minted, decisions, ProductGroups::make(minted, decisions));
  };
  const auto all = found({});
  REQUIRE(all.size() == 2);  // once they are decided, what is left of a third pair is proposed
  CHECK(all[0] == ProductProposal{made_in(4), made_in(6), 100});
  CHECK(all[1].one == made_in(4));
  CHECK(all[1].other == made_in(5));
  CHECK(all[1].likeness < 100);
  CHECK(all[1].likeness >= rebuild::kLikenessMin);
  // What is one is proposed no more, and neither is what was split.
  CHECK(found({ProductMerge{{made_in(6)}, made_in(4)}}).size() == 1);
  CHECK(found({ProductSplit{{made_in(5)}}}).size() == 1);
  CHECK(found({ProductSplit{{made_in(5)}}, undo(1)}).size() == 2);
  CHECK(rebuild::name_likeness("abc", "abc") == 100);
  CHECK(rebuild::name_likeness("abc", "xyz") == 0);
}

TEST_CASE("products with two GTINs, or of another tax, are not proposed") {
  Definition other = named("Plum jam");
  MintedProducts minted = {{made_in(4), named("Plum jam", kGtin)}, {made_in(5), other}};
  const auto count = [&] {
    return rebuild::proposals(minted, {}, ProductGroups::make(minted, {})).size();
  };
  CHECK(count() == 1);
  minted[made_in(5)].gtin = 96385074;
  CHECK(count() == 0);
  minted[made_in(5)] = other;
  minted[made_in(5)].tax = core::TaxCode{1};
  CHECK(count() == 0);
  minted[made_in(4)].gtin = kShopsOwn;
  minted[made_in(5)] = named("Plum jam", kShopsOwn);
  CHECK(count() == 1);
}

TEST_CASE("a bulletin on products has one encoding") {
  const std::vector<ProductBulletin> all = {
      ProductMerge{{ProductId{1}, ProductId{7}, made_in(4)}, ProductId{3}},
      ProductMerge{{ProductId{0}}, ProductId{(std::uint64_t{1} << 63) - 1}},
      ProductSplit{{made_in(4), made_in(5)}}, undo(3)};
  for (const ProductBulletin& bulletin : all) {
    const core::Bytes bytes = rebuild::encode_product_bulletin(bulletin);
    CHECK(rebuild::is_product_bulletin(bytes));
    REQUIRE(rebuild::decode_product_bulletin(bytes));
    CHECK(*rebuild::decode_product_bulletin(bytes) == bulletin);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      CHECK_FALSE(rebuild::decode_product_bulletin(core::ByteView(bytes).first(i)));
      for (const int bit : {0, 1, 3, 7}) {
        core::Bytes other = bytes;
        other[i] ^= static_cast<std::uint8_t>(1 << bit);
        const auto read = rebuild::decode_product_bulletin(other);
        if (read) CHECK(rebuild::encode_product_bulletin(*read) == other);
      }
    }
  }
  const auto refused = [](const ProductBulletin& bulletin) {
    return !rebuild::decode_product_bulletin(rebuild::encode_product_bulletin(bulletin));
  };
  CHECK(refused(ProductMerge{{}, ProductId{3}}));
  CHECK(refused(ProductMerge{{ProductId{3}}, ProductId{3}}));
  CHECK(refused(ProductSplit{{}}));
  CHECK(refused(ProductSplit{std::vector<ProductId>(2, ProductId{5})}));
  CHECK(refused(ProductUndo{core::Epoch{1}, core::Sequence{0}, {}}));
}
