// FlatMap: a map as one sorted vector, with std::map's names. What is added in order goes to the
// end; clear() keeps the room, so that one that is filled again and again allocates nothing.
// Must not know what it holds.
#pragma once

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <tuple>
#include <utility>
#include <vector>

#include "core/base/check.h"

namespace core {

// Shape: any number of keys, each once, ascending by `<`. A key in front of others moves them.
// Owner: unlike a std::map's, references and iterators last only until the next key is added or
// taken away. Nobody changes a key through them.
template <typename Key, typename Value>
class FlatMap {
 public:
  using key_type = Key;
  using mapped_type = Value;
  using value_type = std::pair<Key, Value>;
  using iterator = typename std::vector<value_type>::iterator;
  using const_iterator = typename std::vector<value_type>::const_iterator;

  FlatMap() = default;
  FlatMap(std::initializer_list<value_type> rows) { insert(rows.begin(), rows.end()); }

  bool empty() const { return rows_.empty(); }
  std::size_t size() const { return rows_.size(); }
  void clear() { rows_.clear(); }

  iterator begin() { return rows_.begin(); }
  iterator end() { return rows_.end(); }
  const_iterator begin() const { return rows_.begin(); }
  const_iterator end() const { return rows_.end(); }
  auto rbegin() const { return rows_.rbegin(); }
  auto rend() const { return rows_.rend(); }

  iterator find(const Key& key) {
    const iterator at = place_of(rows_, key);
    return is_at(at, key) ? at : rows_.end();
  }
  const_iterator find(const Key& key) const {
    const const_iterator at = place_of(rows_, key);
    return is_at(at, key) ? at : rows_.end();
  }
  bool contains(const Key& key) const { return is_at(place_of(rows_, key), key); }
  // Shape of both: a key that is there (CORE_CHECK).
  Value& at(const Key& key) {
    const iterator place = find(key);
    CORE_CHECK(place != end());
    return place->second;
  }
  const Value& at(const Key& key) const {
    const const_iterator place = find(key);
    CORE_CHECK(place != end());
    return place->second;
  }
  Value& operator[](const Key& key) { return try_emplace(key).first->second; }

  // The place of the key, and whether it is new; one that was there stays as it was.
  template <typename... Arguments>
  std::pair<iterator, bool> try_emplace(Key key, Arguments&&... arguments) {
    const iterator place = place_of(rows_, key);
    if (is_at(place, key)) return {place, false};
    return {rows_.emplace(place, std::piecewise_construct, std::forward_as_tuple(std::move(key)),
                          std::forward_as_tuple(std::forward<Arguments>(arguments)...)),
            true};
  }
  std::pair<iterator, bool> emplace(Key key, Value value) {
    return try_emplace(std::move(key), std::move(value));
  }
  iterator emplace_hint(const_iterator, Key key, Value value) {
    return try_emplace(std::move(key), std::move(value)).first;
  }
  std::pair<iterator, bool> insert(value_type row) {
    return try_emplace(std::move(row.first), std::move(row.second));
  }
  template <typename Iterator>
  void insert(Iterator first, Iterator last) {
    for (; first != last; ++first) insert(value_type(*first));
  }

  iterator erase(const_iterator place) { return rows_.erase(place); }
  std::size_t erase(const Key& key) {
    const const_iterator place = find(key);
    if (place == end()) return 0;
    rows_.erase(place);
    return 1;
  }

  bool operator==(const FlatMap&) const = default;

 private:
  // Where the key is or belongs. Most come in order: the end is looked at first.
  template <typename Rows>
  static auto place_of(Rows& rows, const Key& key) {
    if (rows.empty() || rows.back().first < key) return rows.end();
    return std::lower_bound(
        rows.begin(), rows.end(), key,
        [](const value_type& row, const Key& wanted) { return row.first < wanted; });
  }
  bool is_at(const_iterator place, const Key& key) const {
    return place != rows_.end() && !(key < place->first);
  }

  std::vector<value_type> rows_;
};

}  // namespace core
