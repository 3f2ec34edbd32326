// PIN source: where a command reads a PIN from; never its words, which everybody's ps shows.
// Must not know what the PIN is for.
#pragma once

#include <filesystem>
#include <string>

#include "core/base/result.h"
#include "core/retail/pin.h"

namespace till {

using core::retail::Pin;

// The next line of a file ("-": of stdin), or what is typed at the terminal without being shown:
// when `from` is empty, or is "-" and stdin is the terminal. Errors, none of which shows what was
// read: kNotFound, kIo, kState (a file that others may read), kUsage (no PIN, or no terminal to ask
// at).
core::Result<Pin> read_pin(const std::filesystem::path& from, const std::string& prompt);

}  // namespace till
