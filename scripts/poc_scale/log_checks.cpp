// B3, B6 and B8: re-sent, recovered and hostile messages, on copies of the run's log.
#include <algorithm>
#include <set>

#include "core/base/random.h"
#include "core/disk/file.h"
#include "core/disk/log_reader.h"
#include "core/disk/log_writer.h"
#include "core/envelope/cbor.h"
#include "ledger-rebuild/recover.h"
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

Result<void> copy_log(const std::filesystem::path& from, const std::filesystem::path& to) {
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

// B3: every fifth till re-sends; after a restart everybody sends everything again.
Result<Check> check_resend(const CheckContext& context) {
  const std::filesystem::path log = context.options.work / "b3-log";
  TRY(copy_log(context.log, log));
  const std::vector<Queue> all = context.fleet.queues();
  const std::vector<Queue> some = every_fifth(all);
  WaveOptions wave;
  wave.connections = context.options.connections;
  std::uint64_t accepted = 0;
  std::uint64_t duplicates = 0;
  for (const auto& queues : {some, all}) {  // each on a newly started relay
    TRY_ASSIGN(RelayProcess relay, RelayProcess::start(context.options.relay_binary, log));
    const WaveOutcome outcome = send_wave(relay.endpoint(), queues, wave);
    accepted += outcome.accepted;
    duplicates += outcome.duplicates;
    TRY(relay.stop());
  }
  const std::uint64_t sent = count(some) + count(all);
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
  TRY(copy_log(context.log, log));
  TRY_ASSIGN(const std::vector<Hostile> hostile, make_hostile(context.fleet));
  {
    TRY_ASSIGN(RelayProcess relay, RelayProcess::start(context.options.relay_binary, log));
    std::vector<Bytes> messages;
    messages.reserve(hostile.size());
    for (const Hostile& h : hostile) messages.push_back(h.message);
    core::wire::RelayClient client(relay.endpoint());
    TRY_ASSIGN(const auto answers, client.post(messages));
    for (const auto& answer : answers) {
      if (answer.status != core::wire::PostStatus::kAccepted) {
        return failed("the relay, which has no admission yet, did not accept: " + answer.reason);
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

// B6: a till that lost everything gets its last closing back from the mailbox.
namespace {

constexpr std::size_t kEveryTillUpTo = 200;
constexpr std::size_t kSampleAbove = 100;

std::vector<std::size_t> tills_to_recover(const CheckContext& context) {
  std::vector<std::size_t> chosen(context.fleet.tills().size());
  for (std::size_t i = 0; i < chosen.size(); ++i) chosen[i] = i;
  if (chosen.size() <= kEveryTillUpTo) return chosen;
  core::Random random(context.options.seed);
  for (std::size_t i = 0; i < kSampleAbove; ++i) {
    std::swap(chosen[i], chosen[random.between(i, chosen.size() - 1)]);
  }
  chosen.resize(kSampleAbove);
  return chosen;
}

const Bytes& last_closing(const FleetTill& till) {
  for (auto it = till.messages.rbegin(); it != till.messages.rend(); ++it) {
    if (it->kind == till::MessageKind::kClosing) return it->bytes;
  }
  core::check_failed("every till of the fleet closed", __FILE__, __LINE__);
}

Result<void> write_file(const std::filesystem::path& path, core::ByteView bytes) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) return fail(Errc::kIo, path.string() + ": cannot be written");
  const bool whole = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
  if (std::fclose(file) != 0 || !whole) return fail(Errc::kIo, path.string() + ": write failed");
  return {};
}

// Recovers one till from `directory` and says what each of the named files was found to be.
Result<std::map<std::string, rebuild::FileVerdict>> verdicts(const CheckContext& context,
                                                             const std::filesystem::path& directory,
                                                             core::TillRef till,
                                                             core::ByteView wanted) {
  TRY_ASSIGN(const auto mailbox, rebuild::Mailbox::read(directory));
  TRY_ASSIGN(const auto recovery,
             mailbox.recover(till, context.fleet.head_office().roster(), nullptr));
  std::map<std::string, rebuild::FileVerdict> out;
  for (const auto& file : recovery.files) out[file.name] = file.verdict;
  const bool same = recovery.last.size() == 1 && core::equal(recovery.last[0].message, wanted);
  if (wanted.empty() ? !recovery.last.empty() : !same) {
    return fail(Errc::kState, "till " + to_string(till) + ": not the closing that it had");
  }
  return out;
}

// A newer closing of the same till: a copy of its journal rings one more day.
Result<Bytes> newer_closing(const CheckContext& context, const FleetTill& till) {
  const std::filesystem::path journal = context.options.work / "b6.journal";
  TRY(copy_log(till.journal, journal));
  TRY_ASSIGN(till::Till again, till::Till::open(journal, context.options.durability));
  TRY_ASSIGN(const auto status, again.status());
  TRY(again.open_day(core::BusinessDay{status.last_day->days + 1}, {}));
  TRY(again.close_day());
  TRY_ASSIGN(auto pending, again.outbox().pending(status.last_sequence, 2, 1 << 20));
  return std::move(pending.back().message);
}

Result<Check> check_hostile_mailbox(const CheckContext& context, const FleetTill& till) {
  using rebuild::FileVerdict;
  const std::filesystem::path directory = context.options.work / "b6-mailbox";
  std::filesystem::create_directories(directory);
  const Bytes& genuine = last_closing(till);
  TRY_ASSIGN(const auto parsed, core::envelope::parse_message(genuine));
  const auto stranger = *core::envelope::PrivateKey::from_seed(Bytes(32, 0x66));
  core::envelope::Header later = parsed.header;
  later.sequence.value += 7;
  TRY_ASSIGN(const Bytes forged, core::envelope::sign_message(later, parsed.payload, stranger));
  Bytes altered = genuine;
  altered[altered.size() - 66 - 1] ^= 1;  // the payload's last byte
  TRY(write_file(directory / "forged", forged));
  TRY(write_file(directory / "altered", altered));
  TRY(write_file(directory / "cut-off", core::ByteView(genuine).first(genuine.size() - 9)));
  TRY_ASSIGN(const auto without, verdicts(context, directory, till.ref, {}));

  TRY_ASSIGN(const Bytes newer, newer_closing(context, till));
  TRY(write_file(directory / "older", genuine));
  TRY(write_file(directory / "last", newer));
  TRY_ASSIGN(const auto with, verdicts(context, directory, till.ref, newer));
  const std::map<std::string, FileVerdict> expected = {
      {"forged", FileVerdict::kForged},  {"altered", FileVerdict::kAltered},
      {"cut-off", FileVerdict::kCutOff}, {"older", FileVerdict::kOlder},
      {"last", FileVerdict::kLast},
  };
  for (const auto& [name, verdict] : expected) {
    const auto it = with.find(name);
    if (it == with.end() || it->second != verdict) {
      return failed("the " + name + " file was not named as such");
    }
  }
  return pass("forged, altered, cut-off and older named");
}

}  // namespace

Result<Check> check_recover(const CheckContext& context) {
  const auto chosen = tills_to_recover(context);
  TRY_ASSIGN(const auto mailbox, rebuild::Mailbox::read(context.fleet.mailbox()));
  std::uint64_t recovered = 0;
  for (const std::size_t index : chosen) {
    const FleetTill& till = context.fleet.tills()[index];
    TRY_ASSIGN(const auto recovery,
               mailbox.recover(till.ref, context.fleet.head_office().roster(), nullptr));
    if (recovery.good() && recovery.last.size() == 1 &&
        recovery.last[0].message == last_closing(till)) {
      ++recovered;
    }
  }
  const std::string detail = std::to_string(recovered) + " of " + std::to_string(chosen.size()) +
                             " last closings recovered";
  if (recovered != chosen.size() || chosen.empty()) return failed(detail);
  TRY_ASSIGN(Check hostile, check_hostile_mailbox(context, context.fleet.tills()[chosen.front()]));
  hostile.detail = detail + "; " + hostile.detail;
  return hostile;
}

}  // namespace sweep
