// MailTarget: libcurl's SMTP, one connection a message. Exceptions and callbacks stay here.
#include "till/mail_target.h"

#include <curl/curl.h>
#include <sys/stat.h>

#include <array>
#include <ctime>
#include <memory>
#include <mutex>
#include <sstream>
#include <utility>

#include "core/base/whole_file.h"
#include "core/envelope/keys.h"

namespace till {
namespace {

using core::Errc;
using core::fail;
using core::Result;

constexpr long kConnectTimeout_ms = 10'000;
constexpr long kSlowest_bytes_per_second = 100;
constexpr long kSlowFor_seconds = 30;

// One word a line, as headers and commands of SMTP take it.
bool is_plain(const std::string& text) {
  if (text.empty()) return false;
  for (const char c : text) {
    if (c <= ' ' || c == '<' || c == '>' || c == 0x7f) return false;
  }
  return true;
}

Result<void> check_private(const std::filesystem::path& file) {
  struct ::stat info {};
  if (::stat(file.c_str(), &info) != 0) {
    return fail(Errc::kNotFound, file.string() + ": no such file");
  }
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return fail(Errc::kState, file.string() + ": others may read it; it takes mode 0600");
  }
  return {};
}

bool take_setting(MailSettings& settings, const std::string& name, const std::string& value) {
  if (name == "url")
    settings.url = value;
  else if (name == "from" && is_plain(value))
    settings.from = value;
  else if (name == "to" && is_plain(value))
    settings.to = value;
  else if (name == "user")
    settings.user = value;
  else if (name == "password")
    settings.password = value;
  else if (name == "authorities")
    settings.authorities = value;
  else if (name == "tls" && value == "none")
    settings.tls = MailTls::kNone;
  else
    return false;
  return true;
}

std::string now_in_mail() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  static constexpr std::array<const char*, 7> kDays = {"Sun", "Mon", "Tue", "Wed",
                                                       "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d +0000",
                kDays.at(static_cast<std::size_t>(utc.tm_wday)), utc.tm_mday,
                kMonths.at(static_cast<std::size_t>(utc.tm_mon)), utc.tm_year + 1900, utc.tm_hour,
                utc.tm_min, utc.tm_sec);
  return text.data();
}

struct CurlDeleter {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  void operator()(curl_mime* mime) const { curl_mime_free(mime); }
};
using CurlHandle = std::unique_ptr<CURL, CurlDeleter>;
using CurlList = std::unique_ptr<curl_slist, CurlDeleter>;
using CurlMime = std::unique_ptr<curl_mime, CurlDeleter>;

CurlList list_of(const std::vector<std::string>& lines) {
  CurlList list;
  for (const std::string& line : lines) {
    curl_slist* longer = curl_slist_append(list.get(), line.c_str());
    CORE_CHECK(longer != nullptr);  // no memory
    (void)list.release();
    list.reset(longer);
  }
  return list;
}

Errc code_of(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
      return Errc::kNetwork;
    default:
      return Errc::kProtocol;
  }
}

class MailTarget : public BackupTarget {
 public:
  explicit MailTarget(MailSettings settings) : settings_(std::move(settings)) {
    static std::once_flag once;
    std::call_once(once, [] { CORE_CHECK(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK); });
  }

  Result<void> put(const std::string& name, core::ByteView file) override {
    CurlHandle handle(curl_easy_init());
    CORE_CHECK(handle != nullptr);
    CURL* curl = handle.get();
    // The same file has the same id, so that a mailbox can tell it when it comes twice.
    const std::string id = core::envelope::sha256(file).hex().substr(0, 32);
    const CurlList headers = list_of(
        {"Date: " + now_in_mail(), "From: <" + settings_.from + ">", "To: <" + settings_.to + ">",
         "Message-ID: <" + id + "@daybook.invalid>", "Subject: Daybook backup " + name});
    const CurlList recipients = list_of({"<" + settings_.to + ">"});
    const CurlMime mime(curl_mime_init(curl));
    curl_mimepart* part = curl_mime_addpart(mime.get());
    curl_mime_data(part, core::as_text(file).data(), file.size());
    curl_mime_type(part, "application/octet-stream");
    curl_mime_filename(part, name.c_str());
    curl_mime_encoder(part, "base64");
    std::array<char, CURL_ERROR_SIZE> text{};
    const std::string from = "<" + settings_.from + ">";
    curl_easy_setopt(curl, CURLOPT_URL, settings_.url.c_str());
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, text.data());
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, kConnectTimeout_ms);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, kSlowest_bytes_per_second);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, kSlowFor_seconds);
    curl_easy_setopt(curl, CURLOPT_MAIL_FROM, from.c_str());
    curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, recipients.get());
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(curl, CURLOPT_MIMEPOST, mime.get());
    if (settings_.tls == MailTls::kRequired) {
      curl_easy_setopt(curl, CURLOPT_USE_SSL, static_cast<long>(CURLUSESSL_ALL));
    }
    if (!settings_.authorities.empty()) {
      curl_easy_setopt(curl, CURLOPT_CAINFO, settings_.authorities.c_str());
    }
    if (!settings_.user.empty()) {
      curl_easy_setopt(curl, CURLOPT_USERNAME, settings_.user.c_str());
      curl_easy_setopt(curl, CURLOPT_PASSWORD, settings_.password.c_str());
    }
    const CURLcode code = curl_easy_perform(curl);
    if (code == CURLE_OK) return {};
    long answer = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer);
    std::string what = text[0] != '\0' ? text.data() : curl_easy_strerror(code);
    if (answer >= 400) what += "; the server answered " + std::to_string(answer);
    return fail(code_of(code), settings_.url + ": " + what);
  }

 private:
  MailSettings settings_;
};

}  // namespace

Result<MailSettings> read_mail_settings(const std::filesystem::path& file) {
  TRY(check_private(file));
  TRY_ASSIGN(const std::string content, core::read_whole_file(file, 65536));
  MailSettings settings;
  std::istringstream lines(content);
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty() || line.front() == '#') continue;
    const std::size_t space = line.find(' ');
    const std::string value = space == std::string::npos ? "" : line.substr(space + 1);
    if (value.empty() || !take_setting(settings, line.substr(0, space), value)) {
      return fail(Errc::kMalformed, file.string() + ": line " + std::to_string(number) +
                                        " is none of url, from, to, user, password, authorities, "
                                        "'tls none', with a value that fits");
    }
  }
  if (settings.url.starts_with("smtps://")) {
    settings.tls = MailTls::kAtOnce;
  } else if (!settings.url.starts_with("smtp://")) {
    return fail(Errc::kMalformed, file.string() + ": url is smtp://HOST or smtps://HOST");
  }
  if (settings.from.empty() || settings.to.empty()) {
    return fail(Errc::kMalformed, file.string() + ": it takes from and to");
  }
  return settings;
}

std::unique_ptr<BackupTarget> mail_target(MailSettings settings) {
  return std::make_unique<MailTarget>(std::move(settings));
}

}  // namespace till
