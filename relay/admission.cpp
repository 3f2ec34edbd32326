// Roster first, then the signature, then the key's share of the minute.
// Must not know sockets or files.
#include "relay/admission.h"

namespace relay {
namespace {

void refuse(Item& item, std::string_view reason, std::atomic<std::uint64_t>& counter) {
  item.refusal = reason;
  item.not_admitted = true;
  ++counter;
}

}  // namespace

const core::envelope::PublicKey* Members::office_key(const core::envelope::Kid& kid) const {
  if (kid == head_office_kid) return &head_office;
  const auto* enrolment = roster.find(kid);
  return enrolment != nullptr && enrolment == roster.office() ? &enrolment->key : nullptr;
}

const core::envelope::PublicKey* Members::notice_key(const core::envelope::Kid& kid,
                                                     core::Sequence sequence) const {
  const auto* enrolment = roster.find(kid);
  const bool may = enrolment != nullptr && enrolment->till == core::envelope::kHeadOffice &&
                   enrolment->allows(sequence);
  return may ? &enrolment->key : nullptr;
}

const core::envelope::PublicKey* Members::till_key(const core::envelope::Kid& kid) const {
  const auto* enrolment = roster.find(kid);
  return enrolment == nullptr || enrolment->revoked ? nullptr : &enrolment->key;
}

Admission::Admission(std::shared_ptr<const Members> members, AdmissionLimits limits,
                     Metrics& metrics)
    : limits_(limits), metrics_(metrics), members_(std::move(members)) {}

void Admission::replace(std::shared_ptr<const Members> members) {
  const std::lock_guard lock(mutex_);
  members_ = std::move(members);
}

std::shared_ptr<const Members> Admission::members() const {
  const std::lock_guard lock(mutex_);
  return members_;
}

Admission::Verdict Admission::judge(Item& item, std::int64_t now_s) {
  const std::shared_ptr<const Members> members = this->members();
  if (members == nullptr) return Verdict::kDone;
  const core::envelope::Kid& kid = item.kid;
  const core::envelope::PublicKey* key = nullptr;
  if (const auto* enrolment = members->roster.find(kid)) {
    if (!enrolment->allows(item.sequence)) {
      refuse(item, "revoked: head office took this key back", metrics_.refused_revoked);
      return Verdict::kDone;
    }
    key = &enrolment->key;
  } else if (kid == members->head_office_kid) {
    key = &members->head_office;
  } else {
    refuse(item, "unknown-key: head office has not enrolled it", metrics_.refused_unknown_key);
    return Verdict::kDone;
  }
  // Only what its holder signed counts against a key: a stranger cannot use up a till's minute.
  const auto message = core::envelope::parse_message(item.bytes);
  if (!message || !verify_message(*message, *key)) {
    refuse(item, "bad-signature: it is not that of the key", metrics_.refused_signature);
    return Verdict::kDone;
  }
  if (members->office_key(kid) != nullptr) return Verdict::kDone;  // a fleet's enrolments at once
  return spend(kid, now_s) ? Verdict::kDone : Verdict::kTooMany;
}

bool Admission::spend(const core::envelope::Kid& kid, std::int64_t now_s) {
  const std::lock_guard lock(spent_mutex_);
  if (const std::int64_t minute = now_s / 60; minute != minute_) {
    minute_ = minute;
    spent_.clear();
  }
  return ++spent_[kid] <= limits_.messages_per_key_and_minute;
}

}  // namespace relay
