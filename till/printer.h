// Printer: takes the bytes of one job and says what it knows of their fate.
// Must not know what is printed, nor the journal.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "core/base/bytes.h"

namespace till {

enum class Printed {
  kNothing,  // surely not one byte
  kAll,      // the device took every byte
  kUnknown,  // some of it may be on paper
};

struct PrintOutcome {
  Printed printed = Printed::kUnknown;
  std::string why;  // of anything but kAll; one line
};

class Printer {
 public:
  Printer() = default;
  Printer(const Printer&) = delete;
  Printer& operator=(const Printer&) = delete;
  virtual ~Printer() = default;
  virtual PrintOutcome print(core::ByteView job) = 0;
};

inline constexpr std::chrono::milliseconds kPrinterTimeout{10000};

// A device file, a FIFO or a file, opened anew for each job and appended to. One that is not there
// is not made: a missing device must not become a file.
class DevicePrinter : public Printer {
 public:
  explicit DevicePrinter(std::filesystem::path path,
                         std::chrono::milliseconds timeout = kPrinterTimeout)
      : path_(std::move(path)), timeout_(timeout) {}
  // Gives up when the device takes nothing for the timeout: out of paper, switched off.
  PrintOutcome print(core::ByteView job) override;

 private:
  std::filesystem::path path_;
  std::chrono::milliseconds timeout_;
};

// An open descriptor, such as stdout. Owner: whoever opened it.
class StreamPrinter : public Printer {
 public:
  explicit StreamPrinter(int descriptor) : descriptor_(descriptor) {}
  PrintOutcome print(core::ByteView job) override;

 private:
  int descriptor_;
};

}  // namespace till
