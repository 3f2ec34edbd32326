// CborTree: CBOR as a tree that may also be written wrongly, for tests of what readers refuse.
// Must not know our own reader: it reads heads by itself.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/check.h"
#include "core/base/random.h"

namespace test {

// One item. Shape: what CborWriter writes, so definite lengths and no floats.
struct CborTree {
  static constexpr unsigned kUnsigned = 0, kNegative = 1, kBytes = 2, kText = 3, kArray = 4,
                            kMap = 5, kTag = 6;

  unsigned major = kUnsigned;
  std::uint64_t argument = 0;   // of numbers, tags and simple values
  core::Bytes string;           // of strings
  std::vector<CborTree> items;  // of containers and tags; a map's keys and values in turn

  static CborTree read(core::ByteView bytes) {
    std::size_t at = 0;
    CborTree out = read(bytes, at);
    CORE_CHECK(at == bytes.size());
    return out;
  }

  core::Bytes written() const {
    core::Bytes out;
    write(out);
    return out;
  }

  // All items of it, itself first.
  void list(std::vector<CborTree*>& out) {
    out.push_back(this);
    for (CborTree& item : items) item.list(out);
  }

 private:
  static CborTree read(core::ByteView bytes, std::size_t& at) {
    CborTree out;
    const std::uint8_t first = bytes[at++];
    out.major = first >> 5;
    out.argument = first & 31;
    if (out.argument >= 24) {
      const std::size_t width = std::size_t{1} << (out.argument - 24);
      out.argument = 0;
      for (std::size_t i = 0; i < width; ++i) out.argument = out.argument << 8 | bytes[at++];
    }
    if (out.major == kBytes || out.major == kText) {
      out.string = core::to_bytes(bytes.subspan(at, out.argument));
      at += out.argument;
    }
    std::uint64_t inside = out.major == kTag ? 1 : 0;
    if (out.major == kArray || out.major == kMap) inside = out.argument * (out.major - 3);
    for (; inside > 0; --inside) out.items.push_back(read(bytes, at));
    return out;
  }

  void write(core::Bytes& out) const {
    std::uint64_t n = argument;
    if (major == kBytes || major == kText) n = string.size();
    if (major == kArray) n = items.size();
    if (major == kMap) n = items.size() / 2;
    unsigned width = 0;
    if (n >= 24) width = n <= 0xff ? 1 : n <= 0xffff ? 2 : n <= 0xffffffff ? 4 : 8;
    const unsigned low = width == 0   ? static_cast<unsigned>(n)
                         : width == 1 ? 24
                         : width == 2 ? 25
                         : width == 4 ? 26
                                      : 27;
    out.push_back(static_cast<std::uint8_t>(major << 5 | low));
    for (unsigned i = width; i-- > 0;) out.push_back(static_cast<std::uint8_t>(n >> (8 * i)));
    core::append(out, string);
    for (const CborTree& item : items) item.write(out);
  }
};

// Changes one item somewhere in the tree: a number, the rows of a list, the fields of a map, or
// what stands in its place.
inline void mutate(CborTree& tree, core::Random& random) {
  std::vector<CborTree*> all;
  tree.list(all);
  const auto any = [&] { return all[random.between(0, all.size() - 1)]; };
  CborTree& item = *any();
  const std::size_t count = item.items.size();
  const bool is_container = item.major == CborTree::kArray || item.major == CborTree::kMap;
  switch (random.between(0, is_container && count > 0 ? 6 : 2)) {
    case 0: {  // another number
      constexpr std::uint64_t kNumbers[] = {0, 1, 2, 3, 7, 24, 1000, 2000, 65536};
      if (is_container) break;
      if (item.major > 1) {
        if (!item.string.empty()) item.string[random.between(0, item.string.size() - 1)] ^= 1;
        break;
      }
      item.argument =
          random.between(0, 1) == 0 ? kNumbers[random.between(0, 8)] : item.argument + 1;
      if (random.between(0, 3) == 0) item.major = 1 - item.major;
      break;
    }
    case 1: {  // what stands elsewhere
      const CborTree copy = *any();
      item = copy;
      break;
    }
    case 2: {  // a quantity in its other form
      if (item.major > 1) break;
      CborTree inside = item;
      if (random.between(0, 1) == 0) inside.argument *= 1000;
      item = CborTree{CborTree::kArray, 0, {}, {inside}};
      break;
    }
    case 3:
      item.items.clear();
      break;
    default: {  // a row is lost, stands twice, or has another's place
      const std::size_t width = item.major == CborTree::kMap ? 2 : random.between(1, 5);
      const std::size_t rows = std::max<std::size_t>(1, count / width);
      const std::size_t one = random.between(0, rows - 1) * width;
      const std::size_t two = random.between(0, rows - 1) * width;
      const auto first = item.items.begin() + static_cast<std::ptrdiff_t>(one);
      const auto last = first + static_cast<std::ptrdiff_t>(std::min(width, count - one));
      const std::uint64_t way = random.between(0, 2);
      if (way == 0) {
        item.items.erase(first, last);
      } else if (way == 1) {
        const std::vector<CborTree> row(first, last);
        item.items.insert(item.items.begin() + static_cast<std::ptrdiff_t>(two), row.begin(),
                          row.end());
      } else {
        for (std::size_t i = 0; i < width; ++i) {
          if (std::max(one, two) + i < count) std::swap(item.items[one + i], item.items[two + i]);
        }
      }
    }
  }
}

}  // namespace test
