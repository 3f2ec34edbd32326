// MailFile: what is attached to a mail, as a mail server stored it in a file. A small reader for
// backups that came by mail (RFC 5322, RFC 2045): multipart bodies and base64, and nothing else.
// Must not know what is attached.
#pragma once

#include <string>
#include <vector>

#include "core/base/bytes.h"

namespace rebuild {

struct Attachment {
  std::string name;  // as the mail gives it, or its place in the mail
  core::Bytes bytes;
  std::string fault;  // not empty: it is no base64
};

// Whether it begins as a mail does, with a header's name and a colon.
bool looks_like_mail(core::ByteView file);

// All that is encoded in base64, as far as the file goes; at most kAttachmentsMax.
inline constexpr std::size_t kAttachmentsMax = 1000;
std::vector<Attachment> attachments_of(core::ByteView mail);

}  // namespace rebuild
