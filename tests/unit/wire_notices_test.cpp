// NoticeStream: what a relay may answer to a till, and what it may not.
#include <doctest/doctest.h>

#include "core/envelope/cbor.h"
#include "core/wire/notice_stream.h"

namespace {

using core::Bytes;
using core::Errc;
using core::LogIndex;
using core::wire::NoticeStream;

Bytes notice(std::uint64_t index, const Bytes& message) {
  core::envelope::CborWriter w;
  w.array(2);
  w.unsigned_integer(index);
  w.bytes(message);
  return std::move(w).take();
}

Bytes operator+(Bytes a, const Bytes& b) {
  core::append(a, b);
  return a;
}

}  // namespace

TEST_CASE("notices are taken in order, and the next request asks behind the last") {
  std::vector<std::pair<std::uint64_t, Bytes>> taken;
  const NoticeStream::Take take = [&](LogIndex index, Bytes message) {
    taken.emplace_back(index.value, std::move(message));
    return core::Result<void>();
  };
  NoticeStream stream({}, take);
  CHECK(stream.target() == "/v1/notices");
  CHECK(stream.push(notice(0, {1, 2}) + notice(7, {3})).value());
  CHECK(stream.target() == "/v1/notices?after=7");
  CHECK(stream.push(notice(8, {})).value());
  CHECK_FALSE(stream.push({}).value());
  CHECK(taken == std::vector<std::pair<std::uint64_t, Bytes>>{{0, {1, 2}}, {7, {3}}, {8, {}}});
  CHECK(NoticeStream(LogIndex{5}, take).target() == "/v1/notices?after=5");
}

TEST_CASE("what is no sequence of notices that were asked for is a breach of the protocol") {
  const NoticeStream::Take take = [](LogIndex, const Bytes&) { return core::Result<void>(); };
  const Bytes good = notice(9, {1});
  const Bytes cut(good.begin(), good.end() - 1);
  for (const Bytes& wrong :
       {notice(4, {1}), notice(3, {1}), good + good, good + notice(8, {1}), cut, good + cut,
        Bytes{0x01}, Bytes{0x82, 0x09, 0x01}, Bytes{0x81, 0x09}, Bytes{0x83, 0x09, 0x40, 0x40},
        Bytes{0x82, 0x40, 0x09}, Bytes{0x82, 0x18, 0x09, 0x40}}) {
    CAPTURE(core::to_hex(wrong));
    NoticeStream stream(LogIndex{4}, take);
    const auto pushed = stream.push(wrong);
    REQUIRE_FALSE(pushed);
    CHECK(pushed.error().code == Errc::kProtocol);
  }
}

TEST_CASE("the error of who takes notices ends the reading, and is the error") {
  int taken = 0;
  const NoticeStream::Take take = [&taken](LogIndex, const Bytes&) -> core::Result<void> {
    if (++taken == 2) return core::fail(Errc::kState, "enough");
    return {};
  };
  NoticeStream stream({}, take);
  const auto pushed = stream.push(notice(1, {}) + notice(2, {}) + notice(3, {}));
  CHECK(pushed.error().what == "enough");
  CHECK(taken == 2);
}
