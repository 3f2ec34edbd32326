// PrintQueue: which documents are on paper, as the journal knows it.
// Must not know layouts or printers. Format: docs/formats/journal.md, "Printing".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/retail/document.h"
#include "till/journal.h"
#include "till/printer.h"

namespace till {

enum class PrintState {
  kDue,       // its original was never printed
  kPrinted,   // its latest job was printed whole
  kDoubtful,  // nobody knows how much of its latest job is on paper
};

struct PrintMark {
  PrintState state = PrintState::kDue;
  std::uint64_t copies = 0;  // printed, or perhaps printed, besides the original
};

// A document that waits for paper.
struct WaitingDocument {
  std::uint64_t position = 0;
  core::retail::Series series = core::retail::Series::kInvoice;
  std::uint64_t number = 0;
  PrintMark mark;
};

// What is printed without being asked for; other documents when they are named.
inline constexpr core::retail::Series kPrintedSeries[] = {
    core::retail::Series::kInvoice, core::retail::Series::kRefund, core::retail::Series::kVoid,
    core::retail::Series::kCash, core::retail::Series::kLayaway};

inline constexpr std::size_t kHeadingLinesMax = 8;
inline constexpr std::size_t kHeadingBytesMax = 200;  // of a line

// Errors of every operation: those of core::sqlite::Database; kDamaged (a row cannot be read).
class PrintQueue {
 public:
  explicit PrintQueue(Journal& journal) : journal_(journal) {}

  core::Result<PrintMark> mark(std::uint64_t position);
  // What the document's next job is: 0 the original, else the number of the copy.
  core::Result<std::uint64_t> next_copy(std::uint64_t position);

  // A job is about to be sent; durable when it returns. From now on the document is doubtful, until
  // end() says better. Returns next_copy().
  core::Result<std::uint64_t> begin(std::uint64_t position);
  // What became of it. After kNothing everything is as before begin().
  // Errors: kState (no job was begun).
  core::Result<void> end(std::uint64_t position, Printed printed);

  // Due ones of the open day (else of the last one), and doubtful ones of every day; in the order
  // of recording, `max` at most, after `position`.
  core::Result<std::vector<WaitingDocument>> waiting(std::uint64_t after, std::size_t max);

  // Each mark is of a document, and in a state that there is.
  core::Result<void> check();

  // The shop's words above every receipt.
  core::Result<std::vector<std::string>> heading();
  // Errors: kUsage (too many lines, or one too long).
  core::Result<void> set_heading(const std::vector<std::string>& lines);

 private:
  Journal& journal_;
};

}  // namespace till
