// Dialect: a few words replaced.
#include "core/postgres/dialect.h"

#include <algorithm>
#include <array>

#include "core/base/check.h"

namespace core::postgres {
namespace {

bool is_word(char c) {
  return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// The length of what stands in quotes at the front of `sql`, quotes included; 0: no quote there.
std::size_t quoted(std::string_view sql) {
  if (sql.empty() || (sql[0] != '\'' && sql[0] != '"')) return 0;
  const std::size_t end = sql.find(sql[0], 1);
  return end == std::string_view::npos ? sql.size() : end + 1;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\n')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\n')) text.remove_suffix(1);
  return text;
}

std::string_view replacement(std::string_view word) {
  struct Pair {
    std::string_view from, to;
  };
  static constexpr std::array<Pair, 4> kWords = {
      {{"INTEGER", "BIGINT"}, {"BLOB", "BYTEA"}, {"ANY", "BYTEA"}, {"TEXT", "TEXT COLLATE \"C\""}}};
  for (const Pair& pair : kWords) {
    if (pair.from == word) return pair.to;
  }
  return word;
}

// Calls take(word or single character) one by one; what is in quotes comes as one.
template <typename Take>
void for_words(std::string_view sql, Take take) {
  for (std::size_t i = 0; i < sql.size();) {
    std::size_t size = std::max<std::size_t>(quoted(sql.substr(i)), 1);
    if (is_word(sql[i])) {
      while (i + size < sql.size() && is_word(sql[i + size])) ++size;
    }
    take(sql.substr(i, size));
    i += size;
  }
}

void erase_all(std::string& text, std::string_view what) {
  for (std::size_t at; (at = text.find(what)) != std::string::npos;) text.erase(at, what.size());
}

}  // namespace

std::string query_text(std::string_view sql) {
  std::string out;
  int unnumbered = 0;
  for (std::size_t i = 0; i < sql.size();) {
    if (const std::size_t size = quoted(sql.substr(i)); size > 0) {
      out += sql.substr(i, size);
      i += size;
      continue;
    }
    out += sql[i] == '?' ? '$' : sql[i];
    if (sql[i++] != '?') continue;
    const bool numbered = i < sql.size() && sql[i] >= '1' && sql[i] <= '9';
    CORE_CHECK(!numbered || unnumbered == 0);
    if (!numbered) out += std::to_string(++unnumbered);
  }
  return out;
}

std::string schema_text(std::string_view sql) {
  std::string kept;
  while (!sql.empty()) {
    const std::size_t end = std::min(sql.find('\n'), sql.size() - 1) + 1;
    if (!trimmed(sql.substr(0, end)).starts_with("PRAGMA")) kept += sql.substr(0, end);
    sql.remove_prefix(end);
  }
  erase_all(kept, " STRICT, WITHOUT ROWID");
  erase_all(kept, " STRICT");
  std::string out;
  for_words(kept, [&](std::string_view word) { out += replacement(word); });
  return out;
}

std::string copy_target(std::string_view sql) {
  constexpr std::string_view kInsert = "INSERT INTO ";
  constexpr std::string_view kValues = "VALUES";
  if (!sql.starts_with(kInsert)) return {};
  sql.remove_prefix(kInsert.size());
  const std::size_t values = sql.find(kValues);
  if (values == std::string_view::npos) return {};
  const std::string_view target = trimmed(sql.substr(0, values));
  std::string_view rest = trimmed(sql.substr(values + kValues.size()));
  const bool has_table = !target.empty() && is_word(target.front());
  if (!has_table || rest.size() < 3 || rest.front() != '(' || rest.back() != ')') return {};
  const std::string_view marks = rest.substr(1, rest.size() - 2);
  const bool plain = marks.find_first_not_of("?, \n") == std::string_view::npos;
  return plain ? std::string(target) : std::string();
}

}  // namespace core::postgres
