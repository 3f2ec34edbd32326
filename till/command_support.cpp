// What the commands have in common: the journal's key, the journal, the output.
#include "till/command_support.h"

#include <sys/prctl.h>

#include <cstdio>

#include "core/base/whole_file.h"

namespace till {

using core::Result;

void print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

Result<JournalKey> read_key(const std::filesystem::path& path, KeyFrom from) {
  // What SQLCipher derives from a key is in its own memory: no dump of it, for any reason.
  ::prctl(PR_SET_DUMPABLE, 0);
  return JournalKey::read(path, from);
}

Result<JournalKey> journal_key(const CommandWords& words) {
  if (words.key_file.empty()) return JournalKey();
  return read_key(words.key_file, words.key_is_credential ? KeyFrom::kCredential : KeyFrom::kFile);
}

Result<Till> open_till(const CommandWords& words) {
  TRY_ASSIGN(const JournalKey key, journal_key(words));
  return Till::open(words.journal, Durability::kFull, key);
}

Result<core::retail::Series> parse_series(std::string_view name) {
  for (std::size_t i = 1; i <= core::retail::kSeriesCount; ++i) {
    const auto series = static_cast<core::retail::Series>(i);
    if (series_name(series) == name) return series;
  }
  return core::fail(core::Errc::kUsage, "--series: there is no series '" + std::string(name) + "'");
}

Result<core::envelope::Roster> read_roster(const CommandWords& words, std::string_view origin) {
  using core::envelope::PublicKey;
  const auto key_bytes = core::from_hex(words.head_office);
  const auto key =
      key_bytes ? PublicKey::from(*key_bytes) : Result<PublicKey>(core::fail(key_bytes.error()));
  if (!key) return core::fail(core::Errc::kUsage, "--head-office: " + key.error().what);
  TRY_ASSIGN(const std::string content, core::read_whole_file(words.roster));
  auto roster = core::envelope::Roster::read(core::as_bytes(content), origin, *key);
  if (!roster) {
    return core::fail(roster.error().code, words.roster.string() + ": " + roster.error().what);
  }
  return roster;
}

}  // namespace till
