// Random closings with every field, and what they become when items inside are changed: what is
// accepted is what encode_summary() writes, to the byte, and nothing else.
#include <doctest/doctest.h>

#include "tests/support/cbor_tree.h"
#include "tests/support/full_closing.h"

using namespace core;
using namespace core::retail;

namespace {

// A closing in balance, or an opening, by turns.
Summary random_summary(Random& random) {
  const Closing closing = test::FullClosing(random, random.between(1, 10)).make();
  if (random.between(0, 7) > 0) return closing;
  Opening opening{closing.day, closing.received, Part{1, 1 + closing.part.count}};
  opening.definitions = closing.definitions;
  if (!opening.definitions.empty()) opening.currency = closing.currency;
  return opening;
}

}  // namespace

TEST_CASE("a closing with any of its fields reads back as it was written") {
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    const Summary summary = random_summary(random);
    const auto read = decode_summary(encode_summary(summary));
    REQUIRE_MESSAGE(read.has_value(), read.error().what);
    CHECK(*read == summary);
  }
}

TEST_CASE("a decoder has nothing of the summaries before, whether these were good or not") {
  SummaryDecoder decoder;
  std::size_t openings = 0;
  std::size_t refused = 0;
  for (std::uint64_t seed = 1; seed <= 5000; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    const Summary summary = random_summary(random);
    Bytes payload = encode_summary(summary);
    if (random.between(0, 3) == 0) {  // cut off, it leaves rows behind
      payload.resize(random.between(0, payload.size() - 1));
      REQUIRE_FALSE(decoder.decode(payload));
      CHECK(decoder.opening() == nullptr);
      CHECK(decoder.closing() == nullptr);
      ++refused;
      continue;
    }
    REQUIRE(decoder.decode(payload));
    const auto* opening = std::get_if<Opening>(&summary);
    REQUIRE((decoder.opening() != nullptr) == (opening != nullptr));
    REQUIRE((decoder.closing() != nullptr) == (opening == nullptr));
    if (opening != nullptr) {
      REQUIRE(*decoder.opening() == *opening);
      ++openings;
    } else {
      REQUIRE(*decoder.closing() == std::get<Closing>(summary));
    }
  }
  CHECK(openings > 300);
  CHECK(refused > 1000);
}

TEST_CASE("whatever is changed inside, what is accepted is what would be written") {
  std::size_t accepted = 0;
  std::size_t out_of_form = 0;
  std::size_t otherwise = 0;
  for (std::uint64_t seed = 1; seed <= 60000; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    test::CborTree tree = test::CborTree::read(encode_summary(random_summary(random)));
    for (std::uint64_t n = random.between(1, 3); n > 0; --n) test::mutate(tree, random);
    const Bytes payload = tree.written();
    const auto summary = decode_summary(payload);
    if (summary) {
      ++accepted;
      REQUIRE(to_hex(encode_summary(*summary)) == to_hex(payload));
    } else {
      const bool form = summary.error().what.find("a field is missing") != std::string::npos;
      ++(form ? out_of_form : otherwise);
    }
  }
  CHECK(accepted > 3000);
  CHECK(out_of_form > 1000);
  CHECK(otherwise > 10000);
}
