// ResponseParser: Beast's HTTP/1.1 parser, keeping of a response what the client needs.
// Must not know sockets. Only relay_client.cpp includes this: Beast stays in one translation unit.
#pragma once

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <functional>
#include <optional>

#include "core/base/bytes.h"
#include "core/base/decimal.h"

namespace core::wire {

inline constexpr std::size_t kResponseBodyMax = std::size_t{16} << 20;  // of one that is kept whole

using Sink = std::function<Result<void>(ByteView)>;

// Status, the one header that counts, and the body: kept, or given to a sink piece by piece.
class ResponseParser final : public boost::beast::http::basic_parser<false> {
 public:
  int status = 0;
  std::optional<std::uint64_t> log_size;
  Bytes body;
  const Sink* sink = nullptr;  // for the body of a 200; the kept body otherwise
  std::optional<Error> sink_error;

  ResponseParser() {
    eager(true);
    body_limit(boost::none);
  }

 private:
  using View = boost::beast::string_view;

  std::size_t take(View piece, boost::system::error_code& error) {
    const ByteView bytes = as_bytes(std::string_view(piece.data(), piece.size()));
    if (status == 200 && sink != nullptr) {
      if (const auto taken = (*sink)(bytes); !taken) {
        sink_error = taken.error();
        error = boost::beast::http::error::bad_value;
      }
    } else if (bytes.size() > kResponseBodyMax - body.size()) {
      error = boost::beast::http::error::body_limit;
    } else {
      append(body, bytes);
    }
    return piece.size();
  }
  void on_request_impl(boost::beast::http::verb, View, View, int,
                       boost::system::error_code&) override {}
  void on_response_impl(int code, View, int, boost::system::error_code&) override { status = code; }
  void on_field_impl(boost::beast::http::field, View name, View value,
                     boost::system::error_code&) override {
    if (!boost::beast::iequals(name, "Daybook-Log-Size")) return;
    const auto number = parse_unsigned(std::string_view(value.data(), value.size()));
    if (number) log_size = *number;
  }
  void on_header_impl(boost::system::error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&,
                         boost::system::error_code&) override {}
  std::size_t on_body_impl(View piece, boost::system::error_code& error) override {
    return take(piece, error);
  }
  void on_chunk_header_impl(std::uint64_t, View, boost::system::error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, View piece,
                                 boost::system::error_code& error) override {
    return take(piece, error);
  }
  void on_finish_impl(boost::system::error_code&) override {}
};

}  // namespace core::wire
