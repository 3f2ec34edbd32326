// HttpClient: asks a running till over its Unix socket, one request at a time.
// Must not know JSON, and shows no Asio or Beast type.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/result.h"

namespace till::api {

struct HttpAnswer {
  int status = 0;
  std::string body;
};

class HttpClient {
 public:
  using Fields = std::vector<std::pair<std::string, std::string>>;

  explicit HttpClient(std::filesystem::path socket,
                      std::chrono::milliseconds timeout = std::chrono::seconds(30));
  ~HttpClient();
  HttpClient(HttpClient&&) noexcept;

  // Connects when first needed, and once more when the till closed a kept-alive connection before
  // anything of the answer came. Errors: kNetwork (nobody there; or the answer is lost, and the
  // request may have been done), kProtocol.
  core::Result<HttpAnswer> ask(const std::string& method, const std::string& target,
                               const std::string& body, const Fields& fields = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace till::api
