// Notices from a CBOR sequence of [index, message].
// Must not know HTTP or sockets.
#include "core/wire/notice_stream.h"

#include "core/envelope/cbor.h"
#include "core/envelope/message.h"

namespace core::wire {
namespace {

struct Notice {
  LogIndex index;
  ByteView message;
};

Result<Notice> read_notice(ByteView item) {
  envelope::CborReader r(item);
  Notice notice;
  TRY_ASSIGN(const std::size_t items, r.array());
  if (items != 2) return r.refuse(0, "a notice is its index and its message");
  TRY_ASSIGN(notice.index.value, r.unsigned_integer());
  TRY_ASSIGN(notice.message, r.bytes());
  TRY(r.finish());
  return notice;
}

}  // namespace

std::string NoticeStream::target() const {
  return after_ ? "/v1/notices?after=" + to_string(*after_) : "/v1/notices";
}

Result<bool> NoticeStream::push(ByteView body) {
  const bool more = !body.empty();
  while (!body.empty()) {
    const auto size = envelope::first_item_size(body);
    const auto notice = size ? read_notice(body.first(*size)) : Result<Notice>(fail(size.error()));
    if (!notice) {
      return fail(Errc::kProtocol, "the relay's notices: " + notice.error().what);
    }
    if (after_ && notice->index <= *after_) {
      return fail(Errc::kProtocol, "the relay's notices: " + to_string(notice->index) +
                                       " does not come after " + to_string(*after_));
    }
    TRY(take_(notice->index, to_bytes(notice->message)));
    after_ = notice->index;
    body = body.subspan(*size);
  }
  return more;
}

}  // namespace core::wire
