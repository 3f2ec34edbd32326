// Recover: signatures first, then places, then the chain.
#include "ledger-rebuild/recover.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "core/envelope/cbor.h"
#include "core/envelope/message.h"
#include "core/journal/increment.h"

namespace rebuild {
namespace {

using core::Bytes;
using core::ByteView;
using core::Errc;
using core::fail;
using core::Result;
using core::envelope::CborReader;
using core::envelope::Enrolment;
using core::envelope::Hash;
using core::envelope::Kid;
using core::envelope::Roster;
using core::envelope::SealingKey;
using core::journal::Increment;

// More bytes than a cut-off part can lack.
constexpr std::size_t kPadding = core::journal::kIncrementSizeMax + 1;

// The key that bytes name whose rest is damaged or gone: in the first few dozen bytes.
std::optional<Kid> kid_of_beginning(ByteView bytes) {
  Bytes longer = core::to_bytes(bytes.first(std::min<std::size_t>(bytes.size(), 256)));
  longer.resize(longer.size() + 256, 0);
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
bool could_go_on(ByteView bytes) {
  if (core::envelope::first_item_size(bytes)) return false;
  Bytes longer = core::to_bytes(bytes);
  longer.resize(longer.size() + kPadding, 0);
  return core::envelope::first_item_size(longer).has_value();
}

// An authentic part of the till's.
struct BackupPart {
  std::size_t file = 0;
  Increment increment;  // borrows from the file
  Hash link;
  const Enrolment* enrolment = nullptr;
};

using PartPlace = std::tuple<core::Epoch, std::uint64_t, std::uint32_t>;

PartPlace part_place_of(const BackupPart& part) {
  const auto& place = part.increment.place;
  return {place.epoch, place.number, place.part};
}

std::string part_place_text(const Increment& increment) {
  const auto& place = increment.place;
  return "epoch " + to_string(place.epoch) + ", increment " + std::to_string(place.number) +
         (place.parts == 1
              ? std::string()
              : ", part " + std::to_string(place.part) + " of " + std::to_string(place.parts));
}

// All parts of one increment, opened.
struct WholeIncrement {
  std::vector<const BackupPart*> parts;
  std::vector<Bytes> contents;
  std::uint64_t since = 0;
  core::journal::ContentHead head;
  Hash link() const { return parts.back()->link; }
  std::uint64_t number() const { return parts.front()->increment.place.number; }
};

class ChoiceMaker {
 public:
  ChoiceMaker(std::span<const BackupFile> files, const RecoverOrder& order, const Roster& roster,
              const core::envelope::SealingPrivateKey& own)
      : files_(files), order_(order), roster_(roster), own_(own) {
    out_.files.resize(files.size());
  }

  Result<BackupChoice> run() {
    for (std::size_t i = 0; i < files_.size(); ++i) look_at(i);
    find_contradictions();
    if (out_.cloned) {
      detach_rest("the till is cloned, and nothing is chosen; --until ends before the fork");
      return std::move(out_);
    }
    // The newest epoch of which anything can be used.
    std::set<core::Epoch, std::greater<>> epochs;
    for (const auto& [place, part] : places_) epochs.insert(std::get<0>(place));
    for (const core::Epoch epoch : epochs) {
      TRY_ASSIGN(const bool found, use(epoch));
      if (found) break;
    }
    detach_rest("what it builds on is not there");
    return std::move(out_);
  }

 private:
  void name(std::size_t file, FileVerdict verdict, std::string detail) {
    out_.files[file] = {files_[file].name, verdict, std::move(detail)};
    named_.insert(file);
  }

  void look_at(std::size_t i) {
    const BackupFile& file = files_[i];
    if (!file.fault.empty()) return name(i, FileVerdict::kUnreadable, file.fault);
    const auto increment = core::journal::parse_increment(file.bytes);
    if (!increment) return name_damaged(i, increment.error().what);
    const Enrolment* enrolment = roster_.find(increment->statement.kid);
    const std::string place = part_place_text(*increment);
    if (enrolment == nullptr) {
      return name(i, FileVerdict::kForged, place + ": its key is not on the roster");
    }
    if (enrolment->till != order_.till) {
      return name(i, FileVerdict::kOtherTill, "till " + to_string(enrolment->till) + ", " + place);
    }
    if (!verify_statement(increment->statement, enrolment->key)) {
      return name(i, FileVerdict::kForged, place + ": the signature is not that of its key");
    }
    if (enrolment->epoch != increment->place.epoch) {
      return name(i, FileVerdict::kWrongEpoch,
                  place + ": its key is that of epoch " + to_string(enrolment->epoch));
    }
    const Hash link = core::journal::link_of(file.bytes);
    const auto [first, is_new] = by_link_.emplace(link, i);
    if (!is_new) {
      return name(i, FileVerdict::kCopy,
                  place + ": the same bytes as " + files_[first->second].name);
    }
    if (order_.until && increment->place.number > *order_.until) {
      return name(i, FileVerdict::kDetached, place + ": behind --until");
    }
    BackupPart part{i, *increment, link, enrolment};
    places_.emplace(part_place_of(part), std::move(part));
  }

  void name_damaged(std::size_t i, const std::string& fault) {
    const ByteView bytes = files_[i].bytes;
    const auto kid = kid_of_beginning(bytes);
    const Enrolment* enrolment = kid ? roster_.find(*kid) : nullptr;
    if (enrolment != nullptr && enrolment->till != order_.till) {
      return name(i, FileVerdict::kOtherTill, "till " + to_string(enrolment->till) + ": " + fault);
    }
    const bool cut = enrolment != nullptr && could_go_on(bytes);
    name(i, cut ? FileVerdict::kCutOff : FileVerdict::kUnreadable, fault);
  }

  void find_contradictions() {
    for (auto it = places_.begin(); it != places_.end();) {
      const auto end = places_.upper_bound(it->first);
      if (std::next(it) == end) {
        it = end;
        continue;
      }
      // One of an epoch that has ended is evidence, and no reason to stop.
      out_.cloned = out_.cloned || std::get<0>(it->first) == std::get<0>(places_.rbegin()->first);
      for (; it != end; ++it) {
        name(it->second.file, FileVerdict::kContradicted,
             part_place_text(it->second.increment) +
                 ": another content was signed for this place; the till is cloned");
      }
    }
  }

  // All parts of an increment, chained and opened; nullopt: not all are there, or one does not
  // open.
  Result<std::optional<WholeIncrement>> whole(core::Epoch epoch, std::uint64_t number) {
    std::optional<WholeIncrement> none;
    WholeIncrement out;
    auto it = places_.find({epoch, number, 1});
    if (it == places_.end()) return none;
    const std::uint32_t parts = it->second.increment.place.parts;
    for (std::uint32_t k = 1; k <= parts; ++k) {
      it = places_.find({epoch, number, k});
      if (it == places_.end()) return none;
      const BackupPart& part = it->second;
      if (part.increment.place.parts != parts) return none;
      if (k > 1 && part.increment.place.prev != out.parts.back()->link) return none;
      TRY_ASSIGN(auto content, open(part));
      if (!content) return none;
      const auto head = core::journal::read_head(*content);
      if (!head) {
        name(part.file, FileVerdict::kNotOpened,
             part_place_text(part.increment) + ": " + head.error().what);
        return none;
      }
      out.parts.push_back(&part);
      out.contents.push_back(std::move(*content));
      out.since = head->since;
      out.head = *head;
    }
    return std::optional(std::move(out));
  }

  Result<std::optional<Bytes>> open(const BackupPart& part) {
    std::optional<Bytes> none;
    auto context = roster_.sealing_context(*part.enrolment);
    if (!context) {
      name(part.file, FileVerdict::kNotOpened,
           part_place_text(part.increment) + ": its epoch agreed on no key");
      return none;
    }
    context->use = core::envelope::SealingUse::kBackups;
    TRY_ASSIGN(const SealingKey key, SealingKey::agree_as_head_office(own_, *context));
    auto content = core::journal::open_increment(part.increment, key);
    if (content) return std::optional(std::move(*content));
    name(part.file, FileVerdict::kNotOpened,
         part_place_text(part.increment) + ": " + content.error().what);
    return none;
  }

  // The run of increments that reaches furthest, from the last whole one in it.
  Result<bool> use(core::Epoch epoch) {
    std::set<std::uint64_t> numbers;
    for (const auto& [place, part] : places_) {
      if (std::get<0>(place) == epoch) numbers.insert(std::get<1>(place));
    }
    std::vector<WholeIncrement> run;   // of increments that follow each other, from a whole one
    std::vector<WholeIncrement> best;  // the run before, which a gap ended
    for (const std::uint64_t number : numbers) {
      TRY_ASSIGN(auto next, whole(epoch, number));
      const bool goes_on = next && !run.empty() && next->since == number - 1 &&
                           run.back().number() == number - 1 &&
                           next->parts.front()->increment.place.prev == run.back().link();
      if (!goes_on) {
        if (!run.empty()) best = std::exchange(run, {});
        if (!next || next->since != 0) continue;
      }
      run.push_back(std::move(*next));
    }
    if (!run.empty()) best = std::move(run);
    if (best.empty()) return false;
    take(epoch, std::move(best));
    return true;
  }

  void take(core::Epoch epoch, std::vector<WholeIncrement> run) {
    out_.epoch = epoch;
    out_.key = run.front().parts.front()->enrolment->key;
    out_.first = run.front().number();
    out_.last = run.back().number();
    out_.head = run.back().head;
    for (WholeIncrement& whole : run) {
      for (std::size_t k = 0; k < whole.parts.size(); ++k) {
        const BackupPart& part = *whole.parts[k];
        name(part.file, FileVerdict::kUsed, part_place_text(part.increment));
        out_.parts.push_back({std::move(whole.contents[k]), k == 0});
      }
    }
    for (const auto& [place, part] : places_) {
      if (named_.contains(part.file)) continue;
      const bool older = std::get<0>(place) < epoch ||
                         (std::get<0>(place) == epoch && std::get<1>(place) < out_.first);
      if (!older) continue;
      name(part.file, FileVerdict::kOlder,
           part_place_text(part.increment) + ": increment " + std::to_string(out_.first) +
               " of epoch " + to_string(epoch) + " has it all");
    }
  }

  void detach_rest(const std::string& why) {
    for (const auto& [place, part] : places_) {
      if (named_.contains(part.file)) continue;
      name(part.file, FileVerdict::kDetached, part_place_text(part.increment) + ": " + why);
      out_.more_is_there = true;
    }
    for (const FileReport& file : out_.files) {
      if (file.verdict == FileVerdict::kNotOpened) out_.more_is_there = true;
    }
  }

  std::span<const BackupFile> files_;
  const RecoverOrder& order_;
  const Roster& roster_;
  const core::envelope::SealingPrivateKey& own_;
  BackupChoice out_;
  std::set<std::size_t> named_;
  std::map<Hash, std::size_t> by_link_;
  std::multimap<PartPlace, BackupPart> places_;
};

}  // namespace

std::string_view file_verdict_text(FileVerdict verdict) {
  switch (verdict) {
    case FileVerdict::kUsed:
      return "used";
    case FileVerdict::kOlder:
      return "older";
    case FileVerdict::kCopy:
      return "copy";
    case FileVerdict::kForged:
      return "forged";
    case FileVerdict::kWrongEpoch:
      return "wrong-epoch";
    case FileVerdict::kContradicted:
      return "contradicted";
    case FileVerdict::kDetached:
      return "detached";
    case FileVerdict::kOtherTill:
      return "other-till";
    case FileVerdict::kCutOff:
      return "cut-off";
    case FileVerdict::kNotOpened:
      return "not-opened";
    case FileVerdict::kUnreadable:
      return "unreadable";
  }
  return "unknown";
}

Result<BackupChoice> choose_backup(std::span<const BackupFile> files, const RecoverOrder& order,
                                   const Roster& roster,
                                   const core::envelope::SealingPrivateKey& own) {
  if (roster.latest_epoch(order.till) == core::Epoch{0}) {
    return fail(Errc::kNotFound, "till " + to_string(order.till) + " is not on the roster");
  }
  return ChoiceMaker(files, order, roster, own).run();
}

}  // namespace rebuild
