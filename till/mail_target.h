// MailTarget: a backup target that is a mailbox, reached by SMTP.
// Must not know what a file holds. Format of its settings: docs/formats/backup.md, "Mail".
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "core/base/result.h"
#include "till/backup_target.h"

namespace till {

enum class MailTls {
  kAtOnce,    // smtps://
  kRequired,  // smtp://, and nothing is said before STARTTLS
  kNone,      // in clear, by word of the settings: the file is sealed, the password is not
};

struct MailSettings {
  std::string url;
  std::string from;
  std::string to;
  std::string user;  // empty: no login
  std::string password;
  std::filesystem::path authorities;  // PEM file to trust; empty: the system's
  MailTls tls = MailTls::kRequired;
};

// Errors, none of which shows the password: kNotFound, kIo, kState (others may read it), kMalformed
// (a line, by its number).
core::Result<MailSettings> read_mail_settings(const std::filesystem::path& file);

// One message a file, which is its attachment. Errors of put(): kNetwork, kProtocol.
std::unique_ptr<BackupTarget> mail_target(MailSettings settings);

}  // namespace till
