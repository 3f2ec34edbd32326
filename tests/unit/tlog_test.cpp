// The Merkle tree, its proofs, its notes and its tiles' names.
#include <doctest/doctest.h>

#include "core/base/base64.h"
#include "core/base/random.h"
#include "core/tlog/frontier.h"
#include "core/tlog/note.h"
#include "core/tlog/proof.h"
#include "core/tlog/tile.h"

using namespace core;
using namespace core::tlog;

namespace {

Hash leaf(std::uint64_t i) {
  const Bytes bytes{static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)};
  return envelope::sha256_prefixed(0, bytes);
}

// MTH by its definition (RFC 6962 section 2.1), over leaves [first, end).
Hash by_definition(std::uint64_t first, std::uint64_t end) {
  if (first == end) return envelope::sha256({});
  if (end - first == 1) return leaf(first);
  std::uint64_t k = 1;
  while (2 * k < end - first) k *= 2;
  Bytes both{1};
  append(both, by_definition(first, first + k).view());
  append(both, by_definition(first + k, end).view());
  return envelope::sha256(both);
}

Result<Hash> complete(unsigned level, std::uint64_t index) {
  const std::uint64_t leaves = std::uint64_t{1} << level;
  return by_definition(index * leaves, (index + 1) * leaves);
}

const HashSource kSource = complete;

std::string text_of(const Hash& hash) {
  return hash.hex();
}

}  // namespace

TEST_CASE("roots are those of the definition, from subtrees and leaf by leaf") {
  Frontier frontier;
  for (std::uint64_t size = 0; size <= 70; ++size) {
    CAPTURE(size);
    const auto view = TreeView::open(kSource, size);
    REQUIRE(view);
    CHECK(view->root() == by_definition(0, size));
    CHECK(frontier.root() == by_definition(0, size));
    frontier.append(leaf(size));
  }
}

TEST_CASE("RFC 6962's test tree has the published roots") {
  // Leaves and root of the Certificate Transparency reference implementation's own test.
  const char* leaves[] = {"",
                          "00",
                          "10",
                          "2021",
                          "3031",
                          "40414243",
                          "5051525354555657",
                          "606162636465666768696a6b6c6d6e6f"};
  Frontier frontier;
  for (const char* hex : leaves) frontier.append(envelope::sha256_prefixed(0, *from_hex(hex)));
  CHECK(text_of(frontier.root()) ==
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
}

TEST_CASE("every leaf of every tree is proven, and no other leaf, place, size or root is") {
  for (std::uint64_t size = 1; size <= 33; ++size) {
    const auto view = TreeView::open(kSource, size).value();
    for (std::uint64_t i = 0; i < size; ++i) {
      CAPTURE(size);
      CAPTURE(i);
      auto proof = view.inclusion_proof(i).value();
      CHECK(verify_inclusion(leaf(i), i, size, proof, view.root()));
      CHECK_FALSE(verify_inclusion(leaf(i + 1), i, size, proof, view.root()));
      CHECK_FALSE(verify_inclusion(leaf(i), i, size, proof, leaf(99)));
      CHECK_FALSE(verify_inclusion(leaf(i), size, size, proof, view.root()));
      if (size > 1) {
        CHECK_FALSE(verify_inclusion(leaf(i), i ^ 1, size, proof, view.root()));
        auto changed = proof;
        changed[proof.size() / 2].bytes[7] ^= 1;
        CHECK_FALSE(verify_inclusion(leaf(i), i, size, changed, view.root()));
        proof.pop_back();
        CHECK_FALSE(verify_inclusion(leaf(i), i, size, proof, view.root()));
      }
      auto longer = view.inclusion_proof(i).value();
      longer.push_back(leaf(5));
      CHECK_FALSE(verify_inclusion(leaf(i), i, size, longer, view.root()));
    }
  }
}

TEST_CASE("every prefix of every tree is proven consistent, and no forked one is") {
  for (std::uint64_t size = 1; size <= 33; ++size) {
    const auto view = TreeView::open(kSource, size).value();
    for (std::uint64_t old = 1; old <= size; ++old) {
      CAPTURE(size);
      CAPTURE(old);
      const Hash old_root = by_definition(0, old);
      const auto proof = view.consistency_proof(old).value();
      CHECK(verify_consistency(old, old_root, size, view.root(), proof));
      CHECK_FALSE(verify_consistency(old, leaf(3000), size, view.root(), proof));
      CHECK_FALSE(verify_consistency(old, old_root, size, leaf(3000), proof));
      CHECK_FALSE(verify_consistency(size + 1, old_root, size, view.root(), proof));
      auto longer = proof;
      longer.push_back(leaf(5));
      CHECK_FALSE(verify_consistency(old, old_root, size, view.root(), longer));
      if (proof.empty()) continue;
      auto changed = proof;
      changed[proof.size() / 2].bytes[7] ^= 1;
      CHECK_FALSE(verify_consistency(old, old_root, size, view.root(), changed));
      changed = proof;
      changed.pop_back();
      CHECK_FALSE(verify_consistency(old, old_root, size, view.root(), changed));
    }
    CHECK(verify_consistency(0, empty_root(), size, view.root(), {}));
    CHECK_FALSE(verify_consistency(0, leaf(1), size, view.root(), {}));
  }
}

TEST_CASE("a checkpoint is signed, opened, and refused when anything about it is off") {
  const auto key = *envelope::PrivateKey::from_seed(Bytes(32, 7));
  const NoteVerifier verifier("example.com/shops", key.public_key());
  const Checkpoint checkpoint{"example.com/shops", 17, leaf(4)};
  const std::string note = sign_checkpoint(checkpoint, key);
  CAPTURE(note);
  CHECK(note.starts_with("example.com/shops\n17\n" + to_base64(leaf(4).view()) +
                         "\n\n\u2014 example.com/shops "));
  REQUIRE(open_checkpoint(note, verifier));
  CHECK(*open_checkpoint(note, verifier) == checkpoint);

  SUBCASE("any byte of the text or the signature") {
    for (std::size_t i = 0; i < note.size(); ++i) {
      std::string changed = note;
      changed[i] = static_cast<char>(changed[i] ^ 1);
      CAPTURE(i);
      CHECK_FALSE(open_checkpoint(changed, verifier));
    }
  }
  SUBCASE("another key, another name") {
    const auto other = *envelope::PrivateKey::from_seed(Bytes(32, 8));
    CHECK(
        open_checkpoint(note, NoteVerifier("example.com/shops", other.public_key())).error().code ==
        Errc::kUnknownKey);
    CHECK(
        open_checkpoint(note, NoteVerifier("example.com/others", key.public_key())).error().code ==
        Errc::kUnknownKey);
  }
  SUBCASE("a witness's signature beside it is passed over") {
    const std::string cosigned = note + "\u2014 witness.example " + to_base64(Bytes(76, 1)) + "\n";
    CHECK(open_checkpoint(cosigned, verifier));
    CHECK_FALSE(open_checkpoint(note + "no signature line\n", verifier));
  }
  SUBCASE("sizes and texts that no log writes") {
    for (const std::string text :
         {"example.com/shops\n017\n", "example.com/shops\n-1\n", "example.com/shops\n\n"}) {
      std::string signed_text = text + to_base64(leaf(4).view()) + "\n";
      Bytes line = *from_hex("00000000");
      for (int i = 0; i < 4; ++i)
        line[static_cast<std::size_t>(i)] =
            static_cast<std::uint8_t>(verifier.key_hash() >> (24 - 8 * i));
      append(line, key.sign(as_bytes(signed_text)).view());
      signed_text += "\n\u2014 example.com/shops " + to_base64(line) + "\n";
      CHECK(open_checkpoint(signed_text, verifier).error().code == Errc::kMalformed);
    }
  }
}

TEST_CASE("a log's key is read as it is printed, and in no other form") {
  // The published example key of the signed note format's Go documentation.
  const std::string_view published =
      "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
  REQUIRE(NoteVerifier::parse(published));
  CHECK(NoteVerifier::parse(published)->vkey() == published);
  for (const std::string_view wrong :
       {"PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+AhpcQcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3", "", "++",
        "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"}) {
    CAPTURE(wrong);
    CHECK_FALSE(NoteVerifier::parse(wrong));
  }
}

TEST_CASE("the published note of the signed note format opens") {
  const auto verifier =
      NoteVerifier::parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
          .value();
  const std::string note =
      "If you think cryptography is the answer to your problem,\n"
      "then you don't know what your problem is.\n"
      "\n"
      "\u2014 PeterNeumann "
      "x08go/ZJkuBS9UG/"
      "SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
  // Its text is no checkpoint, and that is all that is wrong with it.
  CHECK(open_checkpoint(note, verifier).error().what.find("three lines") != std::string::npos);
}

TEST_CASE("tiles have one path each") {
  CHECK(tile_path({0, 1234067, 256}) == "tile/0/x001/x234/067");
  CHECK(tile_path({1, 0, 17}) == "tile/1/000.p/17");
  CHECK(tile_path({std::nullopt, 5, 256}) == "tile/entries/005");
  for (const Tile tile : {Tile{0, 0, 256}, Tile{2, 999, 1}, Tile{0, 1000, 255},
                          Tile{63, 1234067, 256}, Tile{std::nullopt, 1000000, 3}}) {
    const auto parsed = parse_tile_path(tile_path(tile));
    REQUIRE(parsed);
    CHECK(*parsed == tile);
  }
  for (const std::string_view wrong :
       {"tile/0", "tile/0/", "tile/0/0", "tile/0/0000", "tile/0/x000/000", "tile/0/001/002",
        "tile/64/000", "tile/00/000", "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01",
        "tile/0/000.p/", "tile/-1/000", "tile/entries/1", "tile/0/x001/x234/x067", "tile/x/000",
        "checkpoint", "tile/0/999999999999999999999", "tile/0/x999/x999/x999/x999/x999/x999/999"}) {
    CAPTURE(wrong);
    CHECK_FALSE(parse_tile_path(wrong));
  }
}

TEST_CASE("a tile is as wide as the tree lets it be") {
  CHECK(tile_width_at({0, 0, 256}, 0) == 0);
  CHECK(tile_width_at({0, 0, 256}, 5) == 5);
  CHECK(tile_width_at({0, 1, 256}, 300) == 44);
  CHECK(tile_width_at({0, 0, 256}, 300) == 256);
  CHECK(tile_width_at({1, 0, 256}, 300) == 1);
  CHECK(tile_width_at({1, 0, 256}, 255) == 0);
  CHECK(tile_width_at({std::nullopt, 1, 256}, 300) == 44);
  CHECK(tile_width_at({63, 0, 256}, std::uint64_t{1} << 61) == 0);
}
