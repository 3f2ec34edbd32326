// PaperReader: what a receipt printer makes of the bytes that it gets, and what an outside reader
// (zbarimg) sees in its pictures. Shares nothing with the code that writes them.
#pragma once

#include <string>
#include <vector>

#include "core/base/bytes.h"

namespace test {

struct Bitmap {
  std::size_t width = 0;
  std::size_t height = 0;
  std::vector<bool> dark;  // row by row
};

struct PrintedLine {
  std::string text;  // UTF-8
  bool emphasised = false;
  bool operator==(const PrintedLine&) const = default;
};

// From one initialisation of the printer to the next.
struct PrintedJob {
  std::vector<PrintedLine> lines;
  std::vector<Bitmap> pictures;  // bands that touch are one
  int kicks = 0;                 // of the drawer
  int cuts = 0;

  bool has(const std::string& text) const;
};

// Understands the commands of docs/formats/receipt.md and no others: stops the test at any other
// byte below 0x20.
std::vector<PrintedJob> read_escpos(core::ByteView bytes);

// The lines of half blocks within a text, a module a column.
Bitmap read_half_blocks(const std::string& text);

// Whether zbarimg is there; says so when it is not.
bool have_zbarimg();
// What it reads in the picture.
std::string read_qr(const Bitmap& picture);

}  // namespace test
