// PrintQueue: the rows of print and receipt_heading.
#include "till/print_queue.h"

#include <iterator>
#include <optional>

#include "core/journal/schema.h"

namespace till {

using core::journal::from_sql;
using core::journal::to_sql;
namespace {

using core::Errc;
using core::fail;
using core::Result;
using core::sqlite::Statement;

// Of the columns print.state and print.before.
constexpr std::int64_t kRowDue = 0;  // in `before` only
constexpr std::int64_t kRowSending = 1;
constexpr std::int64_t kRowPrinted = 2;
constexpr std::int64_t kRowDoubtful = 3;

struct Row {
  std::int64_t state = kRowDue;
  std::int64_t copy = 0;
  std::int64_t before = kRowDue;
};

Result<std::optional<Row>> find(Journal& journal, std::uint64_t position) {
  TRY_ASSIGN(Statement s, journal.database().prepare(
                              "SELECT state, copy, before FROM print WHERE position = ?"));
  s.bind_int(1, to_sql(position));
  TRY_ASSIGN(const bool found, s.step());
  if (!found) return std::optional<Row>();
  return std::optional<Row>(Row{s.column_int(0), s.column_int(1), s.column_int(2)});
}

// A job that was begun and never ended was cut off: one process has the journal, and sends one job
// at a time.
PrintMark mark_of(const Row& row) {
  return {row.state == kRowPrinted ? PrintState::kPrinted : PrintState::kDoubtful,
          from_sql(row.copy)};
}

std::string series_list() {
  std::string out;
  for (const core::retail::Series series : kPrintedSeries) {
    out += (out.empty() ? "" : ", ") + std::to_string(static_cast<int>(series));
  }
  return out;
}

}  // namespace

Result<PrintMark> PrintQueue::mark(std::uint64_t position) {
  TRY_ASSIGN(const auto row, find(journal_, position));
  return row ? mark_of(*row) : PrintMark{};
}

Result<std::uint64_t> PrintQueue::next_copy(std::uint64_t position) {
  TRY_ASSIGN(const auto row, find(journal_, position));
  return row ? from_sql(row->copy) + 1 : 0;
}

Result<std::uint64_t> PrintQueue::begin(std::uint64_t position) {
  TRY_ASSIGN(const auto row, find(journal_, position));
  const std::uint64_t copy = row ? from_sql(row->copy) + 1 : 0;
  const std::int64_t state = row ? row->state : kRowDue;
  TRY(journal_.transact([&]() -> Result<void> {
    TRY_ASSIGN(Statement s, journal_.database().prepare(
                                row ? "UPDATE print SET state = ?, copy = ?, before = ?, "
                                      "changed = (SELECT number FROM backup) "
                                      "WHERE position = ?"
                                    : "INSERT INTO print SELECT ?4, ?1, ?2, ?3, number "
                                      "FROM backup"));
    s.bind_int(1, kRowSending).bind_int(2, to_sql(copy));
    s.bind_int(3, state == kRowSending ? kRowDoubtful : state).bind_int(4, to_sql(position));
    return s.run();
  }));
  return copy;
}

Result<void> PrintQueue::end(std::uint64_t position, Printed printed) {
  TRY_ASSIGN(const auto row, find(journal_, position));
  if (!row || row->state != kRowSending) {
    return fail(Errc::kState,
                "no job of the document at position " + std::to_string(position) + " was begun");
  }
  const bool nothing = printed == Printed::kNothing;
  return journal_.transact([&]() -> Result<void> {
    if (nothing && row->before == kRowDue) {
      TRY_ASSIGN(Statement s, journal_.database().prepare("DELETE FROM print WHERE position = ?"));
      return s.bind_int(1, to_sql(position)).run();
    }
    TRY_ASSIGN(Statement s,
               journal_.database().prepare("UPDATE print SET state = ?, copy = ?, before = 0, "
                                           "changed = (SELECT number FROM backup) "
                                           "WHERE position = ?"));
    const std::int64_t ended = printed == Printed::kAll ? kRowPrinted : kRowDoubtful;
    s.bind_int(1, nothing ? row->before : ended).bind_int(2, row->copy - (nothing ? 1 : 0));
    return s.bind_int(3, to_sql(position)).run();
  });
}

Result<std::vector<WaitingDocument>> PrintQueue::waiting(std::uint64_t after, std::size_t max) {
  // The second part finds its rows by the index print_doubtful.
  TRY_ASSIGN(
      Statement s,
      journal_.database().prepare(
          "SELECT d.position, d.series, d.number, 0, 0, 0 FROM document d "
          "LEFT JOIN print p ON p.position = d.position "
          "WHERE d.position >= ?1 AND d.position > ?2 AND p.position IS NULL AND d.series IN (" +
          series_list() +
          ") UNION ALL SELECT d.position, d.series, d.number, p.state, p.copy, p.before "
          "FROM print p CROSS JOIN document d ON d.position = p.position "
          "WHERE p.state <> 2 AND p.position > ?2 ORDER BY 1 LIMIT ?3"));
  s.bind_int(1, to_sql(journal_.state().first_position)).bind_int(2, to_sql(after));
  s.bind_int(3, static_cast<std::int64_t>(max));
  std::vector<WaitingDocument> out;
  while (true) {
    TRY_ASSIGN(const bool row, s.step());
    if (!row) return out;
    WaitingDocument waiting;
    waiting.position = from_sql(s.column_int(0));
    waiting.series = static_cast<core::retail::Series>(s.column_int(1));
    waiting.number = from_sql(s.column_int(2));
    const Row print{s.column_int(3), s.column_int(4), s.column_int(5)};
    if (print.state != kRowDue) waiting.mark = mark_of(print);
    out.push_back(waiting);
  }
}

Result<void> PrintQueue::check() {
  TRY_ASSIGN(Statement s, journal_.database().prepare(
                              "SELECT p.position FROM print p LEFT JOIN document d "
                              "ON d.position = p.position WHERE d.position IS NULL "
                              "OR p.state NOT IN (1, 2, 3) OR p.copy < 0 "
                              "OR p.before NOT IN (0, 2, 3) "
                              "OR (p.state = 1 AND (p.copy = 0) <> (p.before = 0)) LIMIT 1"));
  TRY_ASSIGN(const bool row, s.step());
  if (!row) return {};
  return fail(Errc::kDamaged, journal_.path().string() +
                                  ": what is printed of the document at position " +
                                  std::to_string(s.column_int(0)) + " cannot be");
}

Result<std::vector<std::string>> PrintQueue::heading() {
  TRY_ASSIGN(Statement s,
             journal_.database().prepare("SELECT words FROM receipt_heading ORDER BY line"));
  std::vector<std::string> out;
  while (true) {
    TRY_ASSIGN(const bool row, s.step());
    if (!row) return out;
    out.emplace_back(s.column_text(0));
  }
}

Result<void> PrintQueue::set_heading(const std::vector<std::string>& lines) {
  if (lines.size() > kHeadingLinesMax) {
    return fail(Errc::kUsage,
                "a heading has at most " + std::to_string(kHeadingLinesMax) + " lines");
  }
  for (const std::string& line : lines) {
    if (line.size() > kHeadingBytesMax) {
      return fail(Errc::kUsage, "a line of the heading has at most " +
                                    std::to_string(kHeadingBytesMax) + " bytes");
    }
  }
  return journal_.transact([&]() -> Result<void> {
    TRY(journal_.database().exec("DELETE FROM receipt_heading"));
    TRY_ASSIGN(Statement s,
               journal_.database().prepare("INSERT INTO receipt_heading VALUES (NULL, ?)"));
    for (const std::string& line : lines) TRY(s.bind_text(1, line).run());
    return {};
  });
}

}  // namespace till
