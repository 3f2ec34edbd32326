// Database: the SQLite C interface, behind Result.
#include "core/sqlite/database.h"

#include <fcntl.h>
// The functions for keys are declared for those who ask.
#define SQLITE_HAS_CODEC 1
#include <sqlcipher/sqlite3.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>
#include <vector>

#include "core/sqlite/page_checks.h"

// Another header of the same name would mean another library.
static_assert(SQLITE_VERSION_NUMBER >= 3046000, "SQLCipher 4.6 is built on SQLite 3.46");

namespace core::sqlite {

struct PooledStatement {
  std::string sql;
  sqlite3_stmt* handle = nullptr;
  bool lent = false;
};

struct DatabaseImpl {
  std::filesystem::path path;
  sqlite3* handle = nullptr;
  std::vector<PooledStatement> pool;  // a few dozen at most: a scan is cheaper than a hash

  ~DatabaseImpl() {
    for (const PooledStatement& s : pool) {
      CORE_CHECK(!s.lent);
      sqlite3_finalize(s.handle);
    }
    sqlite3_close(handle);
  }
};

namespace {

Errc code_of(int extended) {
  switch (extended) {
    case SQLITE_IOERR_FSYNC:
    case SQLITE_IOERR_DIR_FSYNC:
      return Errc::kSyncFailed;
    case SQLITE_IOERR_DATA:
      return Errc::kDamaged;
    default:
      break;
  }
  switch (extended & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Errc::kBusy;
    case SQLITE_FULL:
      return Errc::kDiskFull;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Errc::kDamaged;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
      return Errc::kIo;
    default:
      return Errc::kDatabase;
  }
}

bool is_no_space(int error) {
  return error == ENOSPC || error == EDQUOT;
}

// SQLite says "full" of a write only: of a quota it says that the write failed, and of a file that
// could not be made, that it could not be opened.
bool is_full(const DatabaseImpl& db, int result) {
  if (result != SQLITE_IOERR_WRITE && (result & 0xff) != SQLITE_CANTOPEN) return false;
  if (db.handle != nullptr && is_no_space(sqlite3_system_errno(db.handle))) return true;
  if (result == SQLITE_IOERR_WRITE) return false;
  struct statvfs disk {};
  const std::filesystem::path directory = db.path.has_parent_path() ? db.path.parent_path() : ".";
  if (::statvfs(directory.c_str(), &disk) != 0) return false;
  return disk.f_bavail == 0 || (disk.f_files != 0 && disk.f_favail == 0);
}

Unexpected refused(const DatabaseImpl& db, int result) {
  const Errc code = is_full(db, result) ? Errc::kDiskFull : code_of(result);
  std::string what = db.path.string() + ": ";
  if (code == Errc::kBusy) what += "in use by another process; ";
  if (result == SQLITE_IOERR_DATA) what += "a page is not as it was written; ";
  if (code == Errc::kDiskFull) what += "free some space on its disk and try again; ";
  what += db.handle == nullptr ? sqlite3_errstr(result) : sqlite3_errmsg(db.handle);
  return fail(code, what + " (SQLite " + std::to_string(result) + ")");
}

sqlite3_stmt* as_statement(void* handle) {
  return static_cast<sqlite3_stmt*>(handle);
}

// SQLite's own creation would let everybody read the file.
Result<void> create_private(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) {
    const Errc code = is_no_space(errno) ? Errc::kDiskFull : Errc::kIo;
    return fail(code, path.string() + ": " + std::strerror(errno));
  }
  ::close(fd);
  return {};
}

// A raw key as SQLCipher takes it: x'64 digits'. Wiped when it goes.
class KeyText {
 public:
  explicit KeyText(ByteView key) {
    CORE_CHECK(key.size() == kKeySize);
    static constexpr char kDigits[] = "0123456789abcdef";
    char* out = text_.data();
    *out++ = 'x';
    *out++ = '\'';
    for (const std::uint8_t byte : key) {
      *out++ = kDigits[byte >> 4];
      *out++ = kDigits[byte & 15];
    }
    *out = '\'';
  }
  ~KeyText() { ::explicit_bzero(text_.data(), text_.size()); }
  KeyText(const KeyText&) = delete;
  KeyText& operator=(const KeyText&) = delete;

  const void* data() const { return text_.data(); }
  int size() const { return static_cast<int>(text_.size()); }

 private:
  std::array<char, 2 * kKeySize + 3> text_;
};

// By function, not by PRAGMA: the key is in no statement's text.
int set_key(sqlite3* handle, const OpenOptions& options) {
  const std::string page_size = std::to_string(options.page_size);
  std::string pragmas;
  if (!options.key.empty()) {
    const KeyText key(options.key);
    const int rc = sqlite3_key(handle, key.data(), key.size());
    if (rc != SQLITE_OK) return rc;
    // The parameters of version 4, whatever a later library's own are; nothing into files beside;
    // and what is wrong with a page is said by our errors, not by the library on stderr.
    pragmas =
        "PRAGMA cipher_compatibility=4; PRAGMA temp_store=MEMORY; PRAGMA cipher_log_level=NONE;";
    if (options.page_size != 0) pragmas += "PRAGMA cipher_page_size=" + page_size;
  } else if (options.page_size != 0) {
    pragmas = "PRAGMA page_size=" + page_size;
  }
  return sqlite3_exec(handle, pragmas.c_str(), nullptr, nullptr, nullptr);
}

}  // namespace

Unexpected damaged(const std::filesystem::path& file, std::string_view what) {
  return fail(Errc::kDamaged, file.string() + ": " + std::string(what));
}

Statement::Statement(Statement&& other) noexcept
    : owner_(other.owner_),
      handle_(std::exchange(other.handle_, nullptr)),
      bind_result_(other.bind_result_) {}

Statement::~Statement() {
  if (handle_ == nullptr) return;
  sqlite3_reset(as_statement(handle_));
  sqlite3_clear_bindings(as_statement(handle_));
  for (PooledStatement& s : owner_->pool) {
    if (s.handle == handle_) s.lent = false;
  }
}

Statement& Statement::bind_int(int position, std::int64_t value) {
  const int rc = sqlite3_bind_int64(as_statement(handle_), position, value);
  if (rc != SQLITE_OK) bind_result_ = rc;
  return *this;
}

Statement& Statement::bind_text(int position, std::string_view value) {
  const char* data = value.data() == nullptr ? "" : value.data();
  const int rc = sqlite3_bind_text64(as_statement(handle_), position, data, value.size(),
                                     SQLITE_TRANSIENT, SQLITE_UTF8);
  if (rc != SQLITE_OK) bind_result_ = rc;
  return *this;
}

Statement& Statement::bind_blob(int position, ByteView value) {
  // A null pointer would bind NULL, not an empty byte string.
  const void* data = value.empty() ? static_cast<const void*>("") : value.data();
  const int rc =
      sqlite3_bind_blob64(as_statement(handle_), position, data, value.size(), SQLITE_TRANSIENT);
  if (rc != SQLITE_OK) bind_result_ = rc;
  return *this;
}

Statement& Statement::bind_null(int position) {
  const int rc = sqlite3_bind_null(as_statement(handle_), position);
  if (rc != SQLITE_OK) bind_result_ = rc;
  return *this;
}

Result<bool> Statement::step() {
  if (bind_result_ != SQLITE_OK) return refused(*owner_, std::exchange(bind_result_, SQLITE_OK));
  const int rc = sqlite3_step(as_statement(handle_));
  if (rc == SQLITE_ROW) return true;
  if (rc == SQLITE_DONE) return false;
  Unexpected error = refused(*owner_, rc);
  reset();
  return error;
}

Result<void> Statement::run() {
  while (true) {
    TRY_ASSIGN(const bool row, step());
    if (!row) break;
  }
  reset();
  return {};
}

void Statement::reset() {
  sqlite3_reset(as_statement(handle_));
}

std::int64_t Statement::column_int(int column) const {
  return sqlite3_column_int64(as_statement(handle_), column);
}

std::string_view Statement::column_text(int column) const {
  const unsigned char* text = sqlite3_column_text(as_statement(handle_), column);
  if (text == nullptr) return {};
  const int size = sqlite3_column_bytes(as_statement(handle_), column);
  return {reinterpret_cast<const char*>(text), static_cast<std::size_t>(size)};
}

ByteView Statement::column_blob(int column) const {
  const void* data = sqlite3_column_blob(as_statement(handle_), column);
  if (data == nullptr) return {};
  const int size = sqlite3_column_bytes(as_statement(handle_), column);
  return {static_cast<const std::uint8_t*>(data), static_cast<std::size_t>(size)};
}

bool Statement::column_is_null(int column) const {
  return sqlite3_column_type(as_statement(handle_), column) == SQLITE_NULL;
}

ColumnType Statement::column_type(int column) const {
  switch (sqlite3_column_type(as_statement(handle_), column)) {
    case SQLITE_INTEGER:
      return ColumnType::kInteger;
    case SQLITE_TEXT:
      return ColumnType::kText;
    case SQLITE_NULL:
      return ColumnType::kNull;
    default:
      return ColumnType::kBlob;
  }
}

Result<Database> Database::open(const std::filesystem::path& path, OpenOptions options) {
  std::error_code ignored;
  if (!options.create && !std::filesystem::exists(path, ignored)) {
    return fail(Errc::kNotFound, path.string() + ": no such file");
  }
  if (options.create) TRY(create_private(path));
  auto impl = std::make_unique<DatabaseImpl>();
  impl->path = path;
  const int flags = (options.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) |
                    SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  // SQLCipher's pages have an HMAC each, in the same place.
  const char* vfs = options.key.empty() ? page_check_vfs() : nullptr;
  int rc = sqlite3_open_v2(path.c_str(), &impl->handle, flags, vfs);
  if (rc != SQLITE_OK) return refused(*impl, rc);
  // Before anything reads the file: what was read without the key would be no database.
  rc = set_key(impl->handle, options);
  if (rc != SQLITE_OK) return refused(*impl, rc);
  if (options.page_checks && options.key.empty()) {
    int reserved = kPageCheckSize;
    rc = sqlite3_file_control(impl->handle, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserved);
    if (rc != SQLITE_OK) return refused(*impl, rc);
  }
  sqlite3_busy_timeout(impl->handle, options.busy_timeout_ms);
  return Database(std::move(impl));
}

Database::Database(std::unique_ptr<DatabaseImpl> impl) : impl_(std::move(impl)) {}
Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&&) noexcept = default;
Database::~Database() = default;

Result<void> Database::exec(const std::string& sql) {
  const int rc = sqlite3_exec(impl_->handle, sql.c_str(), nullptr, nullptr, nullptr);
  if (rc != SQLITE_OK) return refused(*impl_, rc);
  return {};
}

Result<Statement> Database::prepare(std::string_view sql) {
  for (PooledStatement& s : impl_->pool) {
    if (!s.lent && s.sql == sql) {
      s.lent = true;
      return Statement(impl_.get(), s.handle);
    }
  }
  sqlite3_stmt* handle = nullptr;
  const int rc = sqlite3_prepare_v3(impl_->handle, sql.data(), static_cast<int>(sql.size()),
                                    SQLITE_PREPARE_PERSISTENT, &handle, nullptr);
  if (rc != SQLITE_OK) return refused(*impl_, rc);
  CORE_CHECK(handle != nullptr);  // an empty text
  impl_->pool.push_back(PooledStatement{std::string(sql), handle, true});
  return Statement(impl_.get(), handle);
}

Result<void> Database::rekey(ByteView key) {
  const KeyText text(key);
  const int rc = sqlite3_rekey(impl_->handle, text.data(), text.size());
  if (rc != SQLITE_OK) return refused(*impl_, rc);
  // It says OK whatever became of its commit, and leaves one that failed open: one more of the same
  // pages finishes it, or says why not. Of one that was done it commits nothing.
  TRY_ASSIGN(Transaction same, Transaction::begin(*this));
  return same.commit();
}

Result<std::int64_t> Database::query_int(std::string_view sql) {
  TRY_ASSIGN(Statement statement, prepare(sql));
  TRY_ASSIGN(const bool row, statement.step());
  if (!row) return fail(Errc::kNotFound, path().string() + ": no row for: " + std::string(sql));
  return statement.column_int(0);
}

Result<std::string> Database::query_text(std::string_view sql) {
  TRY_ASSIGN(Statement statement, prepare(sql));
  TRY_ASSIGN(const bool row, statement.step());
  if (!row) return fail(Errc::kNotFound, path().string() + ": no row for: " + std::string(sql));
  return std::string(statement.column_text(0));
}

bool Database::has_page_checks() const {
  int has = 0;
  sqlite3_file_control(impl_->handle, "main", kAskPageChecks, &has);
  return has == 1;
}

std::int64_t Database::changes() const {
  return sqlite3_changes64(impl_->handle);
}

const std::filesystem::path& Database::path() const {
  return impl_->path;
}

Result<Transaction> Transaction::begin(Database& database) {
  TRY_ASSIGN(Statement statement, database.prepare("BEGIN IMMEDIATE"));
  TRY(statement.run());
  return Transaction(database.impl_.get());
}

Transaction::Transaction(Transaction&& other) noexcept
    : owner_(std::exchange(other.owner_, nullptr)) {}

Transaction::~Transaction() {
  if (owner_ == nullptr || sqlite3_get_autocommit(owner_->handle) != 0) return;
  sqlite3_exec(owner_->handle, "ROLLBACK", nullptr, nullptr, nullptr);
}

Result<void> Transaction::commit() {
  CORE_CHECK(owner_ != nullptr);
  const int rc = sqlite3_exec(owner_->handle, "COMMIT", nullptr, nullptr, nullptr);
  if (rc != SQLITE_OK) return refused(*owner_, rc);
  owner_ = nullptr;
  return {};
}

}  // namespace core::sqlite
