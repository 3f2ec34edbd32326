// B3 and B8: re-sent and hostile messages, on copies of the run's log.
#include <algorithm>
#include <set>

#include "core/disk/file.h"
#include "core/disk/log_reader.h"
#include "core/disk/log_writer.h"
#include "core/envelope/cbor.h"
#include "ledger-rebuild/report.h"
#include "scripts/poc_scale/checks.h"
#include "scripts/poc_scale/relay_process.h"

namespace sweep {

using core::Bytes;
using core::Errc;
using core::fail;
using core::Result;

Result<rebuild::BooksDigest> digest_of_log(const CheckContext& context,
                                           const std::filesystem::path& log,
                                           const std::filesystem::path& books) {
  const auto source = rebuild::log_directory_source(log);
  TRY(rebuild::replay(*source, context.fleet.head_office().roster(), books,
                      {context.options.verify, 0, {}}));
  TRY_ASSIGN(const auto opened, rebuild::Books::open(books));
  return opened.digest();
}

Result<void> copy_path(const std::filesystem::path& from, const std::filesystem::path& to) {
  std::error_code error;
  std::filesystem::copy(from, to, std::filesystem::copy_options::recursive, error);
  if (error) return fail(Errc::kIo, to.string() + ": " + error.message());
  return {};
}

Result<void> copy_log_prefix(const std::filesystem::path& from, const std::filesystem::path& to,
                             std::uint64_t entries) {
  TRY_ASSIGN(const core::disk::LogContent content, core::disk::read_log(from));
  std::vector<core::ByteView> bodies;
  for (const core::disk::LogEntry& entry : content.entries) {
    if (entry.index.value < entries) bodies.push_back(entry.body);
  }
  if (bodies.size() != entries) return fail(Errc::kState, "the log is shorter than its prefix");
  std::error_code error;
  std::filesystem::create_directories(to, error);
  core::disk::Recovery recovery;
  const core::disk::LogWriter::Visit ignore = [](core::disk::LogEntry) {};
  TRY_ASSIGN(auto writer,
             core::disk::LogWriter::open(core::disk::posix_filesystem(), to, {}, ignore, recovery));
  std::vector<core::disk::RecordPlace> places;
  if (!bodies.empty()) TRY(writer->append_group(bodies, places));
  return writer->close();
}

namespace {

Result<Check> digest_unchanged(const CheckContext& context, const std::filesystem::path& log,
                               const std::filesystem::path& books, std::string detail) {
  TRY_ASSIGN(const auto digest, digest_of_log(context, log, books));
  if (digest == context.digest) return pass(std::move(detail));
  return failed(detail + "; but the books digest changed to " + digest.books.hex());
}

std::vector<Queue> every_fifth(const std::vector<Queue>& queues) {
  std::vector<Queue> chosen;
  for (std::size_t i = 0; i < queues.size(); i += 5) chosen.push_back(queues[i]);
  return chosen;
}

std::uint64_t count(const std::vector<Queue>& queues) {
  std::uint64_t messages = 0;
  for (const Queue& queue : queues) messages += queue.size();
  return messages;
}

}  // namespace

// B3: the relay takes half of the log anew, every fifth till re-sends; after a restart everybody
// sends everything again.
Result<Check> check_resend(const CheckContext& context) {
  const std::filesystem::path log = context.options.work / "b3-log";
  const std::vector<Queue> all = context.fleet.queues();
  const std::uint64_t half = count(all) / 2;
  TRY(copy_log_prefix(context.log, log, half));
  WaveOptions wave;
  wave.connections = context.options.connections;
  std::uint64_t accepted = 0;
  std::uint64_t duplicates = 0;
  const auto resend = [&](const RelayProcess& relay, const std::vector<Queue>& queues) {
    const WaveOutcome outcome = send_wave(relay.endpoint(), queues, wave);
    accepted += outcome.accepted;
    duplicates += outcome.duplicates;
    return count(queues);
  };
  std::uint64_t sent = 0;
  {
    TRY_ASSIGN(RelayProcess relay, RelayProcess::start(context.options.relay_binary, log));
    const WaveOutcome rest = send_wave(relay.endpoint(), all, wave);
    if (rest.accepted != count(all) - half || rest.duplicates != half) {
      return failed("of the second half, " + std::to_string(rest.accepted) + " were accepted");
    }
    sent += resend(relay, every_fifth(all));
    TRY(relay.stop());
  }
  {
    TRY_ASSIGN(RelayProcess relay, RelayProcess::start(context.options.relay_binary, log));
    sent += resend(relay, all);
    TRY(relay.stop());
  }
  const std::string detail = std::to_string(sent) + " re-sent, " + std::to_string(accepted) +
                             " accepted, " + std::to_string(duplicates) + " duplicates";
  if (accepted != 0 || duplicates != sent) return failed(detail);
  return digest_unchanged(context, log, context.options.work / "b3-books.db", detail);
}

// B8: hostile messages that reach the log are quarantined by name and move no figure.
namespace {

struct Hostile {
  std::string reason;  // that the quarantine must give
  Bytes message;
};

Result<std::vector<Hostile>> make_hostile(const Fleet& fleet) {
  using namespace core::envelope;
  const FleetTill& victim = fleet.tills().front();
  const FleetTill& other = fleet.tills().back();
  const Bytes& closing = victim.messages.back().bytes;
  TRY_ASSIGN(const Message genuine, parse_message(closing));
  const PrivateKey stranger = *PrivateKey::from_seed(Bytes(32, 0x66));
  std::vector<Hostile> hostile;

  // A stranger signs takings in the victim's name.
  Header header = genuine.header;
  header.sequence.value += 1;
  header.prev = message_id(closing);
  TRY_ASSIGN(Bytes forged, sign_message(header, genuine.payload, stranger));
  hostile.push_back({"forged", std::move(forged)});

  // The stranger signs in his own name.
  header.kid = derive_kid(fleet.head_office().origin(), stranger.public_key());
  TRY_ASSIGN(Bytes unknown, sign_message(header, genuine.payload, stranger));
  hostile.push_back({"unknown-key", std::move(unknown)});

  // One bit of the genuine takings is changed, the signature kept.
  const auto put_together = [&](const Header& h, core::ByteView payload) {
    CborWriter w;
    const Bytes wrapped = *sign_message(h, payload, stranger);
    const Message parsed = *parse_message(wrapped);
    w.tag(18);
    w.array(4);
    w.bytes(parsed.protected_header);
    w.map(0);
    w.bytes(payload);
    w.bytes(genuine.signature.view());
    return std::move(w).take();
  };
  Bytes payload = core::to_bytes(genuine.payload);
  payload.back() ^= 1;
  hostile.push_back({"altered", put_together(genuine.header, payload)});

  // The victim's message, passed off as another till's.
  Header replayed = genuine.header;
  replayed.kid = other.kid;
  hostile.push_back({"replayed", put_together(replayed, genuine.payload)});
  return hostile;
}

}  // namespace

Result<Check> check_hostile_messages(const CheckContext& context) {
  const std::filesystem::path log = context.options.work / "b8-log";
  TRY(copy_path(context.log, log));
  TRY_ASSIGN(const std::vector<Hostile> hostile, make_hostile(context.fleet));
  {
    TRY_ASSIGN(RelayProcess relay, RelayProcess::start(context.options.relay_binary, log));
    std::vector<Bytes> messages;
    messages.reserve(hostile.size());
    for (const Hostile& h : hostile) messages.push_back(h.message);
    core::wire::RelayClient client(relay.endpoint());
    TRY_ASSIGN(const auto answers, client.post(messages));
    for (const auto& answer : answers.each) {
      if (answer.status != core::wire::PostStatus::kAccepted) {
        return failed("the relay, served open, did not accept: " + answer.reason);
      }
    }
    TRY(relay.stop());
  }
  const std::filesystem::path books = context.options.work / "b8-books.db";
  TRY_ASSIGN(const auto digest, digest_of_log(context, log, books));
  if (digest.figures != context.digest.figures) return failed("a hostile message moved a figure");
  TRY_ASSIGN(const auto opened, rebuild::Books::open(books));
  TRY_ASSIGN(const auto quarantine, rebuild::quarantined(opened));
  std::multiset<std::string> expected;
  std::multiset<std::string> found;
  std::string names;
  for (const Hostile& h : hostile) expected.insert(h.reason);
  for (const auto& q : quarantine) {
    found.insert(q.reason);
    names += (names.empty() ? "" : ", ") + q.reason;
  }
  if (expected != found) return failed("quarantined were: " + names);
  return pass("quarantined by name: " + names + "; no figure moved");
}

}  // namespace sweep
