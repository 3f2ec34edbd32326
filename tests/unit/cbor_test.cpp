// Deterministic CBOR: what is written, and what is refused, with the byte offset.
#include <cbor.h>
#include <doctest/doctest.h>

#include <limits>

#include "core/base/random.h"
#include "core/envelope/cbor.h"

using namespace core;
using namespace core::envelope;

namespace {

// Reads everything; "" or the error's text.
std::string refusal(std::string_view hex) {
  const Bytes input = *from_hex(hex);
  CborReader r(input);
  const auto item = r.whole_item();
  if (!item) return item.error().what;
  const auto end = r.finish();
  return end ? "" : end.error().what;
}

bool starts_with_byte(const std::string& text, int offset) {
  return text.starts_with("byte " + std::to_string(offset) + ":");
}

}  // namespace

TEST_CASE("numbers are written in the shortest form") {
  const auto written = [](std::int64_t value) {
    CborWriter w;
    w.integer(value);
    return to_hex(w.view());
  };
  CHECK(written(0) == "00");
  CHECK(written(23) == "17");
  CHECK(written(24) == "1818");
  CHECK(written(255) == "18ff");
  CHECK(written(256) == "190100");
  CHECK(written(65536) == "1a00010000");
  CHECK(written(4294967296) == "1b0000000100000000");
  CHECK(written(-1) == "20");
  CHECK(written(-65537) == "3a00010000");
  CHECK(written(std::numeric_limits<std::int64_t>::min()) == "3b7fffffffffffffff");
}

TEST_CASE("each departure from the deterministic encoding is refused at its byte") {
  struct Case {
    const char* name;
    const char* hex;
    int offset;
  };
  const Case cases[] = {
      {"a number in a longer form", "1817", 0},
      {"a number in a longer form, inside", "82011817", 2},
      {"a length in a longer form", "58020102", 0},
      {"an array length in a longer form", "980101", 0},
      {"a tag in a longer form", "d81200", 0},
      {"a duplicate key", "a201000100", 3},
      {"keys out of order", "a202000100", 3},
      {"keys out of order by length",
       "a2181801"
       "0101",
       4},
      {"a container as key", "a1800000", 1},
      {"trailing bytes", "0000", 1},
      {"an indefinite array", "9f01ff", 0},
      {"an indefinite string", "5f4101ff", 0},
      {"an indefinite map", "bf0101ff", 0},
      {"a lone break", "ff", 0},
      {"a half float", "f93c00", 0},
      {"a double", "fb3ff8000000000000", 0},
      {"undefined", "f7", 0},
      {"another simple value", "f0", 0},
      {"a reserved head", "1c", 0},
      {"a string longer than the input", "4201", 0},
      {"a string of 2^64-1 bytes", "5bffffffffffffffff", 0},
      {"an array longer than the input", "8301", 0},
      {"an array of 2^63 items", "9b8000000000000000", 0},
      {"a map longer than the input", "a20101", 0},
      {"an input that ends in a number", "19ff", 0},
      {"an empty input", "", 0},
      {"an array that ends early", "820141", 2},
      {"text that is no UTF-8", "62c328", 0},
      {"text with a surrogate", "63eda080", 0},
      {"text with an overlong form", "62c080", 0},
      {"a tag of a tag", "c2c200", 1},
      {"a tag of nothing", "c2", 1},
      {"nine levels",
       "818181818181818181"
       "00",
       8},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    const std::string text = refusal(c.hex);
    CHECK_MESSAGE(starts_with_byte(text, c.offset), text);
  }
}

TEST_CASE("eight levels, empty containers and the largest numbers are fine") {
  for (const char* hex :
       {"818181818181818100", "80", "a0", "40", "60", "1bffffffffffffffff", "3bffffffffffffffff",
        "d2820102", "f4", "f5", "f6", "a2018002a0", "62c3bc", "64f0908591", "8281018102"}) {
    CAPTURE(hex);
    CHECK(refusal(hex) == "");
  }
}

TEST_CASE("a reader says what it expected and where") {
  const Bytes input = *from_hex("820161");
  CborReader r(input);
  CHECK(r.map().error().what == "byte 0: expected a map");
  const Bytes negative = *from_hex("3bffffffffffffffff");
  CborReader too_low(negative);
  CHECK(too_low.integer().error().what == "byte 0: an integer does not fit 64 bits");
}

TEST_CASE("diagnostic notation shows structure") {
  const auto show = [](std::string_view hex) { return *cbor_diagnostic(*from_hex(hex)); };
  CHECK(show("d28441a0a0420102f5") == "18([h'a0', {}, h'0102', true])");
  CHECK(show("a201616102820120") == "{1: \"a\", 2: [1, -1]}");
  CHECK(show("3bffffffffffffffff") == "-18446744073709551616");
  CHECK_FALSE(cbor_diagnostic(*from_hex("0000")).has_value());
}

TEST_CASE("heads are those that libcbor writes") {
  Random random(1);
  for (int round = 0; round < 20000; ++round) {
    const std::uint64_t value = random() >> random.between(0, 63);
    const auto count = static_cast<std::size_t>(value);
    CborWriter ours;
    ours.unsigned_integer(value);
    ours.integer(static_cast<std::int64_t>(value));
    ours.array(count);
    ours.map(count);
    ours.tag(value);
    ours.boolean(round % 2 == 0);
    Bytes theirs(6 * 9);
    std::size_t size = 0;
    const auto put = [&](auto encode, auto argument) {
      size += encode(argument, theirs.data() + size, theirs.size() - size);
    };
    put(cbor_encode_uint, value);
    if (value >> 63 == 0) {
      put(cbor_encode_uint, value);
    } else {
      put(cbor_encode_negint, ~value);
    }
    put(cbor_encode_array_start, count);
    put(cbor_encode_map_start, count);
    put(cbor_encode_tag, value);
    put(cbor_encode_bool, round % 2 == 0);
    theirs.resize(size);
    REQUIRE(to_hex(ours.view()) == to_hex(theirs));
  }
}

namespace {

// Any item that CborWriter can write, up to `levels` deep.
void write_any(CborWriter& w, Random& random, int levels) {
  const std::uint64_t number = random() >> random.between(0, 63);
  const std::size_t items = random.between(0, 4);
  switch (random.between(0, levels > 0 ? 6 : 4)) {
    case 0:
      return w.unsigned_integer(number);
    case 1:
      return w.integer(static_cast<std::int64_t>(number));
    case 2:
      return w.bytes(Bytes(random.between(0, 300), 7));
    case 3:
      return w.text(std::string(random.between(0, 40), 'x'));
    case 4:
      return w.boolean(number % 2 == 0);
    case 5:
      w.array(items);
      for (std::size_t i = 0; i < items; ++i) write_any(w, random, levels - 1);
      return;
    default:
      w.map(items);
      for (std::size_t i = 0; i < items; ++i) {
        w.unsigned_integer(random.between(0, 3) == 0 ? number : i * 20);
        write_any(w, random, levels - 1);
      }
  }
}

}  // namespace

TEST_CASE("libcbor reads to its end what is accepted") {
  std::size_t accepted = 0;
  std::size_t refused = 0;
  for (std::uint64_t seed = 1; seed <= 20000; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    CborWriter w;
    write_any(w, random, 3);
    Bytes input = w.view();
    for (std::uint64_t n = random.between(0, 2); n > 0; --n) {
      const std::size_t at = random.between(0, std::min<std::size_t>(input.size() - 1, 12));
      input[at] = static_cast<std::uint8_t>(random());
    }
    const auto shown = cbor_diagnostic(input);
    if (!shown) {  // libcbor would take the memory that a head asks for
      ++refused;
      continue;
    }
    if (shown->find('(') != std::string::npos) continue;  // it does not know all tags
    ++accepted;
    cbor_load_result result{};
    cbor_item_t* item = cbor_load(input.data(), input.size(), &result);
    CHECK(item != nullptr);
    CHECK(result.read == input.size());
    if (item != nullptr) cbor_decref(&item);
  }
  CHECK(accepted > 5000);
  CHECK(refused > 2000);
}
