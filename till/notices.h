// Notices: what head office tells this till: taken up in the order of each feed, kept until its
// day, and put into force whole or not at all.
// Must not know the network. Format: docs/formats/notice.md.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/business_day.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/envelope/feed_key.h"
#include "core/envelope/message.h"
#include "core/envelope/roster.h"
#include "core/retail/notice.h"
#include "till/journal.h"
#include "till/operators.h"
#include "till/shelf.h"

namespace till {

// The three feeds that a till reads, in the order in which they are gone through: the first brings
// the keys of the others. Numbers are stored in the journal.
enum class FeedKind : std::uint8_t { kOwn = 0, kFleet = 1, kStore = 2 };
inline constexpr FeedKind kFeedKinds[] = {FeedKind::kOwn, FeedKind::kFleet, FeedKind::kStore};
// "own", "fleet", "store".
std::string_view feed_name(FeedKind kind);

struct FeedStatus {
  core::Epoch epoch;        // of the last notice taken up; 0: there is none
  core::Sequence sequence;  // of it, in head office's chain
  std::uint64_t waiting = 0;
  std::string
      trouble;  // why the first that waits cannot be read or used; empty: it waits for its day
};

struct DispatchStatus {
  core::retail::DispatchNote note;
  std::optional<core::BusinessDay> received;
};

// A view, made for each use. Errors of all: those of core::sqlite::Database and Journal::transact.
class Notices {
 public:
  Notices(Journal& journal, ShelfMemory& shelf, Staff& staff)
      : journal_(&journal), shelf_(journal, shelf), staff_(&staff) {}

  // Whose word counts from now on. Inside a transaction. Errors: kState (an older roster than the
  // one before, which would give a key back that head office took).
  core::Result<void> put_head_office(const core::envelope::Roster& roster);
  // The same, as a transaction of its own, of a roster that was fetched again. Errors: kUnknownKey
  // (of another root than the one that the till joined under), and those of put_head_office().
  core::Result<void> learn(const core::envelope::Roster& roster);
  // Head office's root. Errors: kState (not joined).
  core::Result<core::envelope::PublicKey> root();
  // Its key of every day; none: it has none, or the till has not joined.
  core::Result<std::optional<core::envelope::PublicKey>> office_key();

  // Behind which place of the log this till has not read yet; none: from the beginning.
  core::Result<std::optional<core::LogIndex>> reached();
  enum class Taken {
    kNew,
    kKnown,       // it, or a later one of its feed, was taken up before
    kUnknownKey,  // not of head office's key that this till knows: the roster says who that is
    kGap,         // one of its feed is missing between the last and this
    kNotForUs,    // another till's feed, or another epoch of this till
  };
  // Durable when it returns kNew. Errors: kMalformed, kBadSignature (not head office's word).
  core::Result<Taken> take(core::LogIndex index, core::ByteView message);
  // Reads from the beginning again: the relay's word alone says how far a till has read. The first
  // inside a transaction.
  core::Result<void> forget_reached();
  core::Result<void> begin_again();

  // Pieces that readable notices name and that are not here. Errors: kDamaged.
  core::Result<std::vector<core::envelope::BlobName>> missing_pieces();
  // Errors: kMalformed (it is not the piece of that name).
  core::Result<void> keep_piece(const core::envelope::BlobName& name, core::ByteView bytes);

  // Puts into force what holds on `day`: all of a feed's in one transaction, since one may only
  // make sense with the next. Returns how many. What cannot be read stays and says why in its
  // feed's trouble, and holds up those behind it; what cannot be used holds up those with it, too.
  core::Result<std::uint64_t> take_effect(core::BusinessDay day);

  core::Result<std::map<FeedKind, FeedStatus>> status();
  // Ascending by number.
  core::Result<std::vector<DispatchStatus>> dispatched();
  // nullopt: head office sent none of this number.
  core::Result<std::optional<DispatchStatus>> find_dispatch(std::uint64_t number);
  // Inside a transaction.
  core::Result<void> set_received(std::uint64_t number, core::BusinessDay day);
  core::Result<std::optional<core::retail::FirmwareNotice>> firmware();

 private:
  struct HeadOfficeRow {
    core::envelope::PublicKey root;
    core::Epoch epoch;
    std::optional<core::envelope::PublicKey> key;
    std::optional<core::LogIndex> reached;
    std::optional<core::retail::FeedKeys> keys;
  };
  struct FeedRow {
    core::Epoch epoch;
    core::Sequence sequence;
    core::envelope::MessageId id;
    std::string trouble;
  };
  struct Waiting {
    core::Epoch epoch;
    core::Sequence sequence;
    core::Bytes message;
  };
  struct Opened {
    core::Epoch epoch;
    core::Sequence sequence;
    bool whole = false;
    core::retail::NoticeBody body;
    core::envelope::SealingKey key;
  };

  // Who works here otherwise than before, and what the audit log is to tell of it.
  struct StaffChange {
    std::vector<Operator> operators;
    std::vector<AuditNote> notes;
  };

  core::Result<HeadOfficeRow> head_office();
  core::Result<std::optional<FeedRow>> feed(FeedKind kind);
  core::Result<void> put_feed(FeedKind kind, const FeedRow& row);
  std::optional<FeedKind> kind_of(core::TillRef feed) const;
  core::Result<std::vector<Waiting>> waiting(FeedKind kind);
  core::Result<core::envelope::SealingKey> key_for(FeedKind kind, std::uint64_t generation,
                                                   const HeadOfficeRow& row);
  core::Result<Opened> open(FeedKind kind, const Waiting& waiting, const HeadOfficeRow& row);
  // What is still to come to hold, in order; one that holds earlier takes back those before it.
  // `trouble`: why it ends before the last. Errors: kState (not joined).
  core::Result<std::vector<Opened>> queue(FeedKind kind, std::string& trouble);
  core::Result<bool> has_piece(const core::envelope::BlobName& name);
  core::Result<core::retail::NoticeContent> content_of(const Opened& notice);
  core::Result<void> set_trouble(FeedKind kind, const std::string& trouble);
  // `notices`: in order, one at least.
  core::Result<void> put_into_force(FeedKind kind, const std::vector<Opened>& notices);
  core::Result<void> put_content(const core::retail::NoticeContent& content, bool whole,
                                 core::CatalogVersion& version, StaffChange& staff);
  core::Result<void> put_keys(const core::retail::FeedKeys& keys);
  core::Result<void> put_operators(const core::retail::NoticeContent& content, StaffChange& staff);
  core::Result<void> put_dispatched(const core::retail::NoticeContent& content);
  core::Result<void> put_firmware(const core::retail::FirmwareNotice& firmware);

  Journal* journal_;
  Shelf shelf_;
  Staff* staff_;
};

}  // namespace till
