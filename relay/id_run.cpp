// Pages of sorted keys, and one fence a page in memory. Format: docs/formats/log.md, "Index".
// Must not know messages.
#include "relay/id_run.h"

#include <algorithm>
#include <optional>

#include "core/disk/crc32c.h"
#include "core/disk/little_endian.h"

namespace relay {
namespace {

using core::ByteView;
using core::Errc;
using core::fail;
using core::Result;
using core::disk::get_le;
using core::disk::put_le;

constexpr std::string_view kMagic = "DAYBKIDS";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kPageSize = 4096;
constexpr std::size_t kPagesPerSync = 1024;
constexpr std::size_t kKeySize = 16;
constexpr std::size_t kKeysPerPage = 255;
constexpr std::size_t kIndexSize = kKeySize - IdKey::kSize;

std::uint64_t fence_of(std::span<const std::uint8_t> prefix) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) value = value << 8 | prefix[i];
  return value;
}

std::uint64_t pages_of(const IdRange& range) {
  return (range.end - range.first + kKeysPerPage - 1) / kKeysPerPage;
}

core::Bytes encode_header(const IdRange& range) {
  core::Bytes out = core::to_bytes(core::as_bytes(kMagic));
  put_le(out, kVersion);
  put_le(out, range.first);
  put_le(out, range.end);
  put_le(out, core::disk::crc32c(out));
  out.resize(kPageSize);
  return out;
}

core::Unexpected damaged(const IdRange& range, std::string_view what) {
  return fail(Errc::kDamaged, id_run_name(range) + ": " + std::string(what));
}

}  // namespace

IdKey id_key(const MessageId& id, std::uint64_t index) {
  CORE_CHECK(index >> (8 * kIndexSize) == 0);
  IdKey key{{}, index};
  std::copy_n(id.bytes.begin(), IdKey::kSize, key.prefix.begin());
  return key;
}

std::string id_run_name(const IdRange& range) {
  return "ids-" + std::to_string(range.first) + "-" + std::to_string(range.end);
}

Result<IdRunWriter> IdRunWriter::create(core::disk::Filesystem& filesystem,
                                        const std::filesystem::path& directory,
                                        const IdRange& range) {
  IdRunWriter writer;
  writer.range_ = range;
  TRY_ASSIGN(writer.file_,
             filesystem.open(directory / id_run_name(range), core::disk::OpenMode::kCreate));
  TRY(writer.file_->write_at(0, encode_header(range)));
  return writer;
}

Result<void> IdRunWriter::add(const IdKey& key) {
  CORE_CHECK(written_ == 0 || last_ < key);
  last_ = key;
  if (page_.empty()) fences_.push_back(fence_of(key.prefix));
  core::append(page_, key.prefix);
  for (std::size_t i = 0; i < kIndexSize; ++i) {
    page_.push_back(static_cast<std::uint8_t>(key.index >> (8 * i)));
  }
  ++written_;
  return page_.size() == kKeysPerPage * kKeySize ? flush_page() : Result<void>{};
}

Result<void> IdRunWriter::flush_page() {
  page_.resize(kPageSize - 4);
  put_le(page_, core::disk::crc32c(page_));
  const std::uint64_t at = fences_.size() * kPageSize;  // behind the header's page
  TRY(file_->write_at(at, page_));
  page_.clear();
  // Now and then: one sync of a gigabyte at the end would hold up the log's own.
  return fences_.size() % kPagesPerSync == 0 ? file_->sync() : Result<void>{};
}

Result<void> IdRunWriter::finish() {
  CORE_CHECK(written_ == range_.end - range_.first);
  if (!page_.empty()) TRY(flush_page());
  core::Bytes fences;
  for (const std::uint64_t fence : fences_) put_le(fences, fence);
  put_le(fences, core::disk::crc32c(fences));
  TRY(file_->write_at((fences_.size() + 1) * kPageSize, fences));
  return file_->sync();
}

Result<IdRun> IdRun::open(core::disk::Filesystem& filesystem,
                          const std::filesystem::path& directory, const IdRange& range) {
  IdRun run;
  run.range_ = range;
  TRY_ASSIGN(run.file_,
             filesystem.open(directory / id_run_name(range), core::disk::OpenMode::kRead));
  const core::Bytes expected = encode_header(range);
  core::Bytes header(kPageSize);
  TRY_ASSIGN(const std::size_t got, run.file_->read_at(0, header));
  if (got != kPageSize || header != expected) return damaged(range, "its header is damaged");
  const std::uint64_t pages = pages_of(range);
  core::Bytes fences(pages * 8 + 4);
  TRY_ASSIGN(const std::size_t end, run.file_->read_at((pages + 1) * kPageSize, fences));
  const std::size_t summed = fences.size() - 4;
  if (end != fences.size() ||
      core::disk::crc32c(ByteView(fences).first(summed)) != get_le<std::uint32_t>(fences, summed)) {
    return damaged(range, "its fences are damaged");
  }
  run.fences_.reserve(pages);
  for (std::uint64_t i = 0; i < pages; ++i) {
    run.fences_.push_back(get_le<std::uint64_t>(fences, i * 8));
  }
  return run;
}

Result<std::vector<IdKey>> IdRun::page(std::size_t number) const {
  std::array<std::uint8_t, kPageSize> raw{};
  TRY_ASSIGN(const std::size_t got, file_->read_at((number + 1) * kPageSize, raw));
  const ByteView bytes(raw);
  if (got != kPageSize || core::disk::crc32c(bytes.first(kPageSize - 4)) !=
                              get_le<std::uint32_t>(bytes, kPageSize - 4)) {
    return damaged(range_, "page " + std::to_string(number) + " is damaged");
  }
  const std::uint64_t all = range_.end - range_.first;
  const std::size_t count = std::min<std::uint64_t>(all - number * kKeysPerPage, kKeysPerPage);
  std::vector<IdKey> keys(count);
  for (std::size_t i = 0; i < count; ++i) {
    const ByteView raw_key = bytes.subspan(i * kKeySize, kKeySize);
    std::copy_n(raw_key.begin(), IdKey::kSize, keys[i].prefix.begin());
    for (std::size_t k = kIndexSize; k-- > 0;) {
      keys[i].index = keys[i].index << 8 | raw_key[IdKey::kSize + k];
    }
  }
  return keys;
}

Result<void> IdRun::candidates(const MessageId& id, std::vector<core::LogIndex>& out) const {
  const IdKey wanted = id_key(id, 0);
  const std::uint64_t fence = fence_of(wanted.prefix);
  auto at = std::upper_bound(fences_.begin(), fences_.end(), fence);
  if (at == fences_.begin()) return {};
  // Keys that share eight bytes may start in a page before.
  do --at;
  while (at != fences_.begin() && *at == fence);
  for (; at != fences_.end() && *at <= fence; ++at) {
    TRY_ASSIGN(const auto keys, page(static_cast<std::size_t>(at - fences_.begin())));
    auto key = std::lower_bound(keys.begin(), keys.end(), wanted);
    for (; key != keys.end() && key->prefix == wanted.prefix; ++key) {
      out.push_back(core::LogIndex{key->index});
    }
  }
  return {};
}

Result<void> IdRun::for_each(const std::function<Result<void>(const IdKey&)>& take) const {
  for (std::size_t number = 0; number < fences_.size(); ++number) {
    TRY_ASSIGN(const auto keys, page(number));
    for (const IdKey& key : keys) TRY(take(key));
  }
  return {};
}

Result<void> merge_id_runs(core::disk::Filesystem& filesystem,
                           const std::filesystem::path& directory, const IdRun& a, const IdRun& b,
                           const std::atomic<bool>& stop) {
  CORE_CHECK(a.range_.end == b.range_.first);
  TRY_ASSIGN(auto writer,
             IdRunWriter::create(filesystem, directory, IdRange{a.range_.first, b.range_.end}));
  std::vector<IdKey> rest;  // of b's present page, descending
  std::size_t next_page = 0;
  const auto refill = [&]() -> Result<void> {
    if (!rest.empty() || next_page == b.fences_.size()) return {};
    TRY_ASSIGN(rest, b.page(next_page++));
    std::reverse(rest.begin(), rest.end());
    return {};
  };
  TRY(refill());
  TRY(a.for_each([&](const IdKey& key) -> Result<void> {
    if (stop) return fail(Errc::kState, "the merge was stopped");
    while (!rest.empty() && rest.back() < key) {
      TRY(writer.add(rest.back()));
      rest.pop_back();
      TRY(refill());
    }
    return writer.add(key);
  }));
  while (!rest.empty()) {
    TRY(writer.add(rest.back()));
    rest.pop_back();
    TRY(refill());
  }
  return writer.finish();
}

}  // namespace relay
