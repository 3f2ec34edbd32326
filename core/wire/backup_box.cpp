// A page of names at a time.
#include "core/wire/backup_box.h"

#include "core/envelope/cbor.h"

namespace core::wire {
namespace {

std::string path_of_part(const WaitingPart& part) {
  return "/v1/backups/" + part.till.hex() + "/" + part.part.hash.hex();
}

Result<WaitingPart> read_waiting_part(envelope::CborReader& in) {
  WaitingPart out;
  TRY_ASSIGN(const std::size_t fields, in.array());
  if (fields != 3) return fail(Errc::kMalformed, "a part has another number of fields");
  TRY_ASSIGN(const ByteView till, in.bytes());
  TRY_ASSIGN(out.till, envelope::Kid::from(till));
  TRY_ASSIGN(const ByteView hash, in.bytes());
  TRY_ASSIGN(out.part.hash, envelope::Hash::from(hash));
  TRY_ASSIGN(out.part.size, in.unsigned_integer());
  return out;
}

Result<std::vector<WaitingPart>> read_page(ByteView body, const envelope::Kid* after) {
  std::vector<WaitingPart> page;
  while (!body.empty()) {
    envelope::CborReader in(body);
    auto part = read_waiting_part(in);
    if (!part) return fail(Errc::kProtocol, "the relay's list of backups: " + part.error().what);
    // Otherwise the same page could come for ever.
    if (after != nullptr && !(*after < part->till)) {
      return fail(Errc::kProtocol, "the relay's list of backups goes back");
    }
    page.push_back(*part);
    body = body.subspan(in.offset());
  }
  return page;
}

}  // namespace

Result<void> BackupBox::each(const std::function<Result<void>(const WaitingPart&)>& take) {
  std::optional<envelope::Kid> after;
  while (true) {
    TRY_ASSIGN(const std::string body,
               client_.get("/v1/backups" + (after ? "?after=" + after->hex() : std::string())));
    TRY_ASSIGN(const auto page, read_page(as_bytes(body), after ? &*after : nullptr));
    if (page.empty()) return {};
    for (const WaitingPart& part : page) TRY(take(part));
    after = page.back().till;
  }
}

Result<Bytes> BackupBox::get(const WaitingPart& part) {
  TRY_ASSIGN(const std::string body, client_.get(path_of_part(part)));
  if (body.size() == part.part.size && envelope::sha256(as_bytes(body)) == part.part.hash) {
    return to_bytes(as_bytes(body));
  }
  return fail(Errc::kProtocol, "the relay gave " + std::to_string(body.size()) +
                                   " other bytes for the part " + part.part.hash.hex());
}

Result<void> BackupBox::remove(const WaitingPart& part) {
  return client_.erase(path_of_part(part));
}

}  // namespace core::wire
