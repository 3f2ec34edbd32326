// One part after the other: each is safe here before the relay forgets it.
#include "ledger-rebuild/collect.h"

#include <set>

#include "core/disk/replace_file.h"
#include "core/journal/increment.h"

namespace rebuild {
namespace {

using core::Errc;
using core::fail;
using core::Result;
using core::disk::posix_filesystem;
using core::wire::WaitingPart;

// Below the directory. What is no part, or nobody's, is named by its hash: it is evidence, too.
std::filesystem::path file_of(const WaitingPart& part, core::ByteView bytes,
                              const core::envelope::Roster& roster) {
  const auto* enrolment = roster.find(part.till);
  const auto increment = core::journal::parse_increment(bytes);
  if (enrolment == nullptr || !increment) {
    return std::filesystem::path(part.till.hex()) / (part.part.hash.hex() + ".backup");
  }
  const core::TillRef till = enrolment->till;
  return std::filesystem::path(std::to_string(till.store.value) + "-" +
                               std::to_string(till.till.value)) /
         core::journal::increment_name(till, increment->place);
}

enum class Place { kFree, kHasIt, kHasAnother };

Result<Place> look_at(const std::filesystem::path& path, core::ByteView bytes) {
  const auto there = posix_filesystem().content(path);
  if (there) return core::equal(there->bytes, bytes) ? Place::kHasIt : Place::kHasAnother;
  if (there.error().code == Errc::kNotFound) return Place::kFree;
  return fail(there.error());
}

// Whether it was written; durable in any case.
Result<bool> keep(std::filesystem::path path, core::ByteView bytes, const WaitingPart& part) {
  TRY_ASSIGN(Place place, look_at(path, bytes));
  if (place == Place::kHasAnother) {
    path.replace_extension(part.part.hash.hex() + ".backup");
    TRY_ASSIGN(place, look_at(path, bytes));
  }
  // A file that is there may be of a collection that was killed before it synced.
  TRY(posix_filesystem().create_directory(path.parent_path()));
  TRY(core::disk::replace_file(posix_filesystem(), path, bytes, core::disk::Access::kGroup));
  return place != Place::kHasIt;
}

}  // namespace

Result<Collected> collect(core::wire::BackupBox& box, const core::envelope::Roster& roster,
                          const std::filesystem::path& to, AtTheRelay afterwards) {
  Collected out;
  std::set<std::filesystem::path> tills;
  const std::filesystem::path below = std::filesystem::absolute(to);
  TRY(box.each([&](const WaitingPart& part) -> Result<void> {
    const auto bytes = box.get(part);
    if (!bytes && bytes.error().code == Errc::kNetwork) return fail(bytes.error());
    if (!bytes) {
      out.troubles.push_back(bytes.error().what);
      return {};
    }
    const std::filesystem::path file = below / file_of(part, *bytes, roster);
    TRY_ASSIGN(const bool written, keep(file, *bytes, part));
    if (afterwards == AtTheRelay::kRemove) TRY(box.remove(part));
    ++out.parts;
    out.written += written ? 1 : 0;
    out.bytes += written ? bytes->size() : 0;
    tills.insert(file.parent_path());
    return {};
  }));
  out.tills = tills.size();
  return out;
}

}  // namespace rebuild
