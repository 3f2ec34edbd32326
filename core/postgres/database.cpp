// Database: statements prepared once, plain inserts gathered for COPY, large answers by cursor.
#include "core/postgres/database.h"

#include <chrono>
#include <map>
#include <optional>
#include <thread>
#include <utility>

#include "core/base/check.h"
#include "core/postgres/dialect.h"
#include "core/postgres/link.h"

namespace core::postgres {
namespace {

constexpr std::size_t kCopyBytesMax = 1 << 20;  // of a table, before they are sent
constexpr int kCursorRows = 2000;               // at once
// Names this program's lock among those of other programs in the database: "DBPG".
constexpr const char* kLock = "1145196615";

// A text that the server knows, and the rows that it was to insert and the server has not.
struct Prepared {
  std::string name;
  std::vector<Oid> types;
  std::string copy_target;  // empty: not a plain insert
  std::string rows;
};

class PostgresConnection;

// Common to both kinds: the rows of an answer that is here.
class AnsweredStatement : public sql::StatementHandle {
 public:
  std::int64_t column_int(int column) const override {
    if (column_is_null(column)) return 0;
    const auto number = decode_int(type(column), value(column));
    return number ? *number : 0;  // step() has looked
  }
  std::string_view column_text(int column) const override {
    if (column_is_null(column)) return {};
    if (is_bytes(type(column))) return value(column);
    return texts_.try_emplace(column, std::to_string(column_int(column))).first->second;
  }
  ByteView column_blob(int column) const override { return as_bytes(column_text(column)); }
  bool column_is_null(int column) const override {
    return ::PQgetisnull(answer_.get(), row_, column) != 0;
  }

 protected:
  // The next row of the answer. Errors: kOverflow, kDatabase (a value that we cannot read).
  Result<bool> next_row(const Link& link) {
    texts_.clear();
    if (++row_ >= ::PQntuples(answer_.get())) return false;
    for (int i = 0; i < ::PQnfields(answer_.get()); ++i) {
      if (column_is_null(i) || is_bytes(type(i))) continue;
      const auto number = decode_int(type(i), value(i));
      if (!number) return link.fail_with(number.error().code, number.error().what);
    }
    return true;
  }
  void take(Answer answer) {
    answer_ = std::move(answer);
    row_ = -1;
  }
  void drop() {
    texts_.clear();
    answer_.reset();
  }
  bool has_answer() const { return answer_ != nullptr; }
  int rows() const { return ::PQntuples(answer_.get()); }

 private:
  Oid type(int column) const { return ::PQftype(answer_.get(), column); }
  std::string_view value(int column) const {
    return {::PQgetvalue(answer_.get(), row_, column),
            static_cast<std::size_t>(::PQgetlength(answer_.get(), row_, column))};
  }

  Answer answer_;
  int row_ = -1;
  mutable std::map<int, std::string>
      texts_;  // of this row's numbers, as far as they were asked for
};

class PreparedStatement final : public AnsweredStatement {
 public:
  PreparedStatement(PostgresConnection& owner, Prepared& prepared)
      : owner_(owner), prepared_(prepared), values_(prepared.types.size()) {}

  void bind_int(int position, std::int64_t value) override {
    bind(position, [&](Oid type) { return encode_int(type, value); });
  }
  void bind_text(int position, std::string_view value) override {
    bind(position, [&](Oid type) { return encode_bytes(type, value); });
  }
  void bind_blob(int position, ByteView value) override { bind_text(position, as_text(value)); }
  void bind_null(int position) override { values_.at(index(position)).reset(); }

  Result<bool> step() override;
  Result<void> run() override;
  void reset() override { drop(); }

 private:
  std::size_t index(int position) const {
    CORE_CHECK(position >= 1 && static_cast<std::size_t>(position) <= values_.size());
    return static_cast<std::size_t>(position - 1);
  }
  template <typename Encode>
  void bind(int position, Encode encode) {
    const std::size_t at = index(position);
    auto value = encode(prepared_.types[at]);
    if (value) {
      values_[at] = std::move(value).value();
    } else {
      bind_error_ = value.error();
    }
  }
  Result<void> check_binding();

  PostgresConnection& owner_;
  Prepared& prepared_;
  Values values_;
  std::optional<Error> bind_error_;
};

class Cursor final : public AnsweredStatement {
 public:
  Cursor(PostgresConnection& owner, std::string name, std::string sql)
      : owner_(owner), name_(std::move(name)), sql_(std::move(sql)) {}
  ~Cursor() override { reset(); }

  void bind_int(int, std::int64_t) override { CORE_CHECK(false); }
  void bind_text(int, std::string_view) override { CORE_CHECK(false); }
  void bind_blob(int, ByteView) override { CORE_CHECK(false); }
  void bind_null(int) override { CORE_CHECK(false); }

  Result<bool> step() override;
  Result<void> run() override {
    while (true) {
      TRY_ASSIGN(const bool more, step());
      if (!more) return {};
    }
  }
  void reset() override;

 private:
  PostgresConnection& owner_;
  std::string name_;
  std::string sql_;
};

class PostgresConnection final : public sql::Connection {
 public:
  PostgresConnection(Link link, OpenOptions options) : link_(std::move(link)), options_(options) {}

  Result<void> prepare_session();

  const std::string& name() const override { return link_.name(); }
  Result<std::unique_ptr<sql::StatementHandle>> prepare(std::string_view sql,
                                                        sql::Rows rows) override;
  Result<void> exec(const std::string& sql) override {
    TRY(write_rows());
    TRY(link_.ask(sql));
    return {};
  }
  Result<sql::Marks> marks() override;
  Result<void> create_tables(const std::string& schema, const sql::Marks& marks) override;
  Result<void> begin() override;
  Result<void> commit() override;
  void rollback() override;

  Link& link() { return link_; }
  // What was inserted so far is where the next command looks for it.
  Result<void> write_rows();
  Result<void> write_rows(Prepared& prepared);

 private:
  Result<std::int64_t> number(const std::string& sql);

  Link link_;
  OpenOptions options_;
  std::map<std::string, Prepared, std::less<>> prepared_;  // by our text; entries stay in place
  std::size_t unwritten_ = 0;                              // bytes of rows
  std::size_t cursors_ = 0;
  friend class PreparedStatement;
};

Result<void> PreparedStatement::check_binding() {
  if (!bind_error_) return {};
  const Error error = *std::exchange(bind_error_, std::nullopt);
  return owner_.link().fail_with(error.code, error.what);
}

Result<bool> PreparedStatement::step() {
  if (!has_answer()) {
    TRY(check_binding());
    TRY(owner_.write_rows());
    TRY_ASSIGN(Answer answer, owner_.link().ask_prepared(prepared_.name, values_));
    take(std::move(answer));
  }
  auto row = next_row(owner_.link());
  if (!row || !*row) drop();
  return row;
}

Result<void> PreparedStatement::run() {
  drop();
  TRY(check_binding());
  if (prepared_.copy_target.empty()) {
    TRY(owner_.write_rows());
    return owner_.link().send_prepared(prepared_.name, values_);
  }
  const std::size_t before = prepared_.rows.size();
  append_copy_row(prepared_.rows, values_.data(), values_.size());
  owner_.unwritten_ += prepared_.rows.size() - before;
  return prepared_.rows.size() < kCopyBytesMax ? Result<void>{} : owner_.write_rows(prepared_);
}

Result<bool> Cursor::step() {
  if (!has_answer()) {
    TRY(owner_.write_rows());
    TRY(owner_.link().ask("DECLARE " + name_ + " NO SCROLL CURSOR FOR " + sql_));
  }
  while (true) {
    const bool is_last = has_answer() && rows() < kCursorRows;
    if (has_answer()) {
      TRY_ASSIGN(const bool more, next_row(owner_.link()));
      if (more) return true;
      if (is_last) {
        reset();
        return false;
      }
    }
    TRY_ASSIGN(Answer answer,
               owner_.link().ask_rows("FETCH " + std::to_string(kCursorRows) + " FROM " + name_));
    take(std::move(answer));
  }
}

// In a transaction that failed the cursor is gone already.
void Cursor::reset() {
  if (!has_answer()) return;
  drop();
  if (!owner_.link().has_failed()) static_cast<void>(owner_.link().ask("CLOSE " + name_));
}

// A role's or a database's own settings must not weaken a commit, or end a replay in its midst.
Result<void> PostgresConnection::prepare_session() {
  TRY(
      link_.ask("SELECT set_config('synchronous_commit', 'on', false) "
                "WHERE current_setting('synchronous_commit') IN ('off', 'local'); "
                "SET statement_timeout = 0; SET lock_timeout = 0; "
                "SET idle_in_transaction_session_timeout = 0; SET cursor_tuple_fraction = 1; "
                "SET work_mem = '64MB'; SET standard_conforming_strings = on"));
  TRY_ASSIGN(const std::int64_t utf8,
             number("SELECT (current_setting('server_encoding') = 'UTF8')::int4"));
  if (utf8 != 1) return link_.fail_with(Errc::kDatabase, "the database's encoding is not UTF8");
  TRY_ASSIGN(const std::int64_t schema, number("SELECT (current_schema() IS NOT NULL)::int4"));
  if (schema != 1) return link_.fail_with(Errc::kDatabase, "search_path names no schema");
  if (options_.read_only) TRY(link_.ask("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"));
  return {};
}

Result<std::int64_t> PostgresConnection::number(const std::string& sql) {
  TRY_ASSIGN(const Answer answer, link_.ask_rows(sql));
  if (::PQntuples(answer.get()) == 0) return link_.fail_with(Errc::kNotFound, "no row: " + sql);
  return decode_int(::PQftype(answer.get(), 0),
                    {::PQgetvalue(answer.get(), 0, 0),
                     static_cast<std::size_t>(::PQgetlength(answer.get(), 0, 0))});
}

Result<std::unique_ptr<sql::StatementHandle>> PostgresConnection::prepare(std::string_view sql,
                                                                          sql::Rows rows) {
  using Handle = std::unique_ptr<sql::StatementHandle>;
  if (rows == sql::Rows::kSome) {
    const std::string cursor = "cursor_" + std::to_string(++cursors_);
    return Handle(std::make_unique<Cursor>(*this, cursor, query_text(sql)));
  }
  auto it = prepared_.find(sql);
  if (it == prepared_.end()) {
    Prepared fresh;
    fresh.name = "statement_" + std::to_string(prepared_.size() + 1);
    fresh.copy_target = copy_target(sql);
    TRY_ASSIGN(fresh.types, link_.prepare(fresh.name, query_text(sql)));
    it = prepared_.emplace(std::string(sql), std::move(fresh)).first;
  }
  return Handle(std::make_unique<PreparedStatement>(*this, it->second));
}

Result<sql::Marks> PostgresConnection::marks() {
  TRY(write_rows());
  sql::Marks out;
  TRY_ASSIGN(const std::int64_t tables,
             number("SELECT COUNT(*) FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND "
                    "relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = "
                    "current_schema())"));
  out.is_empty = tables == 0;
  TRY_ASSIGN(const std::int64_t columns,
             number("SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = "
                    "current_schema() AND table_name = 'sql_marks' AND data_type = 'bigint' AND "
                    "column_name IN ('application', 'version')"));
  if (columns != 2) return out;
  TRY_ASSIGN(out.application, number("SELECT COALESCE(MAX(application), 0) FROM sql_marks"));
  TRY_ASSIGN(out.version, number("SELECT COALESCE(MAX(version), 0) FROM sql_marks"));
  return out;
}

Result<void> PostgresConnection::create_tables(const std::string& schema, const sql::Marks& marks) {
  TRY(exec(schema_text(schema)));
  return exec(
      "CREATE TABLE sql_marks(application BIGINT NOT NULL, version BIGINT NOT NULL); "
      "INSERT INTO sql_marks VALUES(" +
      std::to_string(marks.application) + ", " + std::to_string(marks.version) + ")");
}

// Read committed, and not repeatable read: a snapshot from before the lock would miss what the
// writer before us committed.
Result<void> PostgresConnection::begin() {
  CORE_CHECK(!options_.read_only);
  link_.forget_failure();
  TRY(link_.ask("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"));
  constexpr auto kPause = std::chrono::milliseconds(10);
  const auto end =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(options_.busy_timeout_ms);
  while (true) {
    TRY_ASSIGN(const std::int64_t locked,
               number(std::string("SELECT pg_try_advisory_xact_lock(") + kLock +
                      ", oid::int4)::int4 FROM pg_namespace WHERE nspname = current_schema()"));
    if (locked == 1) return {};
    if (std::chrono::steady_clock::now() >= end) {
      rollback();
      return link_.fail_with(Errc::kBusy, "in use by another process");
    }
    std::this_thread::sleep_for(kPause);
  }
}

// To COMMIT in a transaction that failed, PostgreSQL answers without an error: ROLLBACK.
Result<void> PostgresConnection::commit() {
  TRY(write_rows());
  TRY(link_.settle());
  if (link_.has_failed()) {
    return link_.fail_with(Errc::kDatabase, "a statement before the commit failed");
  }
  const auto answer = link_.ask("COMMIT");
  if (!answer && answer.error().code == Errc::kNetwork) {
    return fail(Errc::kNetwork, answer.error().what +
                                    "; whether everything was written or nothing is not known: "
                                    "run it again");
  }
  if (!answer) return fail(answer.error());
  if (std::string_view(::PQcmdStatus(answer->get())) != "COMMIT") {
    return link_.fail_with(Errc::kDatabase, "the server took the transaction back");
  }
  return {};
}

void PostgresConnection::rollback() {
  for (auto& [text, prepared] : prepared_) prepared.rows.clear();
  unwritten_ = 0;
  static_cast<void>(link_.settle());
  static_cast<void>(link_.ask("ROLLBACK"));
}

Result<void> PostgresConnection::write_rows() {
  if (unwritten_ == 0) return {};
  for (auto& [text, prepared] : prepared_) {
    if (!prepared.rows.empty()) TRY(write_rows(prepared));
  }
  return {};
}

Result<void> PostgresConnection::write_rows(Prepared& prepared) {
  const std::string rows = std::exchange(prepared.rows, {});
  unwritten_ -= rows.size();
  return link_.copy(prepared.copy_target, rows);
}

}  // namespace

bool is_url(std::string_view name) {
  return name.starts_with("postgres://") || name.starts_with("postgresql://");
}

Result<sql::Database> open(const std::string& url, OpenOptions options) {
  TRY_ASSIGN(Link link, Link::open(url));
  auto connection = std::make_unique<PostgresConnection>(std::move(link), options);
  TRY(connection->prepare_session());
  return sql::Database(std::move(connection));
}

}  // namespace core::postgres
