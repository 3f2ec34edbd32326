// RequestParser: Beast's HTTP/1.1 parser, keeping of a request what the routes need.
// Must not know sockets. Only connection.h includes this, so Beast stays in one translation unit.
#pragma once

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <string>

#include "core/base/bytes.h"
#include "relay/split_body.h"

namespace relay {

class RequestParser final : public boost::beast::http::basic_parser<true> {
 public:
  std::string method;
  std::string target;
  core::Bytes body;
  bool expects_continue = false;
  // Fields that count here; one that came twice is joined by a comma, as RFC 9110 section 5.3 has
  // it.
  std::string host;
  std::string signature_input;
  std::string signature;

  RequestParser() {
    body_limit(kBodySizeMax);
    eager(true);
  }

 private:
  using View = boost::beast::string_view;
  using Length = boost::optional<std::uint64_t>;

  std::size_t take(View piece) {
    core::append(body, core::as_bytes({piece.data(), piece.size()}));
    return piece.size();
  }
  void on_request_impl(boost::beast::http::verb, View m, View t, int,
                       boost::system::error_code&) override {
    method.assign(m.data(), m.size());
    target.assign(t.data(), t.size());
  }
  void on_response_impl(int, View, int, boost::system::error_code&) override {}
  void on_field_impl(boost::beast::http::field name, View text, View value,
                     boost::system::error_code&) override {
    if (name == boost::beast::http::field::expect) expects_continue = true;
    if (name == boost::beast::http::field::host) keep(host, value);
    if (boost::beast::iequals(text, "Signature-Input")) keep(signature_input, value);
    if (boost::beast::iequals(text, "Signature")) keep(signature, value);
  }
  static void keep(std::string& field, View value) {
    if (!field.empty()) field += ", ";
    field.append(value.data(), value.size());
  }
  void on_header_impl(boost::system::error_code&) override {}
  void on_body_init_impl(const Length&, boost::system::error_code&) override {}
  std::size_t on_body_impl(View piece, boost::system::error_code&) override { return take(piece); }
  void on_chunk_header_impl(std::uint64_t, View, boost::system::error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, View piece, boost::system::error_code&) override {
    return take(piece);
  }
  void on_finish_impl(boost::system::error_code&) override {}
};

}  // namespace relay
