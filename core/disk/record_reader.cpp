// Reads runs of neighbouring records with one call each.
// Must not know messages. Format: docs/formats/log.md.
#include "core/disk/record_reader.h"

#include "core/disk/segment.h"

namespace core::disk {
namespace {

std::uint64_t end_of(const RecordPlace& place) {
  return place.offset + record_size(place.length);
}

}  // namespace

Result<void> RecordReader::append_bodies(LogIndex first, std::span<const RecordPlace> places,
                                         Bytes& out) {
  while (!places.empty()) {
    std::size_t run = 1;
    while (run < places.size() && places[run].segment == places[0].segment &&
           places[run].offset == end_of(places[run - 1])) {
      ++run;
    }
    TRY(append_run(first, places.first(run), out));
    first.value += run;
    places = places.subspan(run);
  }
  return {};
}

Result<void> RecordReader::open(std::uint32_t segment) {
  if (file_ != nullptr && open_segment_ == segment) return {};
  TRY_ASSIGN(file_, filesystem_.open(directory_ / segment_name(segment), OpenMode::kRead));
  open_segment_ = segment;
  return {};
}

Result<void> RecordReader::append_run(LogIndex first, std::span<const RecordPlace> run,
                                      Bytes& out) {
  TRY(open(run.front().segment));
  const std::uint64_t start = run.front().offset;
  buffer_.resize(end_of(run.back()) - start);
  TRY_ASSIGN(const std::size_t got, file_->read_at(start, buffer_));
  for (const RecordPlace& place : run) {
    const std::uint64_t at = place.offset - start;
    const ByteView rest = at < got ? ByteView(buffer_).first(got).subspan(at) : ByteView{};
    const auto body = record_body(rest, first.value++, place.length);
    if (!body) {
      return fail(body.error().code, segment_name(place.segment) + ", byte " +
                                         std::to_string(place.offset) + ": " + body.error().what);
    }
    append(out, *body);
  }
  return {};
}

}  // namespace core::disk
