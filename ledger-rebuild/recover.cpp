// Recover: mailbox files as a small set of messages, judged by the rules of the replay.
#include "ledger-rebuild/recover.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "core/base/whole_file.h"
#include "core/disk/file.h"
#include "core/envelope/cbor.h"
#include "ledger-rebuild/intake.h"
#include "ledger-rebuild/resolve.h"
#include "ledger-rebuild/rows.h"

namespace rebuild {

using core::Bytes;
using core::ByteView;
using core::Errc;
using core::fail;
using core::Result;
using core::envelope::CborReader;
using core::envelope::Enrolment;
using core::envelope::Header;
using core::envelope::Roster;
using core::envelope::Signature;

struct Mailbox::File {
  std::string name;
  Bytes bytes;
  std::optional<Kid> kid;              // as far as it can be read
  std::optional<Signature> signature;  // of a whole message
  bool cut_off = false;
  std::string fault;  // why it is no message
};

namespace {

namespace fs = std::filesystem;

Bytes padded(ByteView bytes) {
  Bytes out = core::to_bytes(bytes);
  out.resize(bytes.size() + core::envelope::kMessageSizeMax + 1, 0);
  return out;
}

// The key that bytes name whose rest is damaged or gone: in a message's first few dozen bytes.
std::optional<Kid> salvage_kid(ByteView bytes) {
  const Bytes longer = padded(bytes);
  CborReader outer(longer);
  if (!outer.tag() || !outer.array()) return std::nullopt;
  const auto header = outer.bytes();
  if (!header) return std::nullopt;
  CborReader r(*header);
  // Algorithm and content type stand before the key id (docs/message.cddl).
  if (!r.map() || !r.integer() || !r.integer() || !r.integer() || !r.unsigned_integer()) {
    return std::nullopt;
  }
  constexpr std::int64_t kLabelKid = 4;
  const auto label = r.integer();
  if (!label || *label != kLabelKid) return std::nullopt;
  const auto kid = r.bytes();
  if (!kid || kid->data() + kid->size() > longer.data() + bytes.size()) return std::nullopt;
  const auto value = Kid::from(*kid);
  return value ? std::optional(*value) : std::nullopt;
}

// Whether more bytes could have made an item of it.
bool is_cut_off(ByteView bytes) {
  if (core::envelope::first_item_size(bytes)) return false;
  return core::envelope::first_item_size(padded(bytes)).has_value();
}

// The small set of messages that decides about one till.
class TillCase {
 public:
  TillCase(core::TillRef till, const Roster& roster) : till_(till), roster_(roster) {}

  bool claims(const Kid& kid) const {
    const Enrolment* enrolment = roster_.find(kid);
    return enrolment != nullptr && enrolment->till == till_;
  }

  void add(std::size_t file, ByteView bytes) {
    const SourceEntry entry{core::LogIndex{file}, bytes};
    take_up(std::span(&entry, 1), 1, intake_);
  }

  void check() {
    for (Item& item : intake_.items) item.enrolment = roster_.find(item.facts.kid);
    check_signatures(intake_.items, Verify::kEvery, 1);
  }

  std::set<Signature> bad_signatures() const {
    std::set<Signature> out;
    for (const Item& item : intake_.items) {
      if (item.facts.signature_state == SignatureState::kBad) out.insert(item.facts.signature);
    }
    return out;
  }

  Result<void> judge() {
    check();
    for (const Item& item : intake_.items) TRY(check_opener(item));
    decode_payloads(intake_.items, 1);
    verdicts_ = resolve(intake_.items);
    for (std::size_t i = 0; i < intake_.items.size(); ++i) {
      if (!is_authentic_closing(i)) continue;
      if (!top_ || place(i) > place(*top_)) top_ = i;
    }
    return {};
  }

  const std::vector<Item>& items() const { return intake_.items; }
  const Verdict& verdict(std::size_t i) const { return verdicts_[i]; }
  std::optional<std::size_t> top() const { return top_; }

  bool is_authentic_closing(std::size_t i) const {
    const Item& item = intake_.items[i];
    return item.enrolment != nullptr && item.enrolment->till == till_ &&
           verdicts_[i].state != State::kQuarantined && item.entry.kind == Kind::kClosing;
  }
  // Whether it is of the same summary as the newest closing: itself, or another part of it.
  bool is_of_last(std::size_t i) const {
    if (!top_ || !is_authentic_closing(i)) return false;
    const Item& a = intake_.items[i];
    const Item& b = intake_.items[*top_];
    return a.facts.kid == b.facts.kid && a.entry.day == b.entry.day &&
           a.entry.part.count == b.entry.part.count && (a.entry.part.count > 1 || same_place(i));
  }
  bool is_posted(std::size_t i) const {
    return verdicts_[i].state == State::kProven || verdicts_[i].state == State::kUnproven;
  }

 private:
  std::pair<core::Epoch, core::Sequence> place(std::size_t i) const {
    return {intake_.items[i].facts.epoch, intake_.items[i].facts.sequence};
  }
  bool same_place(std::size_t i) const { return place(i) == place(*top_); }

  core::TillRef till_;
  const Roster& roster_;
  Intake intake_;
  std::vector<Verdict> verdicts_;
  std::optional<std::size_t> top_;
};

FileVerdict refused_verdict(Reason reason) {
  switch (reason) {
    case Reason::kWrongEpoch:
      return FileVerdict::kWrongEpoch;
    case Reason::kForged:
    case Reason::kUnknownKey:
    case Reason::kMalformedMessage:
      return FileVerdict::kForged;
    case Reason::kAltered:
      return FileVerdict::kAltered;
    case Reason::kReplayed:
      return FileVerdict::kReplayed;
    case Reason::kNone:
    case Reason::kMalformedPayload:
    case Reason::kUnbalanced:
    case Reason::kOutOfRange:
    case Reason::kNotOpened:
      return FileVerdict::kNoClosing;
  }
  return FileVerdict::kUnreadable;
}

std::string place_text(const Item& item) {
  return "epoch " + to_string(item.facts.epoch) + ", sequence " + to_string(item.facts.sequence);
}

MailboxFile name_item(const TillCase& one, std::size_t i, std::string name) {
  const Item& item = one.items()[i];
  const Verdict& verdict = one.verdict(i);
  MailboxFile out{std::move(name), FileVerdict::kNoClosing, place_text(item)};
  if (verdict.state == State::kQuarantined) {
    out.verdict = refused_verdict(verdict.reason);
    out.detail += ": " + verdict.detail;
  } else if (!one.is_authentic_closing(i)) {
    out.detail += ": " + std::string(kind_text(item.entry.kind));
  } else if (verdict.state == State::kContradicted) {
    out.verdict = FileVerdict::kContradicted;
    out.detail += ": another content was signed for this place; the till is cloned";
  } else if (!one.is_of_last(i)) {
    out.verdict = FileVerdict::kOlder;
    out.detail += ": the last closing is " + place_text(one.items()[*one.top()]);
  } else {
    out.verdict = one.is_posted(i) ? FileVerdict::kLast : FileVerdict::kCopy;
  }
  return out;
}

Result<void> add_last(const TillCase& one, Recovery& recovery) {
  std::map<std::uint32_t, std::size_t> parts;
  for (std::size_t i = 0; i < one.items().size(); ++i) {
    if (one.is_of_last(i) && one.is_posted(i)) parts.emplace(one.items()[i].entry.part.number, i);
  }
  for (const auto& [number, i] : parts) {
    const Item& item = one.items()[i];
    TRY_ASSIGN(const auto message, core::envelope::parse_message(item.bytes));
    TRY_ASSIGN(const auto summary, read_summary(item));
    recovery.last.push_back(RecoveredPart{core::to_bytes(item.bytes), message.header, item.facts.id,
                                          std::get<core::retail::Closing>(summary)});
  }
  recovery.complete =
      !parts.empty() && parts.size() == one.items()[parts.begin()->second].entry.part.count;
  return {};
}

// Whether the books have a closing that the mailbox does not reach.
Result<void> compare_with_books(const Books& books, core::TillRef till, Recovery& recovery) {
  TRY_ASSIGN(auto row, books.database().prepare(
                           "SELECT epoch, sequence FROM messages WHERE store = ? AND till = ? "
                           "AND kind = 2 AND state < 5 ORDER BY epoch DESC, sequence DESC"));
  row.bind_int(1, till.store.value).bind_int(2, till.till.value);
  TRY_ASSIGN(const bool there, row.step());
  if (!there) return {};
  const auto epoch = id_at<core::Epoch>(row, 0);
  const auto sequence = id_at<core::Sequence>(row, 1);
  if (!recovery.last.empty()) {
    const Header& last = recovery.last.back().header;
    if (std::tie(epoch, sequence) <= std::tie(last.epoch, last.sequence)) return {};
  }
  recovery.books_epoch = epoch;
  recovery.books_sequence = sequence;
  return {};
}

}  // namespace

std::string_view file_verdict_text(FileVerdict verdict) {
  switch (verdict) {
    case FileVerdict::kLast:
      return "last";
    case FileVerdict::kOlder:
      return "older";
    case FileVerdict::kNoClosing:
      return "no-closing";
    case FileVerdict::kForged:
      return "forged";
    case FileVerdict::kAltered:
      return "altered";
    case FileVerdict::kReplayed:
      return "replayed";
    case FileVerdict::kWrongEpoch:
      return "wrong-epoch";
    case FileVerdict::kContradicted:
      return "contradicted";
    case FileVerdict::kCopy:
      return "copy";
    case FileVerdict::kCutOff:
      return "cut-off";
    case FileVerdict::kUnreadable:
      return "unreadable";
  }
  return "unknown";
}

Mailbox::Mailbox(std::vector<File> files)
    : files_(std::make_shared<const std::vector<File>>(std::move(files))) {}

Result<Mailbox> Mailbox::read(const fs::path& directory) {
  core::disk::Filesystem& disk = core::disk::posix_filesystem();
  TRY_ASSIGN(std::vector<std::string> names, disk.list(directory));
  std::sort(names.begin(), names.end());
  std::vector<File> files;
  for (const std::string& name : names) {
    std::error_code ignored;
    if (!fs::is_regular_file(directory / name, ignored)) continue;
    File file;
    file.name = name;
    const auto content = core::read_whole_file(directory / name, core::envelope::kMessageSizeMax);
    if (!content && content.error().code == Errc::kTooLarge) {
      file.fault = content.error().what;
      files.push_back(std::move(file));
      continue;
    }
    TRY(content);
    file.bytes = core::to_bytes(core::as_bytes(*content));
    const auto message = core::envelope::parse_message(file.bytes);
    if (message) {
      file.kid = message->header.kid;
      file.signature = message->signature;
    } else {
      file.fault = message.error().what;
      file.kid = salvage_kid(file.bytes);
      file.cut_off = is_cut_off(file.bytes);
    }
    files.push_back(std::move(file));
  }
  return Mailbox(std::move(files));
}

Result<Recovery> Mailbox::recover(core::TillRef till, const Roster& roster,
                                  const Books* books) const {
  if (roster.latest_epoch(till) == core::Epoch{0}) {
    return fail(Errc::kNotFound, "till " + to_string(till) + " is not on the roster");
  }
  TillCase one(till, roster);
  for (std::size_t i = 0; i < files_->size(); ++i) {
    const File& file = (*files_)[i];
    if (file.signature && one.claims(*file.kid)) one.add(i, file.bytes);
  }
  one.check();
  // Messages of other tills matter only as the owners of signatures that are not this till's.
  const std::set<Signature> bad = one.bad_signatures();
  for (std::size_t i = 0; !bad.empty() && i < files_->size(); ++i) {
    const File& file = (*files_)[i];
    if (file.signature && bad.contains(*file.signature)) one.add(i, file.bytes);
  }
  TRY(one.judge());

  std::map<MessageId, std::size_t> by_id;
  for (std::size_t i = 0; i < one.items().size(); ++i) by_id.emplace(one.items()[i].facts.id, i);
  Recovery recovery;
  for (std::size_t i = 0; i < files_->size(); ++i) {
    const File& file = (*files_)[i];
    if (!file.signature) {
      if (file.kid && !one.claims(*file.kid)) continue;
      const bool claimed = file.kid.has_value();
      recovery.files.push_back(MailboxFile{
          file.name, claimed && file.cut_off ? FileVerdict::kCutOff : FileVerdict::kUnreadable,
          file.fault});
      continue;
    }
    if (!one.claims(*file.kid)) continue;
    const std::size_t item = by_id.at(core::envelope::message_id(file.bytes));
    MailboxFile named = name_item(one, item, file.name);
    if (one.items()[item].index.value != i) {
      const std::string& first = (*files_)[one.items()[item].index.value].name;
      named.detail += "; the same bytes as " + first;
      if (named.verdict == FileVerdict::kLast) named.verdict = FileVerdict::kCopy;
    }
    recovery.files.push_back(std::move(named));
  }
  TRY(add_last(one, recovery));
  if (books != nullptr) TRY(compare_with_books(*books, till, recovery));
  return recovery;
}

}  // namespace rebuild
