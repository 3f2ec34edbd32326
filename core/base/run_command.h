// run_command: runs another program to its end and collects what it prints.
// Must not know which program.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace core {

// Runs argv[0] (looked up in PATH) with `input` on its standard input; returns its standard output.
// Errors: kNotFound (cannot be started), kIo (another exit status than 0; its last words included).
Result<std::string> run_command(const std::vector<std::string>& argv, std::string_view input = "");

}  // namespace core
