// FlatMap beside std::map: the same after any operations.
#include <doctest/doctest.h>

#include <map>
#include <string>

#include "core/base/flat_map.h"
#include "core/base/random.h"

using namespace core;

namespace {

using Flat = FlatMap<int, std::string>;
using Model = std::map<int, std::string>;

bool same(const Flat& flat, const Model& model) {
  return flat.size() == model.size() && flat.empty() == model.empty() &&
         std::equal(flat.begin(), flat.end(), model.begin(), [](const auto& a, const auto& b) {
           return a.first == b.first && a.second == b.second;
         });
}

// One random operation on both; each returns the same.
void step(Random& random, Flat& flat, Model& model) {
  const int key = static_cast<int>(random.between(0, 40));
  const std::string value = std::to_string(random.between(0, 9));
  switch (random.between(0, 8)) {
    case 0: {
      const auto [at, is_new] = flat.emplace(key, value);
      const auto [expected, expected_new] = model.emplace(key, value);
      CHECK(is_new == expected_new);
      CHECK(at->second == expected->second);
      break;
    }
    case 1:
      CHECK(flat.try_emplace(key, value).second == model.try_emplace(key, value).second);
      break;
    case 2:
      flat[key] += value;
      model[key] += value;
      break;
    case 3:
      CHECK(flat.erase(key) == model.erase(key));
      break;
    case 4:
      if (const auto at = flat.find(key); at != flat.end()) flat.erase(at);
      if (const auto at = model.find(key); at != model.end()) model.erase(at);
      break;
    case 5:
      CHECK(flat.insert({key, value}).second == model.insert({key, value}).second);
      break;
    case 6: {
      const Model more = {{key, value}, {key + 3, "more"}};
      flat.insert(more.begin(), more.end());
      model.insert(more.begin(), more.end());
      break;
    }
    case 7:
      CHECK(flat.emplace_hint(flat.end(), key, value)->second ==
            model.emplace_hint(model.end(), key, value)->second);
      break;
    default:
      if (random.between(0, 30) == 0) {
        flat.clear();
        model.clear();
      }
  }
}

}  // namespace

TEST_CASE("a flat map has what a map has after any operations, in order") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    Flat flat;
    Model model;
    for (int n = 0; n < 200; ++n) {
      step(random, flat, model);
      REQUIRE(same(flat, model));
      const int key = static_cast<int>(random.between(0, 45));
      const auto expected = model.find(key);
      const auto found = std::as_const(flat).find(key);
      REQUIRE(flat.contains(key) == (expected != model.end()));
      REQUIRE((found != flat.end()) == (expected != model.end()));
      if (found == flat.end()) continue;
      CHECK(found->second == expected->second);
      CHECK(flat.at(key) == expected->second);
    }
    if (!model.empty()) CHECK(flat.rbegin()->first == model.rbegin()->first);
  }
}

TEST_CASE("flat maps are equal when their rows are, however these came") {
  const Flat one = {{3, "c"}, {1, "a"}, {2, "b"}, {1, "again"}};
  Flat two;
  two[1] = "a";
  two[2] = "b";
  CHECK_FALSE(one == two);
  two[3] = "c";
  CHECK(one == two);
  two[3] = "d";
  CHECK_FALSE(one == two);
}

TEST_CASE("a flat map that is cleared and filled again in order stays where it is") {
  FlatMap<int, int> map;
  for (int i = 0; i < 100; ++i) map.emplace(i, i);
  const auto* const first = &*map.begin();
  for (int round = 0; round < 10; ++round) {
    map.clear();
    CHECK(map.empty());
    for (int i = 0; i < 100; ++i) map.emplace(i, round);
    CHECK(&*map.begin() == first);
  }
}
