// Mailbox: a directory that holds a signed copy of every closing, for a till that loses everything.
// Must not know the relay. Format: docs/formats/journal.md, "Mailbox".
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "core/base/ids.h"
#include "core/base/result.h"
#include "till/journal.h"

namespace till {

// Errors: kUsage (not empty, and no directory). A missing one is not made: it may be the mount
// point of a stick that is not plugged in.
core::Result<void> check_mailbox(const std::filesystem::path& directory);

// "4-1-1-2.cose": store, till, epoch, sequence. The content is the message's bytes.
std::string mailbox_file_name(core::TillRef ref, core::Epoch epoch, core::Sequence sequence);

// Copies every closing that is not marked as copied, each as temporary file, fsync, rename and
// directory fsync, then marks it. Returns how many. Nothing to do without a mailbox.
// Errors: kIo, kDiskFull, kSyncFailed; what was copied before stays.
core::Result<std::uint64_t> copy_to_mailbox(Journal& journal);

}  // namespace till
