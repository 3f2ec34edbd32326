// Link: one connection to a PostgreSQL server. Commands whose answers nobody waits for are sent on
// (libpq's pipeline mode) and settled before the next question; what one of them refused is said
// then, and again by the commit. Must not know SQL texts of its owner, or what they are for.
// Source: PostgreSQL 15 manual, chapter 34 "libpq".
#pragma once

#include <libpq-fe.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/postgres/values.h"

namespace core::postgres {

struct ClearResult {
  void operator()(PGresult* result) const { ::PQclear(result); }
};
using Answer = std::unique_ptr<PGresult, ClearResult>;

// A parameter's values in binary form; nullopt: NULL.
using Values = std::vector<std::optional<std::string>>;

class Link {
 public:
  // `url`: postgres://user@host/database?..., as libpq takes it.
  // Errors: kUsage (no URL that can be read; the text does not show it), kNetwork (not reached, or
  // refused), kDatabase (a server older than 15).
  static Result<Link> open(const std::string& url);

  // The URL without its password, for people.
  const std::string& name() const { return name_; }
  // A statement took back everything of its transaction.
  bool has_failed() const { return failed_; }

  // Texts without parameters, one or more; the last one's answer, its rows as text.
  Result<Answer> ask(const std::string& sql);
  // One text, and its rows in binary form.
  Result<Answer> ask_rows(const std::string& sql);
  Result<Answer> ask_prepared(const std::string& statement, const Values& values);
  // The types of its parameters.
  Result<std::vector<Oid>> prepare(const std::string& statement, const std::string& sql);
  // Sends it and does not wait. Errors: kNetwork, and those of what was sent before.
  Result<void> send_prepared(const std::string& statement, const Values& values);
  // `rows` as append_copy_row() makes them.
  Result<void> copy(const std::string& target, std::string_view rows);
  // Waits for all answers. Errors: the first that came.
  Result<void> settle();
  // After it nothing has failed.
  void forget_failure() { failed_ = false; }

  Unexpected fail_with(Errc code, const std::string& what) const {
    return fail(code, name_ + ": " + what);
  }

 private:
  struct Finish {
    void operator()(PGconn* connection) const { ::PQfinish(connection); }
  };
  explicit Link(PGconn* connection) : connection_(connection) {}

  Result<Answer> checked(PGresult* result);
  Unexpected refused(const PGresult* result);
  Unexpected lost();

  std::unique_ptr<PGconn, Finish> connection_;
  std::string name_;
  std::size_t pending_ = 0;  // sent, and not answered yet
  bool failed_ = false;
};

}  // namespace core::postgres
