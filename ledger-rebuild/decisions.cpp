// Decisions: a key file, and a file of messages that is replaced as a whole.
#include "ledger-rebuild/decisions.h"

#include "core/disk/file.h"
#include "core/disk/replace_file.h"
#include "core/envelope/key_files.h"

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

// Where a chain of bulletins stands.
struct ChainEnd {
  core::envelope::Kid kid;
  core::Epoch epoch;
  core::Sequence sequence;
  core::envelope::MessageId id;
};

Result<void> go_on(ChainEnd& end, const core::envelope::Message& message, core::ByteView bytes) {
  const auto& header = message.header;
  const bool follows = header.kid == end.kid && header.epoch == end.epoch &&
                       header.sequence.value == end.sequence.value + 1 && header.prev == end.id;
  if (!follows) return fail(Errc::kMalformed, "it does not follow the one before it");
  end.sequence = header.sequence;
  end.id = core::envelope::message_id(bytes);
  return {};
}

}  // namespace

fs::path Decisions::file() const {
  return decisions_file(directory_, epoch_);
}

fs::path office_key_file(const fs::path& directory, core::Epoch epoch) {
  return directory / ("office-" + to_string(epoch) + ".key");
}

fs::path decisions_file(const fs::path& directory, core::Epoch epoch) {
  return directory / ("office-" + to_string(epoch) + ".cbor");
}

Result<Decisions> Decisions::open(const fs::path& directory, const core::envelope::Roster& roster) {
  const Enrolment* enrolment = roster.office();
  if (enrolment == nullptr) {
    return fail(Errc::kNotFound, directory.string() +
                                     ": the roster has no key of every day; "
                                     "daybook-rebuild office-key makes one");
  }
  const fs::path key_file = office_key_file(directory, enrolment->epoch);
  TRY_ASSIGN(const PrivateKey key, core::envelope::read_private_key(key_file));
  if (key.public_key() != enrolment->key) {
    return fail(Errc::kMalformed, key_file.string() + ": not the key that the roster names");
  }
  Decisions out(directory, key);
  out.kid_ = core::envelope::derive_kid(roster.origin(), key.public_key());
  out.epoch_ = enrolment->epoch;
  TRY_ASSIGN(out.messages_, read_decisions(directory, roster, *enrolment));
  out.last_id_ =
      out.messages_.empty() ? enrolment->entry : core::envelope::message_id(out.messages_.back());
  return out;
}

Result<std::vector<Bytes>> read_decisions(const fs::path& directory,
                                          const core::envelope::Roster& roster,
                                          const Enrolment& key) {
  const fs::path file = decisions_file(directory, key.epoch);
  const auto content = posix_filesystem().content(file);
  if (!content && content.error().code == Errc::kNotFound) return std::vector<Bytes>();
  if (!content) return fail(content.error());
  std::vector<Bytes> out;
  ChainEnd end{core::envelope::derive_kid(roster.origin(), key.key), key.epoch, {}, key.entry};
  core::ByteView rest = content->bytes;
  while (!rest.empty()) {
    const auto where = [&](const core::Error& error) {
      return fail(error.code, file.string() + ": bulletin " + std::to_string(out.size() + 1) +
                                  ": " + error.what);
    };
    const auto size = core::envelope::first_item_size(rest);
    if (!size) return where(size.error());
    const core::ByteView bytes = rest.first(*size);
    rest = rest.subspan(*size);
    const auto message = core::envelope::parse_message(bytes);
    if (!message) return where(message.error());
    if (const auto next = go_on(end, *message, bytes); !next) return where(next.error());
    if (rest.empty() && !verify_message(*message, key.key)) {
      return fail(Errc::kBadSignature, file.string() + ": the last signature does not verify");
    }
    out.push_back(core::to_bytes(bytes));
  }
  return out;
}

Result<void> Decisions::take(core::ByteView bytes) {
  TRY_ASSIGN(const auto message, core::envelope::parse_message(bytes));
  ChainEnd end{kid_, epoch_, last_sequence(), last_id_};
  TRY(go_on(end, message, bytes));
  last_id_ = end.id;
  messages_.push_back(core::to_bytes(bytes));
  return {};
}

Result<void> Decisions::keep(std::span<const Bytes> messages) {
  const auto content = posix_filesystem().content(file());
  if (!content && content.error().code != Errc::kNotFound) return fail(content.error());
  Bytes all;
  for (const Bytes& message : messages_) core::append(all, message);
  if (!core::equal(content ? core::ByteView(content->bytes) : core::ByteView(), all)) {
    return fail(Errc::kBusy, file().string() + ": another process signed a bulletin meanwhile");
  }
  Decisions next = *this;
  for (const Bytes& message : messages) {
    TRY(next.take(message));
    core::append(all, message);
  }
  TRY(core::disk::replace_file(posix_filesystem(), file(), all, Access::kGroup));
  *this = std::move(next);
  return {};
}

core::envelope::Header Decisions::header_behind(const core::envelope::ChainPlace& last,
                                                core::envelope::ContentType type) const {
  core::envelope::Header header;
  header.content_type = type;
  header.kid = kid_;
  header.epoch = epoch_;
  header.sequence = core::Sequence{last.sequence.value + 1};
  header.prev = last.id;
  return header;
}

Result<void> Decisions::sign(std::span<const NoticeDraft> drafts, Links& links) {
  TRY_ASSIGN(const auto lock, posix_filesystem().lock(directory_ / kLockFile));
  std::vector<Bytes> messages;
  Links next = links;
  core::envelope::ChainPlace last{last_sequence(), last_id_};
  for (const NoticeDraft& draft : drafts) {
    auto header = header_behind(last, core::envelope::ContentType::kNotice);
    header.address = draft.address;
    const core::TillRef feed = draft.address.feed;
    if (is_shared(feed)) header.address->link = next[feed];
    const Bytes payload =
        core::envelope::seal(draft.key, core::envelope::encode_header(header), draft.body);
    TRY_ASSIGN(Bytes message, core::envelope::sign_message(header, payload, key_));
    last = {header.sequence, core::envelope::message_id(message)};
    if (is_shared(feed)) next[feed] = last.id;
    messages.push_back(std::move(message));
  }
  TRY(keep(messages));
  links = std::move(next);
  return {};
}

Result<void> Decisions::sign(std::span<const Bytes> payloads) {
  TRY_ASSIGN(const auto lock, posix_filesystem().lock(directory_ / kLockFile));
  std::vector<Bytes> messages;
  core::envelope::ChainPlace last{last_sequence(), last_id_};
  for (const Bytes& payload : payloads) {
    const auto header = header_behind(last, core::envelope::ContentType::kBulletin);
    TRY_ASSIGN(Bytes message, core::envelope::sign_message(header, payload, key_));
    last = {header.sequence, core::envelope::message_id(message)};
    messages.push_back(std::move(message));
  }
  return keep(messages);
}

}  // namespace rebuild
