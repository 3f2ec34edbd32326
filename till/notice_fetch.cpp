// NoticeFetch: in the order of the log, with one look at the roster and one new beginning at most.
#include "till/notice_fetch.h"

#include "core/envelope/roster.h"
#include "core/wire/relay_client.h"

namespace till {
namespace {

using core::Result;
using core::envelope::BlobName;
using Taken = Notices::Taken;

// Of one fetching: a feed has some 70 at most that a till needs.
constexpr std::uint64_t kNoticesMax = 10'000;

class Fetch {
 public:
  Fetch(Till& till, const NoticePorts& ports) : till_(till), ports_(ports) {}

  Result<FetchReport> go() {
    TRY(look_for_next_key());
    TRY_ASSIGN(report_.key_taken, till_.take_next_key());
    read_as(till_.read_credential());
    TRY(read_feeds());
    // Keys come first, and a notice that becomes readable may name pieces.
    TRY(put_into_force());
    TRY_ASSIGN(const auto missing, till_.notices().missing_pieces());
    for (const BlobName& piece : missing) TRY(fetch(piece));
    if (report_.pieces > 0) TRY(put_into_force());
    return report_;
  }

 private:
  void read_as(const core::wire::ReadCredential& credential) {
    if (ports_.read_as) ports_.read_as(credential);
  }

  // The relay gives the roster to a key that is on it. So a key that is not enrolled yet is told so
  // in a few bytes.
  Result<void> look_for_next_key() {
    TRY_ASSIGN(const auto next, till_.next_key_credential());
    if (!next) return {};
    read_as(*next);
    const auto bytes = ports_.roster();
    if (!bytes && bytes.error().code == core::Errc::kBadSignature) return {};
    if (!bytes) return core::fail(bytes.error());
    TRY_ASSIGN(const auto roster, read_roster(*bytes));
    TRY(till_.notices().learn(roster));
    return till_.find_next_key(roster);
  }

  Result<core::envelope::Roster> read_roster(const core::Bytes& bytes) {
    TRY_ASSIGN(const core::envelope::PublicKey root, till_.notices().root());
    TRY_ASSIGN(const TillStatus status, till_.status());
    return core::envelope::Roster::read(bytes, status.origin, root);
  }

  // One that the relay lost holds up what names it, and nothing else.
  Result<void> fetch(const BlobName& piece) {
    const auto bytes = ports_.piece(piece);
    const bool is_lost = !bytes && (bytes.error().code == core::Errc::kNotFound ||
                                    bytes.error().code == core::Errc::kProtocol);
    if (is_lost) {
      report_.trouble = "piece " + piece.hash.hex() + ": " + bytes.error().what;
      return {};
    }
    if (!bytes) return core::fail(bytes.error());
    TRY(till_.notices().keep_piece(piece, *bytes));
    ++report_.pieces;
    return {};
  }

  Result<void> read_feeds() {
    TRY_ASSIGN(const auto reached, till_.notices().reached());
    TRY_ASSIGN(const bool all, read_from(reached));
    if (all) return {};
    // The relay may have lost its own place, or the till its journal's end: once from the start.
    TRY(till_.notices().begin_again());
    TRY_ASSIGN(const bool now, read_from(std::nullopt));
    if (!now) report_.trouble = "the relay leaves out a notice of head office";
    return {};
  }

  // False: one is missing before another, where the reading ended.
  Result<bool> read_from(std::optional<core::LogIndex> after) {
    bool gap = false;
    const auto read = ports_.ask(after, [&](core::LogIndex index, const core::Bytes& message) {
      return take(index, message, gap);
    });
    if (gap) return false;
    if (!read) return core::fail(read.error());
    return true;
  }

  Result<void> take(core::LogIndex index, const core::Bytes& message, bool& gap) {
    if (++seen_ > kNoticesMax) {
      return core::fail(core::Errc::kProtocol, "the relay goes on with notices without an end");
    }
    TRY_ASSIGN(Taken taken, till_.notices().take(index, message));
    if (taken == Taken::kUnknownKey && !asked_for_roster_) {
      asked_for_roster_ = true;
      TRY(learn_roster());
      TRY_ASSIGN(taken, till_.notices().take(index, message));
    }
    if (taken == Taken::kNew) ++report_.fetched;
    if (taken == Taken::kUnknownKey) {
      report_.trouble = "a notice of a key that is not head office's was passed over";
    }
    gap = taken == Taken::kGap;
    if (gap) return core::fail(core::Errc::kState, "a notice is missing before it");
    return {};
  }

  Result<void> learn_roster() {
    TRY_ASSIGN(const core::Bytes bytes, ports_.roster());
    TRY_ASSIGN(const auto roster, read_roster(bytes));
    return till_.notices().learn(roster);
  }

  Result<void> put_into_force() {
    TRY_ASSIGN(const std::uint64_t done, till_.take_notices());
    report_.in_force += done;
    return {};
  }

  Till& till_;
  const NoticePorts& ports_;
  FetchReport report_;
  bool asked_for_roster_ = false;
  std::uint64_t seen_ = 0;
};

}  // namespace

Result<FetchReport> fetch_notices(Till& till, const NoticePorts& ports) {
  return Fetch(till, ports).go();
}

}  // namespace till
