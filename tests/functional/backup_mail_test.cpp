// Backups by mail, with the real till and a real SMTP server (aiosmtpd): what is taken comes back,
// what is not taken waits, and no password is sent or shown where it must not be.
#include <doctest/doctest.h>
#include <signal.h>

#include <chrono>
#include <fstream>
#include <optional>
#include <thread>

#include "core/base/bytes.h"
#include "tests/functional/real_shop.h"
#include "tests/support/certificates.h"

namespace {

using test::Outcome;
using test::Words;

const std::string kPython = "/usr/bin/python3";  // Debian's, whose packages have the server
const std::string kPassword = "correct horse battery";

bool have_server() {
  if (test::run({kPython, "-c", "import aiosmtpd"}).status == 0) return true;
  MESSAGE("skipped: python3-aiosmtpd is missing");
  return false;
}

bool says(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string text_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

class MailShop {
 public:
  // Starts the server, on the port that it had before if it had one.
  void serve(const Words& options = {}) {
    Words argv = {kPython,     std::string(DAYBOOK_SOURCE_DIR) + "/tests/support/mail_server.py",
                  "--maildir", maildir().string(),
                  "--port",    port_};
    argv.insert(argv.end(), options.begin(), options.end());
    server_.emplace(argv);
    const std::string line = server_->wait_for_line("listening on ");
    REQUIRE_FALSE(line.empty());
    port_ = line.substr(line.rfind(' ') + 1);
  }
  void stop() { server_.reset(); }

  // The settings of the mailbox; returns the place.
  std::string mailbox(const std::string& scheme, const std::string& more) {
    const auto file = shop.file("mail.conf");
    std::filesystem::remove(file);
    std::ofstream(file) << "# where backups go\nurl " << scheme << "://127.0.0.1:" << port_
                        << "\nfrom till-4-1@shop.example\nto backup@office.example\n"
                        << more;
    std::filesystem::permissions(
        file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    return "mail:" + file.string();
  }

  std::filesystem::path maildir() const { return shop.file("Maildir"); }
  std::size_t mails() const {
    std::error_code none;
    std::filesystem::directory_iterator it(maildir() / "new", none);
    return none ? 0 : static_cast<std::size_t>(std::distance(it, {}));
  }

  void a_day(const std::string& day, int sales) {
    shop.done("open", {"--day", day, "--receive", "133=16", "134=4", "135=4"});
    for (int i = 0; i < sales; ++i) shop.done("ring", {"--line", "145x1"});
  }
  Outcome close() const { return shop.till("close"); }
  std::string backups() const { return shop.done("show", {"backups"}); }

  Outcome recover(const std::string& journal) const {
    return test::run({std::string(DAYBOOK_BIN_DIR) + "/daybook-rebuild", "recover", "--from",
                      maildir().string(), "--till", "4/1", "--head-office",
                      shop.file("office").string(), "--journal", shop.file(journal).string()});
  }
  // Makes the journal again and looks at it.
  void comes_back(const std::string& journal, int documents) const {
    const Outcome recovered = recover(journal);
    REQUIRE_MESSAGE(recovered.status == 0, recovered.err << recovered.out);
    const Outcome checked = test::run({std::string(DAYBOOK_BIN_DIR) + "/daybook-till", "check",
                                       "--journal", shop.file(journal).string()});
    CHECK_MESSAGE(says(checked.out, "sound: " + std::to_string(documents) + " documents"),
                  checked.err);
  }

  test::RealShop shop;

 private:
  std::optional<test::Process> server_;
  std::string port_ = "0";
};

struct Certificates {
  explicit Certificates(const MailShop& shop)
      : authority_file(shop.shop.file("authority.pem")),
        cert_file(shop.shop.file("mail.pem")),
        key_file(shop.shop.file("mail.key")) {
    const auto authority = test::make_authority("test authority");
    const auto cert = test::issue(authority, "IP:127.0.0.1");
    std::ofstream(authority_file) << authority.certificate;
    std::ofstream(cert_file) << cert.certificate;
    std::ofstream(key_file) << cert.key;
  }
  Words options(const std::string& how) const {
    return {how,      "--cert",   cert_file.string(), "--key",  key_file.string(),
            "--user", "till-4-1", "--password",       kPassword};
  }
  std::string settings() const {
    return "user till-4-1\npassword " + kPassword + "\nauthorities " + authority_file.string() +
           "\n";
  }

  std::filesystem::path authority_file, cert_file, key_file;
};

}  // namespace

TEST_CASE("a journal comes back from the mails that a server stored") {
  if (!have_server()) return;
  MailShop shop;
  shop.serve();
  shop.shop.done("settings", {"--backup-to", shop.mailbox("smtp", "tls none\n")});
  CHECK(shop.mails() == 1);
  for (int n = 2; n <= 4; ++n) {
    shop.a_day("2026-03-0" + std::to_string(n), n);
    const Outcome closed = shop.close();
    CHECK(closed.status == 0);
    CHECK_MESSAGE(closed.err.empty(), closed.err);
  }
  CHECK(shop.mails() == 4);
  CHECK(says(shop.backups(), "has all"));
  shop.comes_back("new.db", 9);

  // Mail is delivered twice, and other mail lies about; a copy that was cut off is named.
  const auto folder = shop.maildir() / "new";
  const std::string one = text_of(std::filesystem::directory_iterator(folder)->path());
  std::ofstream(shop.maildir() / "cur" / "again") << one;
  std::ofstream(shop.maildir() / "cur" / "letter") << "From: <a@b>\nSubject: hello\n\nDear Sirs,\n";
  std::ofstream(shop.maildir() / "cur" / "cut") << one.substr(0, one.size() * 2 / 3);
  shop.comes_back("second.db", 9);
  const std::string said = shop.recover("third.db").out;
  CHECK(says(said, "copy, "));
  CHECK(says(said, "cut-off, "));
  CHECK(says(said, "letter: unreadable"));
}

TEST_CASE("a server that is away or full keeps no day from closing, and gets the backups later") {
  if (!have_server()) return;
  MailShop shop;
  shop.serve();
  shop.shop.done("settings", {"--backup-to", shop.mailbox("smtp", "tls none\n")});
  shop.stop();
  shop.a_day("2026-03-02", 2);
  const Outcome closed = shop.close();
  CHECK(closed.status == 0);
  CHECK(says(closed.out, "Z report"));
  CHECK_MESSAGE(says(closed.err, "waits: network"), closed.err);
  CHECK(says(shop.backups(), ": 1 to copy"));

  shop.serve({"--full"});
  const Outcome full = shop.shop.till("backup");
  CHECK(full.status == 1);
  CHECK_MESSAGE(says(full.err, "452"), full.err);
  CHECK(says(shop.backups(), ": 1 to copy"));
  shop.stop();

  shop.serve();
  CHECK(says(shop.shop.done("backup"), "has all"));
  shop.comes_back("new.db", 2);
}

TEST_CASE("a till that runs mails what waits, without anybody's command") {
  if (!have_server()) return;
  MailShop shop;
  shop.serve();
  shop.shop.done("settings", {"--backup-to", shop.mailbox("smtp", "tls none\n")});
  shop.stop();
  shop.a_day("2026-03-02", 1);
  CHECK(shop.close().status == 0);
  shop.serve();
  {
    test::Process run(shop.shop.words("run", {"--socket", shop.shop.file("socket").string()}));
    REQUIRE_FALSE(run.wait_for_line("listening on ").empty());
    for (int i = 0; i < 200 && shop.mails() < 2; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    CHECK(shop.mails() == 2);
    std::this_thread::sleep_for(std::chrono::milliseconds(1500));  // it is marked
    run.signal(SIGTERM);
    CHECK(run.wait().status == 0);
  }
  CHECK(says(shop.backups(), "has all"));
  shop.comes_back("new.db", 1);
}

TEST_CASE("the password is said behind TLS only, to the server that the authority names") {
  if (!have_server()) return;
  MailShop shop;
  const Certificates certificates(shop);
  for (const std::string& how : {std::string("--starttls"), std::string("--smtps")}) {
    CAPTURE(how);
    const std::string scheme = how == "--smtps" ? "smtps" : "smtp";
    shop.serve(certificates.options(how));
    const std::size_t before = shop.mails();
    shop.shop.done("settings", {"--backup-to", ""});
    const Outcome set =
        shop.shop.till("settings", {"--backup-to", shop.mailbox(scheme, certificates.settings())});
    CHECK(set.status == 0);
    CHECK_MESSAGE(set.err.empty(), set.err);
    CHECK(shop.mails() == before + 1);

    // Another password, and an authority that did not issue it.
    for (const std::string& settings : {"user till-4-1\npassword wrong\nauthorities " +
                                            certificates.authority_file.string() + "\n",
                                        "user till-4-1\npassword " + kPassword + "\n"}) {
      shop.mailbox(scheme, settings);
      shop.shop.done("settings", {"--backup-to", ""});
      const Outcome refused =
          shop.shop.till("settings", {"--backup-to", shop.mailbox(scheme, settings)});
      CHECK(refused.status == 0);
      CHECK_MESSAGE(says(refused.err, "waits: protocol"), refused.err);
      CHECK_FALSE(says(refused.err + refused.out, kPassword));
      CHECK_FALSE(says(refused.err + refused.out, "wrong"));
      CHECK(shop.mails() == before + 1);
    }
    shop.stop();
  }
  // A server that knows no STARTTLS is told nothing.
  shop.serve();
  shop.shop.done("settings", {"--backup-to", ""});
  const Outcome bare =
      shop.shop.till("settings", {"--backup-to", shop.mailbox("smtp", certificates.settings())});
  CHECK_MESSAGE(says(bare.err, "waits: protocol"), bare.err);
  CHECK(shop.mails() == 2);
}

TEST_CASE("settings of a mailbox that others may read, or that say nothing, are refused") {
  if (!have_server()) return;
  MailShop shop;
  const auto refused = [&](const std::string& place, const std::string& what) {
    const Outcome outcome = shop.shop.till("settings", {"--backup-to", place});
    CHECK(outcome.status == 1);
    CHECK_MESSAGE(says(outcome.err, what), outcome.err);
    CHECK_FALSE(says(outcome.err, "secret"));
  };
  const std::string place = shop.mailbox("smtp", "password secret\n");
  std::filesystem::permissions(shop.shop.file("mail.conf"), std::filesystem::perms::others_read,
                               std::filesystem::perm_options::add);
  refused(place, "0600");
  refused("mail:" + shop.shop.file("none").string(), "not-found");
  refused(shop.mailbox("http", ""), "smtp://");
  refused(shop.mailbox("smtp", "passwort secret\n"), "line 5");
  refused(shop.mailbox("smtp", "to a@b\x01> secret\n"), "line 5");
}
