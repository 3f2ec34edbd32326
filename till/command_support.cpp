// What the commands have in common: the journal's key, the journal, the output.
#include "till/command_support.h"

#include <sys/prctl.h>

#include <cstdio>

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

}  // namespace till
