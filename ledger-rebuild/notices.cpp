// Notices: drafts for head office's own chain, and its own notices opened again.
#include "ledger-rebuild/notices.h"

#include <algorithm>
#include <set>
#include <utility>

#include "core/disk/file.h"
#include "core/disk/replace_file.h"
#include "core/envelope/key_files.h"
#include "ledger-rebuild/head_office.h"

namespace rebuild {

namespace fs = std::filesystem;
using core::BusinessDay;
using core::Bytes;
using core::Errc;
using core::fail;
using core::Result;
using core::TillRef;
using core::disk::posix_filesystem;
using core::envelope::BlobName;
using core::envelope::Enrolment;
using core::envelope::Roster;
using core::envelope::SealingKey;
using core::retail::NoticeBody;
using core::retail::NoticeContent;

namespace {

// Longer content goes into blobs: a till on a bad line fetches pieces again, not all of it.
constexpr std::size_t kInsideMax = 32 * 1024;
// After so many changes all of a feed is said again.
constexpr std::size_t kSaidMax = 64;
// A dispatch note that nobody received in so many days is not said again.
constexpr std::int32_t kNoteDays = 60;

constexpr TillRef kFleet{};

fs::path blob_file(const fs::path& directory, const core::envelope::Hash& hash) {
  return directory / kBlobDirectory / hash.hex();
}

}  // namespace

Notices::Notices(fs::path directory, Roster roster,
                 const core::envelope::SealingPrivateKey& sealing_key, Decisions decisions)
    : directory_(std::move(directory)),
      roster_(std::move(roster)),
      sealing_key_(sealing_key),
      decisions_(std::move(decisions)) {
  for (const auto& [kid, key] : roster_.enrolments())
    generation_ += key.revoked && !key.retired ? 1 : 0;
}

Result<Notices> Notices::open(const fs::path& directory) {
  TRY_ASSIGN(Decisions decisions, open_decisions(directory));
  TRY_ASSIGN(auto file, core::envelope::read_roster_file(directory));
  if (!file.roster.sealing_key()) {
    return fail(Errc::kState, directory.string() +
                                  ": head office was made with --in-clear, and notices are sealed");
  }
  TRY_ASSIGN(const auto sealing_key,
             core::envelope::read_sealing_key(directory / core::envelope::kSealingFile));
  Notices out(directory, std::move(file.roster), sealing_key, std::move(decisions));
  const core::Epoch last = out.roster_.latest_epoch(core::envelope::kHeadOffice);
  for (core::Epoch epoch{1}; epoch <= last; epoch.value++) {
    TRY(out.read_own(*out.roster_.find(core::envelope::kHeadOffice, epoch)));
  }
  return out;
}

Result<void> Notices::read_own(const Enrolment& key) {
  TRY_ASSIGN(const auto messages, read_decisions(directory_, roster_, key));
  for (std::size_t i = 0; i < messages.size(); ++i) {
    if (!key.allows(core::Sequence{i + 1})) break;
    const auto read = read_notice(messages[i]);
    if (!read) {
      return fail(read.error().code, decisions_file(directory_, key.epoch).string() +
                                         ": bulletin " + std::to_string(i + 1) + ": " +
                                         read.error().what);
    }
  }
  return {};
}

Result<void> Notices::read_notice(core::ByteView bytes) {
  TRY_ASSIGN(const auto message, core::envelope::parse_message(bytes));
  if (!message.header.address) return {};
  const core::envelope::Address& address = *message.header.address;
  if (!is_shared(address.feed)) {
    keys_told_[address.feed] = {address.link, address.generation};
    return {};
  }
  const SealingKey key = key_of(address.feed, address.generation);
  TRY_ASSIGN(const Bytes plain,
             core::envelope::open_sealed(key, message.protected_header, message.payload));
  TRY_ASSIGN(const NoticeBody body, core::retail::decode_notice_body(plain));
  TRY_ASSIGN(const Bytes content, read_content(body, key));
  Said said{body.from, {}, message.header.epoch, message.header.sequence, address.whole};
  TRY_ASSIGN(said.content, core::retail::decode_notice_content(content));
  links_[address.feed] = core::envelope::message_id(bytes);
  take_up(address.feed, address.generation, std::move(said));
  return {};
}

void Notices::take_up(TillRef ref, std::uint64_t generation, Said said) {
  Feed& feed = feeds_[ref];
  feed.generation = generation;
  if (said.whole) feed.said.clear();
  std::erase_if(feed.said, [from = said.from](const Said& old) { return old.from > from; });
  feed.said.push_back(std::move(said));
}

Result<Bytes> Notices::read_content(const NoticeBody& body, const SealingKey& key) const {
  if (const auto* inside = std::get_if<Bytes>(&body.content)) return *inside;
  Bytes out;
  std::uint64_t number = 0;
  for (const BlobName& blob : std::get<std::vector<BlobName>>(body.content)) {
    TRY_ASSIGN(const auto file, posix_filesystem().content(blob_file(directory_, blob.hash)));
    TRY_ASSIGN(const Bytes piece, core::envelope::open_piece(key, number++, file.bytes));
    core::append(out, piece);
  }
  return out;
}

SealingKey Notices::key_of(TillRef feed, std::uint64_t generation) const {
  return core::envelope::feed_key(
      core::envelope::derive_feed_secret(sealing_key_, roster_.origin(), feed.store, generation));
}

Result<void> Notices::add_key(const Enrolment& till, Batch& batch) const {
  const KeysTold now{till.entry, generation_};
  const auto told = keys_told_.find(till.till);
  if (told != keys_told_.end() && told->second == now) return {};
  auto context = roster_.sealing_context(till);
  if (!context) return {};  // it sends in clear, and is told nothing
  if (!batch.keys.emplace(till.till, now).second) return {};
  context->use = core::envelope::SealingUse::kNotices;
  TRY_ASSIGN(const SealingKey key, SealingKey::agree_as_head_office(sealing_key_, *context));
  const std::string& origin = roster_.origin();
  NoticeContent content;
  content.keys = {
      generation_, core::envelope::derive_feed_secret(sealing_key_, origin, {}, generation_),
      core::envelope::derive_feed_secret(sealing_key_, origin, till.till.store, generation_)};
  const NoticeBody body{BusinessDay{}, core::retail::encode_notice_content(content)};
  batch.drafts.push_back(
      {{till.till, till.entry, true, generation_}, core::retail::encode_notice_body(body), key});
  ++batch.told.keys;
  return {};
}

Result<void> Notices::add_keys(TillRef feed, Batch& batch) const {
  for (const auto& [kid, key] : roster_.enrolments()) {
    const bool reads = feed == kFleet || key.till.store == feed.store;
    const bool speaks = !key.revoked && key.epoch == roster_.latest_epoch(key.till) &&
                        !core::envelope::is_head_office(key.till);
    if (reads && speaks) TRY(add_key(key, batch));
  }
  return {};
}

Result<std::vector<BlobName>> Notices::keep_pieces(const SealingKey& key,
                                                   core::ByteView whole) const {
  constexpr std::size_t kPlainMax = core::envelope::kBlobPlainMax;
  if (whole.size() > core::retail::kPiecesMax * kPlainMax) {
    return fail(Errc::kTooLarge, std::to_string(whole.size()) + " bytes are too many to send");
  }
  std::vector<BlobName> blobs;
  TRY(posix_filesystem().create_directory(directory_ / kBlobDirectory));
  for (std::size_t at = 0; at < whole.size(); at += kPlainMax) {
    const auto plain = whole.subspan(at, std::min(kPlainMax, whole.size() - at));
    const Bytes piece = core::envelope::seal_piece(key, blobs.size(), plain);
    const core::envelope::Hash hash = core::envelope::sha256(piece);
    TRY(core::disk::replace_file(posix_filesystem(), blob_file(directory_, hash), piece,
                                 core::disk::Access::kGroup));
    blobs.push_back({hash, piece.size()});
  }
  return blobs;
}

Result<void> Notices::add(TillRef feed, Said said, Batch& batch) const {
  const SealingKey key = key_of(feed, generation_);
  Bytes content = core::retail::encode_notice_content(said.content);
  // What nobody could read must not be signed: head office reads it again each time.
  if (const auto read = core::retail::decode_notice_content(content); !read) {
    return fail(Errc::kMalformed, "tills could not read this: " + read.error().what);
  }
  NoticeBody body{said.from, {}};
  if (content.size() <= kInsideMax) {
    body.content = std::move(content);
  } else {
    TRY_ASSIGN(std::vector<BlobName> blobs, keep_pieces(key, content));
    batch.told.pieces += blobs.size();
    body.content = std::move(blobs);
  }
  batch.drafts.push_back(
      {{feed, {}, said.whole, generation_}, core::retail::encode_notice_body(body), key});
  batch.said.emplace_back(feed, std::move(said));
  ++batch.told.notices;
  return {};
}

Result<void> Notices::add_whole(TillRef feed, const std::vector<Said>& of, Batch& batch) const {
  TRY_ASSIGN(const FeedState state, fold(of));
  const BusinessDay from = of.empty() ? BusinessDay{} : of.back().from;
  return add(feed, {from, state.whole(BusinessDay{from.days - kNoteDays}), {}, {}, true}, batch);
}

Result<Told> Notices::tell(TillRef feed, BusinessDay from, const NoticeContent& content) {
  if (!is_shared(feed)) return fail(Errc::kUsage, "a notice is for all tills, or for a store");
  Batch batch;
  TRY(add_keys(feed, batch));
  const auto known = feeds_.find(feed);
  std::vector<Said> holds;
  std::vector<Said> later;
  if (known != feeds_.end()) {
    for (const Said& said : known->second.said) {
      (said.from <= from ? holds : later).push_back(said);
    }
  }
  const bool is_due =
      !holds.empty() && (known->second.generation != generation_ || holds.size() >= kSaidMax);
  if (is_due) TRY(add_whole(feed, holds, batch));
  // With nothing before it that stays, it is all that there is.
  Said said{from, content, {}, {}, holds.empty()};
  std::vector<Said> all = holds;
  all.push_back(said);
  TRY(fold(all));
  TRY(add(feed, std::move(said), batch));
  for (Said& again : later) {
    all.push_back(again);
    if (const auto fits = fold(all); !fits) {
      return fail(Errc::kState, "what holds from " + to_string(again.from) +
                                    " on would not fit after this: " + fits.error().what);
    }
    again.whole = false;
    TRY(add(feed, std::move(again), batch));
  }
  return sign(std::move(batch));
}

Result<void> Notices::add_again(TillRef feed, std::vector<Said> said, Batch& batch) const {
  for (std::size_t i = 0; i < said.size(); ++i) {
    said[i].whole = i == 0;
    TRY(add(feed, std::move(said[i]), batch));
  }
  return {};
}

Result<Told> Notices::tell_whole(TillRef feed, BusinessDay today) {
  const auto known = feeds_.find(feed);
  if (known == feeds_.end()) {
    return fail(Errc::kNotFound, "nothing was said to " + to_string(feed) + " yet");
  }
  Batch batch;
  TRY(add_keys(feed, batch));
  std::vector<Said> holds;
  std::vector<Said> later;
  for (const Said& said : known->second.said) {
    (said.from <= today ? holds : later).push_back(said);
  }
  if (holds.empty()) {
    TRY(add_again(feed, std::move(later), batch));
    return sign(std::move(batch));
  }
  TRY(add_whole(feed, holds, batch));
  for (Said& said : later) {
    said.whole = false;
    TRY(add(feed, std::move(said), batch));
  }
  return sign(std::move(batch));
}

Result<Told> Notices::refresh() {
  Batch batch;
  for (const auto& [feed, state] : feeds_) {
    TRY(add_keys(feed, batch));
  }
  for (const auto& [feed, state] : feeds_) {
    if (state.generation != generation_) TRY(add_again(feed, state.said, batch));
  }
  if (batch.drafts.empty()) return Told{};
  return sign(std::move(batch));
}

Result<Told> Notices::sign(Batch batch) {
  TRY(decisions_.sign(batch.drafts, links_));
  for (const auto& [till, told] : batch.keys) keys_told_.insert_or_assign(till, told);
  for (auto& [ref, said] : batch.said) {
    take_up(ref, generation_, std::move(said));
  }
  return batch.told;
}

Result<FeedState> Notices::state(TillRef feed, BusinessDay day) const {
  std::vector<Said> holds;
  const auto known = feeds_.find(feed);
  if (known != feeds_.end()) {
    for (const Said& said : known->second.said) {
      if (said.from <= day) holds.push_back(said);
    }
  }
  return fold(holds);
}

Result<FeedState> Notices::final_state(TillRef feed) const {
  const auto known = feeds_.find(feed);
  return fold(known == feeds_.end() ? std::vector<Said>() : known->second.said);
}

Result<FeedState> fold(const std::vector<Notices::Said>& said) {
  FeedState state;
  for (const Notices::Said& one : said) TRY(state.absorb(one.content));
  return state;
}

}  // namespace rebuild
