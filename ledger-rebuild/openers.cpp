// Openers: one file of kid and key, with a hash over all of it.
#include "ledger-rebuild/openers.h"

#include <atomic>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "core/base/whole_file.h"
#include "core/disk/replace_file.h"
#include "ledger-rebuild/parallel.h"

namespace rebuild {
namespace {

using core::Bytes;
using core::ByteView;
using core::Errc;
using core::fail;
using core::Result;
using core::envelope::Enrolment;
using core::envelope::Kid;
using core::envelope::Roster;
using core::envelope::SealingKey;
using core::envelope::SealingPrivateKey;
using core::envelope::SealingPublicKey;

// The file: head office's public sealing key, then entries of kid and opener, then the SHA-256 of
// all before it.
constexpr std::size_t kEntrySize = Kid::kSize + SealingKey::kSize;
constexpr std::size_t kHashSize = core::envelope::Hash::kSize;

using KeptOpeners = std::unordered_map<Kid, ByteView, core::FixedBytesHash>;

// Borrows from `content`; empty when it is not whole or of another key.
KeptOpeners read_kept(ByteView content, const SealingPublicKey& own) {
  KeptOpeners kept;
  constexpr std::size_t kFrame = SealingPublicKey::kSize + kHashSize;
  if (content.size() < kFrame || (content.size() - kFrame) % kEntrySize != 0) return kept;
  const ByteView body = content.first(content.size() - kHashSize);
  if (!core::equal(core::envelope::sha256(body).view(), content.last(kHashSize))) return kept;
  if (!core::equal(body.first(SealingPublicKey::kSize), own.view())) return kept;
  for (std::size_t at = SealingPublicKey::kSize; at < body.size(); at += kEntrySize) {
    kept.emplace(*Kid::from(body.subspan(at, Kid::kSize)),
                 body.subspan(at + Kid::kSize, SealingKey::kSize));
  }
  return kept;
}

struct Missing {
  Kid kid;
  const Enrolment* enrolment = nullptr;
  std::optional<SealingKey> opener{};
};

Result<void> agree(const SealingPrivateKey& own, const Roster& roster,
                   std::vector<Missing>& missing) {
  std::mutex mutex;
  std::optional<core::Error> error;
  for_chunks(missing.size(), thread_count(0), [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const Enrolment& enrolment = *missing[i].enrolment;
      auto key = SealingKey::agree_as_head_office(own, *roster.sealing_context(enrolment));
      if (key) {
        missing[i].opener = *key;
        continue;
      }
      const std::lock_guard lock(mutex);
      error = core::Error{key.error().code,
                          "till " + to_string(enrolment.till) + ": " + key.error().what};
    }
  });
  if (error) return fail(*error);
  return {};
}

}  // namespace

Result<std::size_t> attach_openers(const std::filesystem::path& directory,
                                   const SealingPrivateKey& own, Roster& roster) {
  const auto content = core::read_whole_file(directory / kOpenersFile);
  if (!content && content.error().code != Errc::kNotFound) return fail(content.error());
  const SealingPublicKey public_key = own.public_key();
  const KeptOpeners kept = read_kept(content ? core::as_bytes(*content) : ByteView{}, public_key);
  std::vector<Missing> missing;
  for (const auto& [kid, enrolment] : roster.enrolments()) {
    if (enrolment.seals_to != public_key) continue;
    const auto it = kept.find(kid);
    if (it == kept.end()) {
      missing.push_back({kid, &enrolment});
    } else {
      roster.set_opener(kid, SealingKey::from(it->second));
    }
  }
  TRY(agree(own, roster, missing));
  for (const Missing& one : missing) roster.set_opener(one.kid, *one.opener);
  return missing.size();
}

Result<void> keep_openers(const std::filesystem::path& directory, const SealingPublicKey& own,
                          const Roster& roster) {
  Bytes content = core::to_bytes(own.view());
  for (const auto& [kid, enrolment] : roster.enrolments()) {
    if (!enrolment.opener) continue;
    core::append(content, kid.view());
    core::append(content, enrolment.opener->view());
  }
  core::append(content, core::envelope::sha256(content).view());
  return core::disk::replace_file(core::disk::posix_filesystem(), directory / kOpenersFile, content,
                                  core::disk::Access::kOwner);
}

}  // namespace rebuild
