// Writes what the rebuild's program reads: a head-office directory and a log directory.
#pragma once

#include <span>

#include "core/disk/log_writer.h"
#include "tests/support/rebuild_fleet.h"
#include "tests/support/temp_dir.h"

namespace test {

// The public part of a head office whose roster is the fleet's.
inline void write_head_office(const std::filesystem::path& directory, const Fleet& fleet) {
  std::filesystem::create_directories(directory);
  const auto line = [&](const char* name, const std::string& text) {
    write_file(directory / name, core::as_bytes(text + "\n"));
  };
  line("origin", kOrigin);
  line("head-office.pub", fleet.head_office_key().public_key().hex());
  write_file(directory / "roster.cbor", fleet.roster_file());
}

// Appends to a log directory, as the relay does.
inline void append_log(const std::filesystem::path& directory,
                       std::span<const core::Bytes> messages) {
  core::disk::Recovery recovery;
  auto writer = core::disk::LogWriter::open(
      core::disk::posix_filesystem(), directory, {}, [](core::disk::LogEntry) {}, recovery);
  CORE_CHECK(writer.has_value());
  std::vector<core::ByteView> bodies(messages.begin(), messages.end());
  std::vector<core::disk::RecordPlace> places;
  CORE_CHECK((*writer)->append_group(bodies, places).has_value());
  CORE_CHECK((*writer)->close().has_value());
}

}  // namespace test
