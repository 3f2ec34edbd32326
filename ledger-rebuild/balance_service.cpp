// BalanceService: whose request, what it asks, and the signature under the answer.
#include "ledger-rebuild/balance_service.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "core/envelope/key_files.h"
#include "ledger-rebuild/decisions.h"
#include "ledger-rebuild/rotations.h"

namespace rebuild {

using core::Errc;
using core::fail;
using core::Result;
using core::envelope::Enrolment;
using core::retail::PointsAnswer;
using core::retail::PointsAsk;
using core::retail::PointsRequest;
using core::retail::PointsVerdict;

namespace {

BalanceReply text_reply(int status, const std::string& text) {
  return {status, core::to_bytes(core::as_bytes(text + "\n"))};
}

}  // namespace

Result<std::unique_ptr<BalanceService>> BalanceService::open(const BalanceOptions& options) {
  TRY_ASSIGN(Holds holds, Holds::open(options.holds));
  std::unique_ptr<BalanceService> out(new BalanceService(options, std::move(holds)));
  TRY(out->follow_head_office());
  TRY_ASSIGN(const Books books, Books::open(options.books));
  TRY_ASSIGN(const std::string origin, books.origin());
  if (origin != out->roster_->origin()) {
    return fail(Errc::kMalformed, options.books.string() + ": the books are of log '" + origin +
                                      "', head office's is '" + out->roster_->origin() + "'");
  }
  return out;
}

Result<BalanceService::FileMark> BalanceService::mark_of_roster() const {
  const auto file = options_.head_office / core::envelope::kRosterFile;
  struct stat found {};
  if (::stat(file.c_str(), &found) != 0) {
    return fail(errno == ENOENT ? Errc::kNotFound : Errc::kIo,
                file.string() + ": " + std::strerror(errno));
  }
  return FileMark{found.st_ino, found.st_size,
                  std::int64_t{found.st_mtim.tv_sec} * 1'000'000'000 + found.st_mtim.tv_nsec};
}

Result<void> BalanceService::follow_head_office() {
  TRY_ASSIGN(const FileMark now, mark_of_roster());
  if (roster_ && now == read_) return {};
  TRY_ASSIGN(auto file, core::envelope::read_roster_file(options_.head_office));
  const Enrolment* office = file.roster.office();
  if (office == nullptr) {
    return fail(Errc::kNotFound, options_.head_office.string() +
                                     ": the roster has no key of every day to sign answers with");
  }
  const auto key_file = office_key_file(options_.head_office, office->epoch);
  TRY_ASSIGN(const auto key, core::envelope::read_private_key(key_file));
  if (key.public_key() != office->key) {
    return fail(Errc::kMalformed, key_file.string() + ": not the key that the roster names");
  }
  key_ = key;
  roster_ = std::move(file.roster);
  read_ = now;
  return {};
}

// A key whose next one it asked for itself speaks until its till changes to that.
Result<bool> BalanceService::is_of_present_till(const Enrolment& who) const {
  const core::Epoch latest = roster_->latest_epoch(who.till);
  if (who.epoch == latest) return true;
  if (who.epoch.value + 1 != latest.value) return false;
  const auto books = Books::open_one_moment(options_.books);
  if (!books) return fail(Errc::kBusy, books.error().what);
  return was_asked_for(*books, who, roster_->find(who.till, latest)->key);
}

Result<HoldOwner> BalanceService::owner_of(const core::envelope::Statement& statement) const {
  const Enrolment* who = roster_->find(statement.kid);
  if (who == nullptr || core::envelope::is_head_office(who->till)) {
    return fail(Errc::kUnknownKey, "the key is no till's on head office's roster");
  }
  if (!core::envelope::verify_statement(statement, who->key)) {
    return fail(Errc::kBadSignature, "the signature is not the till's");
  }
  if (who->revoked) return fail(Errc::kUnknownKey, "head office revoked the till's key");
  TRY_ASSIGN(const bool is_present, is_of_present_till(*who));
  if (!is_present) {
    return fail(Errc::kUnknownKey,
                "the till has another key since: this is one of epoch " + to_string(who->epoch));
  }
  return HoldOwner{statement.kid, who->till, who->epoch};
}

Result<PointsAnswer> BalanceService::act(const HoldOwner& owner, const PointsRequest& request) {
  PointsAnswer out;
  out.verdict = PointsVerdict::kDone;
  if (request.ask == PointsAsk::kHold) {
    TRY_ASSIGN(const HoldVerdict verdict,
               holds_.hold(owner, request, [this] { return open_books(); }));
    out.verdict = verdict.verdict;
    out.available = verdict.available;
    out.reason = verdict.reason;
  } else if (request.ask == PointsAsk::kRelease) {
    TRY(holds_.release(owner, request));
  }
  if (options_.total_points > 0) {
    const core::BusinessDay through{
        std::min(request.day.days + options_.days, core::BusinessDay::kMax)};
    out.allowance = core::retail::sign_points_allowance(
        {owner.till, owner.epoch, through, options_.member_points, options_.total_points},
        roster_->origin(), *key_);
  }
  return out;
}

// That they cannot be read now is no reason to end: only the holds' file is the service's own.
Result<BookedPoints> BalanceService::open_books() const {
  auto books = BookedPoints::open(options_.books);
  if (!books) return fail(Errc::kBusy, books.error().what);
  return books;
}

BalanceReply BalanceService::fail_with(const core::Error& error) {
  if (error.code == Errc::kSyncFailed || error.code == Errc::kIo) fatal_ = error;
  return text_reply(503, "not now: " + std::string(core::errc_text(error.code)));
}

BalanceReply BalanceService::answer(core::ByteView body) {
  if (body.size() > core::retail::kPointsRequestSizeMax) {
    return text_reply(413, "a request has at most " +
                               std::to_string(core::retail::kPointsRequestSizeMax) + " bytes");
  }
  const auto statement =
      core::envelope::parse_statement(body, core::envelope::StatementType::kPointsRequest);
  if (!statement) return text_reply(400, "no request: " + statement.error().what);
  if (const auto followed = follow_head_office(); !followed) {
    return text_reply(503, "not now: the roster or the key cannot be read");
  }
  PointsAnswer out;
  const auto owner = owner_of(*statement);
  const bool is_verdict =
      owner || owner.error().code == Errc::kUnknownKey || owner.error().code == Errc::kBadSignature;
  if (!is_verdict) return fail_with(owner.error());
  const auto request = core::retail::decode_points_request(statement->payload);
  if (!owner) {
    out.reason = owner.error().what;
  } else if (!request) {
    out.reason = request.error().what;
  } else {
    auto acted = act(*owner, *request);
    if (!acted) return fail_with(acted.error());
    out = std::move(*acted);
  }
  out.request = core::envelope::sha256(body);
  return {200, core::retail::sign_points_answer(out, roster_->origin(), *key_)};
}

}  // namespace rebuild
