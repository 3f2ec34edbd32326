// MailFile: headers, boundaries, base64.
#include "ledger-rebuild/mail_file.h"

#include <algorithm>
#include <map>
#include <string_view>

#include "core/base/base64.h"

namespace rebuild {
namespace {

using core::Bytes;

constexpr int kDepthMax = 4;
constexpr std::size_t kHeaderNameMax = 100;
constexpr std::size_t kHeaderMax = 10'000;
constexpr std::size_t kShownMax = 100;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string lowered(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), lower);
  return out;
}

// The next line, without its end; `text` goes on behind it.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

// By name in small letters; `text` goes on at the body.
std::map<std::string, std::string> take_headers(std::string_view& text) {
  std::map<std::string, std::string> headers;
  std::string* last = nullptr;
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    if (line.empty()) break;
    if ((line.front() == ' ' || line.front() == '\t') && last != nullptr) {
      if (last->size() < kHeaderMax) last->append(line);
      continue;
    }
    const std::size_t colon = line.find(':');
    last = nullptr;
    if (colon == std::string_view::npos || colon > kHeaderNameMax) continue;
    last = &headers[lowered(line.substr(0, colon))];
    *last = line.substr(colon + 1);
  }
  return headers;
}

// The value of `; name=value` or `; name="value"`; empty: there is none.
std::string parameter(const std::string& header, const std::string& name) {
  const std::string small = lowered(header);
  std::size_t at = 0;
  while ((at = small.find(name + "=", at)) != std::string::npos) {
    const char before = at == 0 ? ';' : small[at - 1];
    if (before == ';' || before == ' ' || before == '\t') break;
    ++at;
  }
  if (at == std::string::npos) return {};
  at += name.size() + 1;
  if (at < header.size() && header[at] == '"') {
    return header.substr(at + 1, header.find('"', at + 1) - at - 1);
  }
  return header.substr(at, header.find_first_of("; \t", at) - at);
}

std::string shown_name(const std::string& name, std::size_t place) {
  if (name.empty()) return "attachment " + std::to_string(place);
  std::string out = name.substr(0, kShownMax);
  for (char& c : out) {
    if (c < ' ' || c == 0x7f) c = '?';
  }
  return out;
}

// As far as it goes: a mail that was cut off has the beginning of what was attached.
Attachment decode(std::string_view body, std::string name) {
  std::string digits;
  digits.reserve(body.size());
  for (const char c : body) {
    if (c != '\r' && c != '\n' && c != ' ' && c != '\t') digits.push_back(c);
  }
  digits.resize(digits.size() - digits.size() % 4);
  auto bytes = core::from_base64(digits);
  if (!bytes) return {std::move(name), {}, bytes.error().what};
  return {std::move(name), std::move(*bytes), {}};
}

// Up to a line that is the boundary; `text` goes on behind that line.
std::string_view take_to_boundary(std::string_view& text, const std::string& boundary,
                                  bool& is_last) {
  const std::string_view all = text;
  is_last = false;
  while (!text.empty()) {
    const std::size_t end = all.size() - text.size();
    const std::string_view line = take_line(text);
    if (!line.starts_with(boundary)) continue;
    is_last = line.substr(boundary.size()).starts_with("--");
    return all.substr(0, end);
  }
  is_last = true;
  return all;
}

void take_part(std::string_view text, int depth, std::vector<Attachment>& out) {
  if (out.size() == kAttachmentsMax) return;
  auto headers = take_headers(text);
  const std::string& type = headers["content-type"];
  if (lowered(type).find("multipart/") != std::string::npos && depth < kDepthMax) {
    const std::string boundary = parameter(type, "boundary");
    if (boundary.empty()) return;
    bool is_last = false;
    take_to_boundary(text, "--" + boundary, is_last);  // what stands before the first part
    while (!is_last && !text.empty()) {
      const std::string_view part = take_to_boundary(text, "--" + boundary, is_last);
      take_part(part, depth + 1, out);
    }
    return;
  }
  if (lowered(headers["content-transfer-encoding"]).find("base64") == std::string::npos) return;
  std::string name = parameter(headers["content-disposition"], "filename");
  if (name.empty()) name = parameter(type, "name");
  out.push_back(decode(text, shown_name(name, out.size() + 1)));
}

}  // namespace

bool looks_like_mail(core::ByteView file) {
  const std::string_view text = core::as_text(file);
  const std::size_t colon = text.substr(0, kHeaderNameMax).find(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  return std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(colon),
                     [](char c) { return c > ' ' && c < 0x7f; });
}

std::vector<Attachment> attachments_of(core::ByteView mail) {
  std::vector<Attachment> out;
  take_part(core::as_text(mail), 0, out);
  return out;
}

}  // namespace rebuild
