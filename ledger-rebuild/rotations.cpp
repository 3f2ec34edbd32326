// Rotations: from the rows of key_requests, the roster and the chains' ends.
#include "ledger-rebuild/rotations.h"

#include <map>
#include <optional>
#include <set>
#include <utility>

#include "ledger-rebuild/places.h"
#include "ledger-rebuild/rows.h"
#include "ledger-rebuild/till_chains.h"

namespace rebuild {
namespace {

using core::Epoch;
using core::Errc;
using core::fail;
using core::Result;
using core::TillRef;
using core::envelope::Enrolment;
using core::envelope::EnrolRequest;
using core::envelope::PublicKey;
using core::envelope::Roster;
using core::sql::Database;
using core::sql::Statement;

using KeyPlace = std::pair<TillRef, Epoch>;

struct Asked {
  std::map<KeyPlace, EnrolRequest> latest;  // of the epoch's last opening that asks
  std::set<std::pair<KeyPlace, PublicKey>> all;
};

Result<Asked> read_asked(Database& db, const std::string& origin) {
  Asked out;
  TRY(for_rows(db,
               "SELECT m.store, m.till, m.epoch, k.public_key, k.sealing_key, k.proof "
               "FROM key_requests k JOIN messages m ON m.number = k.message WHERE m.state = 1 "
               "ORDER BY m.store, m.till, m.epoch, m.sequence",
               [&](const Statement& row) -> Result<void> {
                 EnrolRequest request;
                 request.origin = origin;
                 request.till = till_at(row, 0);
                 TRY_ASSIGN(request.key, PublicKey::from(row.column_blob(3)));
                 TRY_ASSIGN(request.sealing_key,
                            core::envelope::SealingPublicKey::from(row.column_blob(4)));
                 TRY_ASSIGN(request.proof, core::envelope::Signature::from(row.column_blob(5)));
                 const KeyPlace place{request.till, id_at<Epoch>(row, 2)};
                 out.all.emplace(place, request.key);
                 out.latest.insert_or_assign(place, std::move(request));
                 return {};
               }));
  return out;
}

// Keys for one of whose places there are two contents.
Result<std::set<KeyPlace>> read_contradicted(Database& db) {
  std::set<KeyPlace> out;
  TRY(for_rows(db, "SELECT DISTINCT store, till, epoch FROM broken WHERE state = 3",
               [&](const Statement& row) -> Result<void> {
                 out.emplace(till_at(row, 0), id_at<Epoch>(row, 2));
                 return {};
               }));
  return out;
}

// What the roster, or the openers, would refuse with all that is enrolled beside it.
Result<void> check_keys(const EnrolRequest& request) {
  TRY(core::envelope::check_proof(request));
  if (!core::envelope::is_valid(request.key)) {
    return fail(Errc::kMalformed, request.key.hex() + " is no Ed25519 public key");
  }
  const auto own = core::envelope::SealingPrivateKey::generate();
  TRY(core::envelope::SealingKey::agree_as_head_office(
      own, {request.origin, request.till, Epoch{1}, request.sealing_key, own.public_key()}));
  return {};
}

// Why this request is not to be enrolled. `taken`: keys of the requests before it. Shape: its key
// is not the till's next one already.
std::optional<RefusedRotation> refusal_of(const EnrolRequest& request, Epoch epoch,
                                          const Roster& roster,
                                          const std::set<KeyPlace>& contradicted,
                                          const std::map<PublicKey, TillRef>& taken) {
  RefusedRotation out{request.till, epoch, {}, false};
  const Enrolment* asking = roster.find(request.till, epoch);
  const Epoch latest = roster.latest_epoch(request.till);
  const Enrolment* other = roster.find(core::envelope::derive_kid(roster.origin(), request.key));
  if (asking == nullptr) {
    out.why = "this roster has no such epoch";
  } else if (epoch != latest) {
    out.why = "its latest epoch is " + to_string(latest);
    out.is_over = true;
  } else if (asking->revoked) {
    out.why = "its key was revoked";
    out.is_over = true;
  } else if (other != nullptr) {
    out.why = "the key that it asks for is that of till " + to_string(other->till) + ", epoch " +
              to_string(other->epoch);
  } else if (const auto first = taken.find(request.key); first != taken.end()) {
    out.why = "till " + to_string(first->second) + " asks for the same key";
  } else if (contradicted.contains({request.till, epoch})) {
    out.why = "two contents are signed for one of its places: settle it, or revoke its key";
  } else if (const auto sound = check_keys(request); !sound) {
    out.why = sound.error().what;
  } else {
    return std::nullopt;
  }
  return out;
}

Result<void> find_asked(const Asked& asked, const Roster& roster,
                        const std::set<KeyPlace>& contradicted, Rotations& out) {
  std::map<PublicKey, TillRef> taken;
  for (const auto& [place, request] : asked.latest) {
    const auto& [till, epoch] = place;
    const Enrolment* next = roster.find(till, Epoch{epoch.value + 1});
    if (next != nullptr && next->key == request.key) continue;  // done before
    if (auto refused = refusal_of(request, epoch, roster, contradicted, taken)) {
      out.refused.push_back(std::move(*refused));
    } else {
      taken.emplace(request.key, till);
      out.asked.push_back(request);
    }
  }
  return {};
}

// The last proven message of an enrolled key; nullopt: none, or its chain is not whole and
// `whole_only`.
Result<std::optional<core::envelope::ChainPlace>> end_of(Database& db, TillChains& chains,
                                                         const Roster& roster, const Enrolment& key,
                                                         bool whole_only) {
  std::optional<core::envelope::ChainPlace> none;
  const auto* chain = chains.find(core::envelope::derive_kid(roster.origin(), key.key));
  if (chain == nullptr || !chain->last || (whole_only && !chain->whole)) return none;
  return last_proven(db, *chain, core::BusinessDay{core::BusinessDay::kMax});
}

// Where a chain lacks a message, or has two for a place, it does not end by itself.
Result<void> find_over(Database& db, const Asked& asked, const Roster& roster, Rotations& out) {
  TRY_ASSIGN(TillChains chains, TillChains::load(db));
  for (const auto& [place, key] : asked.all) {
    const auto& [till, epoch] = place;
    const Enrolment* before = roster.find(till, epoch);
    const Enrolment* next = roster.find(till, Epoch{epoch.value + 1});
    if (before == nullptr || before->revoked || next == nullptr || next->revoked) continue;
    if (next->key != key || next->epoch != roster.latest_epoch(till)) continue;
    TRY_ASSIGN(const auto spoken, end_of(db, chains, roster, *next, false));
    if (!spoken) continue;
    TRY_ASSIGN(const auto last, end_of(db, chains, roster, *before, true));
    if (last) out.over.push_back({till, epoch, *last});
  }
  return {};
}

}  // namespace

Result<Rotations> find_rotations(const Books& books, const Roster& roster) {
  TRY_ASSIGN(const std::string origin, books.origin());
  if (origin != roster.origin()) {
    return fail(Errc::kMalformed, "the books are of log '" + origin + "'; this head office's is '" +
                                      roster.origin() + "'");
  }
  TRY_ASSIGN(const Asked asked, read_asked(books.database(), origin));
  TRY_ASSIGN(const auto contradicted, read_contradicted(books.database()));
  Rotations out;
  TRY(find_asked(asked, roster, contradicted, out));
  TRY(find_over(books.database(), asked, roster, out));
  return out;
}

Result<bool> was_asked_for(const Books& books, const Enrolment& by, const PublicKey& key) {
  TRY_ASSIGN(auto row, books.database().prepare(
                           "SELECT 1 FROM key_requests k JOIN messages m ON m.number = k.message "
                           "WHERE m.state = 1 AND m.store = ? AND m.till = ? AND m.epoch = ? "
                           "AND k.public_key = ?"));
  row.bind_int(1, by.till.store.value).bind_int(2, by.till.till.value);
  return row.bind_int(3, by.epoch.value).bind_blob(4, key.view()).step();
}

}  // namespace rebuild
