// Send: in requests of one signer each, so that what a request enrols may speak in the next one.
#include "ledger-rebuild/send.h"

#include <span>

#include "core/disk/file.h"
#include "core/disk/replace_file.h"
#include "core/envelope/key_files.h"
#include "core/wire/relay_client.h"
#include "ledger-rebuild/decisions.h"
#include "ledger-rebuild/head_office.h"
#include "ledger-rebuild/notices.h"

namespace rebuild {

using core::Bytes;
using core::Errc;
using core::fail;
using core::Result;

namespace {

// What a request may hold: docs/formats/relay-http.md, "Posting".
constexpr std::size_t kMessagesMax = 200;
constexpr std::size_t kBytesMax = 900'000;

Result<void> split_into(core::ByteView sequence, std::vector<Bytes>& out) {
  while (!sequence.empty()) {
    TRY_ASSIGN(const std::size_t size, core::envelope::first_item_size(sequence));
    out.push_back(core::to_bytes(sequence.first(size)));
    sequence = sequence.subspan(size);
  }
  return {};
}

// Whose signature, and whether it is of the roster.
struct Look {
  core::envelope::Kid kid;
  bool is_entry = false;
  bool is_notice = false;
};
Result<Look> look_at(const Bytes& bytes) {
  TRY_ASSIGN(const auto message, core::envelope::parse_message(bytes));
  const bool is_notice = message.header.address.has_value();
  return Look{message.header.kid, !is_notice && core::envelope::Roster::is_entry(message.payload),
              is_notice};
}

}  // namespace

Result<SignedMessages> signed_messages(const std::filesystem::path& directory) {
  TRY_ASSIGN(const auto file, core::envelope::read_roster_file(directory));
  SignedMessages out;
  TRY(split_into(file.bytes, out.bulletins));
  const core::Epoch last = file.roster.latest_epoch(core::envelope::kHeadOffice);
  for (core::Epoch epoch{1}; epoch <= last; epoch.value++) {
    const auto* key = file.roster.find(core::envelope::kHeadOffice, epoch);
    TRY_ASSIGN(std::vector<Bytes> messages, read_decisions(directory, file.roster, *key));
    for (Bytes& message : messages) {
      TRY_ASSIGN(const Look look, look_at(message));
      if (look.is_entry) continue;
      (look.is_notice ? out.notices : out.bulletins).push_back(std::move(message));
    }
  }
  return out;
}

Result<std::uint64_t> send_blobs(const std::filesystem::path& directory,
                                 const core::wire::Endpoint& relay, Pieces which) {
  const auto blobs = directory / kBlobDirectory;
  std::error_code error;
  if (!std::filesystem::is_directory(blobs, error)) return std::uint64_t{0};
  // A line a piece that the relay has. Lost, it is only made again.
  const auto sent_file = blobs / ("sent-to-" + relay.host + "-" + std::to_string(relay.port));
  std::string sent;
  if (which == Pieces::kNew) {
    const auto known = core::disk::posix_filesystem().content(sent_file);
    if (known) sent = core::as_text(known->bytes);
  }
  TRY_ASSIGN(const auto file, core::envelope::read_roster_file(directory));
  TRY_ASSIGN(const auto credential, read_credential(directory, file.roster));
  core::wire::RelayClient client(relay);
  if (credential) client.sign_reads(*credential);
  std::uint64_t count = 0;
  const auto put = [&](const std::filesystem::path& path) -> Result<void> {
    const std::string name = path.filename().string();
    const auto raw = core::from_hex(name);
    if (!raw || raw->size() != core::envelope::Hash::kSize) return {};
    if (sent.find(name) != std::string::npos) return {};
    TRY_ASSIGN(const auto hash, core::envelope::Hash::from(*raw));
    TRY_ASSIGN(const auto piece, core::disk::posix_filesystem().content(path));
    TRY(client.put_blob(hash, piece.bytes));
    sent += name + "\n";
    ++count;
    return {};
  };
  Result<void> done;
  for (std::filesystem::directory_iterator it(blobs, error), end; !error && done && it != end;
       it.increment(error)) {
    done = put(it->path());
  }
  if (count > 0) {
    TRY(core::disk::replace_file(core::disk::posix_filesystem(), sent_file, core::as_bytes(sent),
                                 core::disk::Access::kGroup));
  }
  TRY(done);
  if (error) return fail(Errc::kIo, blobs.string() + ": " + error.message());
  return count;
}

Result<Sent> send_messages(const std::vector<Bytes>& messages, const core::wire::Endpoint& relay) {
  core::wire::RelayClient client(relay);
  Sent sent;
  for (std::size_t begin = 0; begin < messages.size();) {
    TRY_ASSIGN(const Look first, look_at(messages[begin]));
    std::size_t end = begin;
    std::size_t bytes = 0;
    for (; end < messages.size() && end - begin < kMessagesMax; ++end) {
      TRY_ASSIGN(const Look look, look_at(messages[end]));
      bytes += messages[end].size();
      if (end > begin && (look.kid != first.kid || bytes > kBytesMax)) break;
    }
    TRY_ASSIGN(const auto answers, client.post(std::span(messages).subspan(begin, end - begin)));
    for (const core::wire::PostAnswer& answer : answers.each) {
      if (answer.status == core::wire::PostStatus::kRefused) {
        return fail(Errc::kState,
                    relay.host + ":" + std::to_string(relay.port) + ": " + answer.reason);
      }
      sent.accepted += answer.status == core::wire::PostStatus::kAccepted ? 1 : 0;
      ++sent.all;
    }
    begin = end;
  }
  return sent;
}

}  // namespace rebuild
