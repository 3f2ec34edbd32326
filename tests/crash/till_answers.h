// Everything that a till can be asked, as lines that two states of a journal can be compared by.
// Must not know disks, nor what the answers should be.
#pragma once

#include <string>
#include <vector>

#include "till/till.h"

namespace test {

// Status, catalog, every document of every series, every message with its state, the day so far.
// Errors: those of the till.
core::Result<std::vector<std::string>> answers_of(till::Till& till);

// The first line in which two lists of answers differ; empty: none.
std::string first_difference(const std::vector<std::string>& before,
                             const std::vector<std::string>& after);

}  // namespace test
