// Shell: the console on standard input and output, over a pipe, a terminal or a serial line.
// Must not know commands (till/shell/console.h).
#pragma once

#include <filesystem>

#include "core/base/result.h"

namespace till::shell {

// Until the input ends or says quit. The receipt stays as it is, also after a signal. Nothing is
// shown but lines: no cursor is moved, and a prompt only on a terminal. Errors: kNetwork (no till
// answers there), kProtocol.
core::Result<void> run_shell(const std::filesystem::path& socket);

}  // namespace till::shell
