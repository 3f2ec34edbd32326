// fetch, firmware and show notices: head office's word, from the relay to this till.
#include <cstdio>
#include <memory>

#include "core/disk/replace_file.h"
#include "core/wire/relay_client.h"
#include "till/command_support.h"
#include "till/commands.h"
#include "till/notice_fetch.h"
#include "till/notice_report.h"

namespace till {
namespace {

using core::Errc;
using core::fail;
using core::Result;
using core::envelope::BlobName;

void say_trouble(const std::string& text) {
  std::fprintf(stderr, "daybook-till: warning: head office's notices: %s\n", text.c_str());
}

std::string text_of(const FetchReport& report) {
  return std::string(report.key_taken ? "the next key is in use\n" : "") +
         "notices: " + std::to_string(report.fetched) + " fetched, " +
         std::to_string(report.in_force) + " came into force\n";
}

Result<FetchReport> fetch_by(const CommandWords& words, Till& till) {
  TRY_ASSIGN(core::wire::RelayClient client, relay_client(words, till));
  return fetch_notices(till,
                       notice_ports(std::make_shared<core::wire::RelayClient>(std::move(client))));
}

}  // namespace

NoticePorts notice_ports(const std::shared_ptr<core::wire::RelayClient>& relay) {
  NoticePorts ports;
  ports.ask = [relay](std::optional<core::LogIndex> after, const NoticePorts::Take& take) {
    return relay->notices(after, take);
  };
  ports.piece = [relay](const BlobName& name) { return relay->get_blob(name.hash, name.size); };
  ports.roster = [relay]() -> Result<core::Bytes> {
    TRY_ASSIGN(const std::string content, relay->get("/v1/roster"));
    return core::to_bytes(core::as_bytes(content));
  };
  ports.read_as = [relay](const core::wire::ReadCredential& who) { relay->sign_reads(who); };
  return ports;
}

Result<void> run_fetch(const CommandWords& words) {
  TRY_ASSIGN(Till till, open_till(words));
  TRY_ASSIGN(const FetchReport report, fetch_by(words, till));
  print(text_of(report));
  if (!report.trouble.empty()) say_trouble(report.trouble);
  TRY_ASSIGN(const auto feeds, till.notices().status());
  bool sound = report.trouble.empty();
  for (const auto& [kind, feed] : feeds) {
    if (feed.trouble.empty()) continue;
    say_trouble(std::string(feed_name(kind)) + ": " + feed.trouble);
    sound = false;
  }
  if (sound) return {};
  return fail(Errc::kProtocol, "not all that head office told is in force");
}

void fetch_after_sending(const CommandWords& words, Till& till) {
  const auto report = fetch_by(words, till);
  if (!report) {
    // A log without members has no notices.
    if (report.error().code != Errc::kNotFound) say_trouble(describe(report.error()));
    return;
  }
  if (report->fetched + report->in_force > 0 || report->key_taken) print(text_of(*report));
  if (!report->trouble.empty()) say_trouble(report->trouble);
}

Result<void> run_firmware(const CommandWords& words) {
  TRY_ASSIGN(Till till, open_till(words));
  TRY_ASSIGN(const auto firmware, till.notices().firmware());
  if (!firmware) return fail(Errc::kNotFound, "head office has announced no firmware");
  const auto key = core::envelope::feed_key(firmware->secret);
  TRY_ASSIGN(auto relay, relay_client(words, till));
  core::Bytes whole;
  for (std::size_t i = 0; i < firmware->pieces.size(); ++i) {
    const BlobName& name = firmware->pieces[i];
    TRY_ASSIGN(const core::Bytes sealed, relay.get_blob(name.hash, name.size));
    TRY_ASSIGN(const core::Bytes piece, core::envelope::open_piece(key, i, sealed));
    core::append(whole, piece);
  }
  if (whole.size() != firmware->size || core::envelope::sha256(whole) != firmware->hash) {
    return fail(Errc::kMalformed, "the pieces of firmware " + firmware->version +
                                      " do not make what head office announced");
  }
  TRY(core::disk::replace_file(core::disk::posix_filesystem(), words.out, whole,
                               core::disk::Access::kOwner));
  print("firmware " + firmware->version + " is in " + words.out.string() + "\n");
  return {};
}

Result<void> show_notices(Till& till, bool dispatched, Form form) {
  if (!dispatched) {
    TRY_ASSIGN(const auto feeds, till.notices().status());
    print(report_notices(feeds, form));
    return {};
  }
  TRY_ASSIGN(const auto notes, till.notices().dispatched());
  std::vector<core::ProductId> ids;
  for (const DispatchStatus& row : notes) {
    for (const auto& [id, quantity] : row.note.goods) ids.push_back(id);
  }
  TRY_ASSIGN(const ProductNames names, till.shelf().names(till.shelf().present(), ids));
  print(report_dispatched(notes, names, form));
  return {};
}

}  // namespace till
