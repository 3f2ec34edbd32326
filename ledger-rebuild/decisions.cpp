// Decisions: a key file, and a file of messages that is replaced as a whole.
#include "ledger-rebuild/decisions.h"

#include "core/disk/file.h"
#include "core/disk/replace_file.h"
#include "core/envelope/enrol_request.h"
#include "core/envelope/key_files.h"
#include "ledger-rebuild/head_office.h"

namespace rebuild {

namespace fs = std::filesystem;
using core::Bytes;
using core::Errc;
using core::fail;
using core::Result;
using core::disk::Access;
using core::disk::posix_filesystem;
using core::envelope::Enrolment;
using core::envelope::PrivateKey;

namespace {

constexpr const char* kOfficeKeyFile = "office.key";

// The key is on the disk before anybody hears of it: an interrupted start is taken up again.
Result<PrivateKey> read_or_make_key(const fs::path& directory) {
  const fs::path file = directory / kOfficeKeyFile;
  auto known = core::envelope::read_private_key(file);
  if (known || known.error().code != Errc::kNotFound) return known;
  const PrivateKey key = PrivateKey::generate();
  const std::string line = core::to_hex(key.seed()) + "\n";
  TRY(core::disk::replace_file(posix_filesystem(), file, core::as_bytes(line), Access::kOwner));
  return key;
}

// Nothing is sealed to head office by itself, but every enrolment has a sealing key.
Result<void> enrol(HeadOffice& office, const PrivateKey& key) {
  const auto request = core::envelope::make_enrol_request(
      office.origin(), core::envelope::kHeadOffice, key,
      core::envelope::SealingPrivateKey::generate().public_key());
  TRY(office.enrol(std::span(&request, 1)));
  return {};
}

}  // namespace

fs::path Decisions::file() const {
  return directory_ / ("office-" + to_string(epoch_) + ".cbor");
}

Result<Decisions> Decisions::open(const fs::path& directory) {
  TRY_ASSIGN(HeadOffice office, HeadOffice::open(directory));
  TRY_ASSIGN(const PrivateKey key, read_or_make_key(directory));
  Decisions out(directory, key);
  out.kid_ = core::envelope::derive_kid(office.origin(), key.public_key());
  if (office.roster().find(out.kid_) == nullptr) TRY(enrol(office, key));
  const Enrolment* enrolment = office.roster().find(out.kid_);
  CORE_CHECK(enrolment != nullptr);
  if (enrolment->revoked) {
    return fail(Errc::kState, (directory / kOfficeKeyFile).string() +
                                  ": the roster took this key back; put it away, and the next "
                                  "command makes another one");
  }
  out.epoch_ = enrolment->epoch;
  out.entry_ = out.last_id_ = enrolment->entry;
  TRY(out.read());
  return out;
}

Result<void> Decisions::read() {
  const auto content = posix_filesystem().content(file());
  if (!content && content.error().code == Errc::kNotFound) return {};
  if (!content) return fail(content.error());
  core::ByteView rest = content->bytes;
  while (!rest.empty()) {
    const auto where = [&](const std::string& what) {
      return fail(Errc::kMalformed, file().string() + ": bulletin " +
                                        std::to_string(messages_.size() + 1) + ": " + what);
    };
    const auto size = core::envelope::first_item_size(rest);
    if (!size) return where(size.error().what);
    const core::ByteView bytes = rest.first(*size);
    rest = rest.subspan(*size);
    const auto message = core::envelope::parse_message(bytes);
    if (!message) return where(message.error().what);
    const bool follows = message->header.kid == kid_ && message->header.epoch == epoch_ &&
                         message->header.sequence.value == messages_.size() + 1 &&
                         message->header.prev == last_id_;
    if (!follows) return where("it does not follow the one before it");
    if (rest.empty() && !verify_message(*message, key_.public_key())) {
      return fail(Errc::kBadSignature, file().string() + ": the last signature does not verify");
    }
    last_id_ = core::envelope::message_id(bytes);
    messages_.push_back(core::to_bytes(bytes));
  }
  return {};
}

Result<void> Decisions::sign(std::span<const Bytes> payloads) {
  TRY_ASSIGN(const auto lock, posix_filesystem().lock(directory_ / kLockFile));
  Decisions now(directory_, key_);
  now.kid_ = kid_;
  now.epoch_ = epoch_;
  now.entry_ = now.last_id_ = entry_;
  TRY(now.read());
  if (now.last_id_ != last_id_) {
    return fail(Errc::kBusy, file().string() + ": another process signed a bulletin meanwhile");
  }
  for (const Bytes& payload : payloads) {
    core::envelope::Header header;
    header.content_type = core::envelope::ContentType::kBulletin;
    header.kid = kid_;
    header.epoch = epoch_;
    header.sequence = core::Sequence{now.messages_.size() + 1};
    header.prev = now.last_id_;
    TRY_ASSIGN(Bytes message, core::envelope::sign_message(header, payload, key_));
    now.last_id_ = core::envelope::message_id(message);
    now.messages_.push_back(std::move(message));
  }
  Bytes all;
  for (const Bytes& message : now.messages_) core::append(all, message);
  TRY(core::disk::replace_file(posix_filesystem(), file(), all, Access::kGroup));
  *this = std::move(now);
  return {};
}

}  // namespace rebuild
