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
  return Opening{closing.day, closing.received, Part{1, 1 + closing.part.count}};
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
