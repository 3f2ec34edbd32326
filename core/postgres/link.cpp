// Link: libpq, behind Result.
#include "core/postgres/link.h"

#include <array>
#include <limits>

#include "core/base/check.h"

namespace core::postgres {
namespace {

constexpr int kOldestServer = 150000;
// Commands on their way. Their answers must fit the buffers between: the server would not read on
// otherwise, and neither would we.
constexpr std::size_t kPendingMax = 256;
constexpr int kBinary = 1;

std::string one_line(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '\n' ? ' ' : c;
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

// Source: PostgreSQL 15 manual, appendix A "PostgreSQL Error Codes".
Errc code_of_state(std::string_view state) {
  if (state == "53100") return Errc::kDiskFull;
  if (state == "XX001" || state == "XX002") return Errc::kDamaged;
  if (state == "55P03" || state == "40001" || state == "40P01") return Errc::kBusy;
  if (state == "22003") return Errc::kOverflow;
  if (state.starts_with("58")) return Errc::kIo;
  if (state.starts_with("08") || state.starts_with("57P")) return Errc::kNetwork;
  return Errc::kDatabase;
}

std::string field(const PGresult* result, int which) {
  const char* text = ::PQresultErrorField(result, which);
  return text == nullptr ? std::string() : one_line(text);
}

std::string shown_name(PGconn* connection) {
  const auto text = [](const char* value) { return std::string(value == nullptr ? "" : value); };
  const std::string host = text(::PQhost(connection));
  const std::string port = text(::PQport(connection));
  const bool is_socket = host.empty() || host.front() == '/' || host.front() == '@';
  const std::string user = text(::PQuser(connection)) + "@";
  const std::string database = "/" + text(::PQdb(connection));
  if (is_socket) return "postgres://" + user + database + "?host=" + host + "&port=" + port;
  return "postgres://" + user + host + ":" + port + database;
}

// libpq's parameters: pointers, sizes and formats side by side.
struct Parameters {
  explicit Parameters(const Values& values) {
    for (const auto& value : values) {
      texts.push_back(value ? value->data() : nullptr);
      CORE_CHECK(!value || value->size() <= std::numeric_limits<int>::max());
      sizes.push_back(value ? static_cast<int>(value->size()) : 0);
      formats.push_back(kBinary);
    }
  }
  int count() const { return static_cast<int>(texts.size()); }
  std::vector<const char*> texts;
  std::vector<int> sizes, formats;
};

// A text that cannot be read may have a password anywhere, and libpq's error would quote it.
bool is_readable(const std::string& url) {
  PQconninfoOption* options = ::PQconninfoParse(url.c_str(), nullptr);
  if (options == nullptr) return false;
  ::PQconninfoFree(options);
  return true;
}

}  // namespace

Result<Link> Link::open(const std::string& url) {
  if (!is_readable(url)) {
    return fail(Errc::kUsage,
                "the books' URL cannot be read; it looks like postgres://user@host/database");
  }
  const std::array<const char*, 4> names = {"dbname", "fallback_application_name",
                                            "client_encoding", nullptr};
  const std::array<const char*, 4> values = {url.c_str(), "daybook-rebuild", "UTF8", nullptr};
  constexpr int kExpandUrl = 1;
  Link link(::PQconnectdbParams(names.data(), values.data(), kExpandUrl));
  CORE_CHECK(link.connection_ != nullptr);  // out of memory
  PGconn* connection = link.connection_.get();
  link.name_ = shown_name(connection);
  if (::PQstatus(connection) != CONNECTION_OK) {
    return link.fail_with(Errc::kNetwork, one_line(::PQerrorMessage(connection)));
  }
  ::PQsetNoticeProcessor(
      connection, [](void*, const char*) {}, nullptr);
  if (const int version = ::PQserverVersion(connection); version < kOldestServer) {
    return link.fail_with(Errc::kDatabase, "PostgreSQL " + std::to_string(version / 10000) +
                                               "; 15 or a later one is needed");
  }
  return link;
}

// Of a connection that is gone, PostgreSQL has taken back what was not committed.
Unexpected Link::lost() {
  failed_ = true;
  return fail_with(Errc::kNetwork, one_line(::PQerrorMessage(connection_.get())));
}

Unexpected Link::refused(const PGresult* result) {
  failed_ = true;
  const std::string state = field(result, PG_DIAG_SQLSTATE);
  if (state.empty() || ::PQstatus(connection_.get()) == CONNECTION_BAD) {
    const std::string what = one_line(::PQresultErrorMessage(result));
    return fail_with(Errc::kNetwork, what.empty() ? "the connection was lost" : what);
  }
  std::string what = field(result, PG_DIAG_MESSAGE_PRIMARY);
  const std::string detail = field(result, PG_DIAG_MESSAGE_DETAIL);
  if (!detail.empty()) what += "; " + detail;
  return fail_with(code_of_state(state), what + " (PostgreSQL " + state + ")");
}

Result<Answer> Link::checked(PGresult* result) {
  Answer answer(result);
  if (!answer) return lost();
  const ExecStatusType status = ::PQresultStatus(answer.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_COPY_IN) {
    return refused(answer.get());
  }
  return answer;
}

Result<Answer> Link::ask(const std::string& sql) {
  TRY(settle());
  return checked(::PQexec(connection_.get(), sql.c_str()));
}

Result<Answer> Link::ask_rows(const std::string& sql) {
  TRY(settle());
  return checked(::PQexecParams(connection_.get(), sql.c_str(), 0, nullptr, nullptr, nullptr,
                                nullptr, kBinary));
}

Result<Answer> Link::ask_prepared(const std::string& statement, const Values& values) {
  TRY(settle());
  const Parameters p(values);
  return checked(::PQexecPrepared(connection_.get(), statement.c_str(), p.count(), p.texts.data(),
                                  p.sizes.data(), p.formats.data(), kBinary));
}

Result<std::vector<Oid>> Link::prepare(const std::string& statement, const std::string& sql) {
  TRY(settle());
  TRY(checked(::PQprepare(connection_.get(), statement.c_str(), sql.c_str(), 0, nullptr)));
  TRY_ASSIGN(const Answer described,
             checked(::PQdescribePrepared(connection_.get(), statement.c_str())));
  std::vector<Oid> types;
  types.reserve(static_cast<std::size_t>(::PQnparams(described.get())));
  for (int i = 0; i < ::PQnparams(described.get()); ++i) {
    types.push_back(::PQparamtype(described.get(), i));
  }
  return types;
}

Result<void> Link::send_prepared(const std::string& statement, const Values& values) {
  if (pending_ >= kPendingMax) TRY(settle());
  PGconn* connection = connection_.get();
  if (pending_ == 0 && ::PQenterPipelineMode(connection) != 1) return lost();
  const Parameters p(values);
  ++pending_;
  const int sent = ::PQsendQueryPrepared(connection, statement.c_str(), p.count(), p.texts.data(),
                                         p.sizes.data(), p.formats.data(), kBinary);
  return sent == 1 ? Result<void>{} : lost();
}

// Each command's answers end with a null pointer; what comes after one that failed is skipped by
// the server, up to the sync.
Result<void> Link::settle() {
  if (pending_ == 0) return {};
  pending_ = 0;
  PGconn* connection = connection_.get();
  if (::PQpipelineSync(connection) != 1) return lost();
  std::optional<Unexpected> error;
  while (true) {
    const Answer answer(::PQgetResult(connection));
    if (!answer) {
      if (::PQstatus(connection) == CONNECTION_BAD) return error ? *error : lost();
      continue;
    }
    const ExecStatusType status = ::PQresultStatus(answer.get());
    if (status == PGRES_PIPELINE_SYNC) break;
    const bool good = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
    if (!good && !error) error = refused(answer.get());
  }
  if (::PQexitPipelineMode(connection) != 1) return lost();
  if (error) return *error;
  return {};
}

Result<void> Link::copy(const std::string& target, std::string_view rows) {
  TRY(ask("COPY " + target + " FROM STDIN (FORMAT binary)"));
  PGconn* connection = connection_.get();
  for (const std::string_view piece : {copy_head(), rows, copy_tail()}) {
    if (::PQputCopyData(connection, piece.data(), static_cast<int>(piece.size())) != 1) {
      return lost();
    }
  }
  if (::PQputCopyEnd(connection, nullptr) != 1) return lost();
  const auto answer = checked(::PQgetResult(connection));
  while (Answer(::PQgetResult(connection))) {
  }
  if (!answer) return fail(answer.error());
  return {};
}

}  // namespace core::postgres
