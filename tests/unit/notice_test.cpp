// What a notice says, and its one encoding; what makes one catalog into another.
#include "core/retail/notice.h"

#include <doctest/doctest.h>

#include "tests/support/random_catalog.h"

using core::BusinessDay;
using core::Bytes;
using core::Currency;
using core::Errc;
using core::Money;
using core::ProductId;
using core::Quantity;
using core::TaxCode;
using namespace core::retail;

namespace {

using test::kUsd;
using test::same;
using test::some_catalog;

NoticeContent full_content() {
  core::Random random(7);
  NoticeContent out;
  out.catalog = change_between(nullptr, some_catalog(random));
  out.catalog->gone = {ProductId{900}, ProductId{901}};
  out.catalog->codes.emplace(ProductCode{CodeKind::kItem, 4000}, std::nullopt);
  out.prices = StorePrices{kUsd, {{ProductId{1}, Money{450, kUsd}}, {ProductId{2}, std::nullopt}}};
  out.operators.push_back({core::OperatorId{7}, "Bo", 1, "$argon2id$x", false});
  out.dispatched.push_back({17, BusinessDay{20000}, {{ProductId{1}, Quantity{2500}}}});
  Settings settings;
  settings.earn_minor_per_point = 100;
  settings.key_days = 365;
  out.settings = settings;
  FirmwareNotice firmware{"2.1", core::envelope::sha256(core::as_bytes("image")), 5, {}, {}};
  firmware.pieces.push_back({core::envelope::sha256(core::as_bytes("piece")), 100});
  out.firmware = firmware;
  out.keys = FeedKeys{3, {}, {}};
  return out;
}

}  // namespace

TEST_CASE("what makes one catalog into another makes it, whichever they are") {
  core::Random random(20261128);
  for (int round = 0; round < 400; ++round) {
    const Catalog before = some_catalog(random);
    const Catalog after = some_catalog(random);
    const CatalogChange change = change_between(&before, after);
    const auto made = apply(&before, change);
    REQUIRE(made.has_value());
    CHECK(same(*made, after));
    CHECK(change_between(&after, after).empty());
    const auto from_nothing = apply(nullptr, change_between(nullptr, after));
    REQUIRE(from_nothing.has_value());
    CHECK(same(*from_nothing, after));
    // Put on twice it is the same: a notice may be said again.
    CHECK(same(apply(&*made, change).value(), after));

    const CatalogChange next = change_between(&after, some_catalog(random));
    CHECK(same(apply(&before, then(change, next)).value(), apply(&after, next).value()));

    NoticeContent content;
    content.catalog = change;
    const auto read = decode_notice_content(encode_notice_content(content));
    REQUIRE(read.has_value());
    CHECK(*read == content);
  }
}

TEST_CASE("a notice has one encoding, and everything else is refused at its byte") {
  const NoticeContent content = full_content();
  const Bytes bytes = encode_notice_content(content);
  const auto read = decode_notice_content(bytes);
  REQUIRE(read.has_value());
  CHECK(*read == content);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CHECK(decode_notice_content(core::ByteView(bytes).first(size)).error().code ==
          Errc::kMalformed);
  }
  // A changed byte says something else, or nothing; never the same in another form.
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (const std::uint8_t flip : {std::uint8_t{0x01}, std::uint8_t{0x20}, std::uint8_t{0x80}}) {
      Bytes changed = bytes;
      changed[at] = static_cast<std::uint8_t>(changed[at] ^ flip);
      const auto other = decode_notice_content(changed);
      if (other) CHECK(encode_notice_content(*other) == changed);
    }
  }
}

TEST_CASE("a notice's body has its content inside, or names where it is") {
  const NoticeBody inside{BusinessDay{20000}, Bytes{1, 2, 3}};
  CHECK(decode_notice_body(encode_notice_body(inside)).value() == inside);
  NoticeBody beside{BusinessDay{20000}, std::vector<core::envelope::BlobName>{
                                            {core::envelope::sha256(core::as_bytes("a")), 524288}}};
  CHECK(decode_notice_body(encode_notice_body(beside)).value() == beside);
  auto& blobs = std::get<std::vector<core::envelope::BlobName>>(beside.content);
  blobs[0].size = 524289;
  CHECK(decode_notice_body(encode_notice_body(beside)).error().code == Errc::kMalformed);
  blobs.clear();
  CHECK(decode_notice_body(encode_notice_body(beside)).error().code == Errc::kMalformed);
}

TEST_CASE("feeds' keys differ by store, by generation and by log, and a piece by its place") {
  using namespace core::envelope;
  const auto own = SealingPrivateKey::generate();
  const FeedSecret fleet = derive_feed_secret(own, "a", {}, 0);
  CHECK(fleet == derive_feed_secret(own, "a", {}, 0));
  CHECK(fleet != derive_feed_secret(own, "a", core::StoreId{1}, 0));
  CHECK(fleet != derive_feed_secret(own, "a", {}, 1));
  CHECK(fleet != derive_feed_secret(own, "b", {}, 0));
  CHECK(fleet != derive_feed_secret(SealingPrivateKey::generate(), "a", {}, 0));
  const SealingKey key = feed_key(fleet);
  const Bytes sealed = seal_piece(key, 4, core::as_bytes("tables"));
  CHECK(open_piece(key, 4, sealed).value() == core::to_bytes(core::as_bytes("tables")));
  CHECK(open_piece(key, 5, sealed).error().code == Errc::kBadSignature);
  CHECK(open_piece(feed_key(derive_feed_secret(own, "a", {}, 1)), 4, sealed).error().code ==
        Errc::kBadSignature);
}
