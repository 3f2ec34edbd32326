// A receipt's way from the till to the counter that checks it, with the real programs.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/paper_reader.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace {

using Words = std::vector<std::string>;

const std::string kBin = std::string(DAYBOOK_BIN_DIR) + "/";
const std::string kCatalog = std::string(DAYBOOK_SOURCE_DIR) + "/seeds/gardenworld.json";

test::Outcome run(const std::string& program, const Words& words) {
  Words argv = {kBin + program};
  argv.insert(argv.end(), words.begin(), words.end());
  return test::run(argv);
}

// Head office with a till that sold something.
class Street {
 public:
  Street() {
    done("daybook-rebuild", {"init", "--dir", office(), "--origin", "shop/log", "--in-clear"});
    done("daybook-till",
         {"init", "--journal", journal(), "--store", "4", "--till", "1", "--origin", "shop/log",
          "--catalog", kCatalog, "--request", (dir_ / "request").string()});
    done("daybook-rebuild", {"enrol", "--dir", office(), "--request", (dir_ / "request").string()});
    done("daybook-till",
         {"join", "--journal", journal(), "--roster", roster(), "--head-office", head_office()});
    till("open", {"--day", "2026-11-21"});
    till("ring", {"--line", "145x2"});
  }

  std::string office() const { return (dir_ / "office").string(); }
  std::string journal() const { return (dir_ / "till.db").string(); }
  std::string roster() const { return office() + "/roster.cbor"; }
  std::filesystem::path file(const std::string& name) const { return dir_ / name; }
  std::string head_office() const {
    std::string key;
    std::ifstream(office() + "/head-office.pub") >> key;
    return key;
  }

  static std::string done(const std::string& program, const Words& words) {
    const test::Outcome outcome = run(program, words);
    REQUIRE_MESSAGE(outcome.status == 0, outcome.err);
    return outcome.out;
  }
  std::string till(const std::string& command, const Words& more) const {
    Words words = {command, "--journal", journal()};
    words.insert(words.end(), more.begin(), more.end());
    return done("daybook-till", words);
  }
  test::Outcome verify(const Words& more) const {
    Words words = {"verify-receipt", "--roster", roster(), "--head-office", head_office()};
    words.insert(words.end(), more.begin(), more.end());
    return run("daybook-till", words);
  }
  std::string signed_text() const {
    std::string text = till("show", {"signed-receipt", "1"});
    text.pop_back();
    return text;
  }

 private:
  test::TempDir dir_;
};

}  // namespace

TEST_CASE("what zbarimg reads from the printed receipt verifies, and what was changed does not") {
  const Street street;
  const std::string text = street.signed_text();
  test::write_file(street.file("paper"), {});
  CHECK(street.till("print", {"--printer", street.file("paper").string()}) ==
        "4/1-invoice-000001 printed, the original\n");
  if (test::have_zbarimg()) {
    const auto jobs = test::read_escpos(test::read_file(street.file("paper")));
    REQUIRE(jobs.size() == 1);
    CHECK(test::read_qr(jobs[0].pictures.at(0)) == text);
  }
  const test::Outcome good = street.verify({"--text", text});
  CHECK(good.status == 0);
  CHECK(good.out.find("good: signed by till 4/1, epoch 1\n") == 0);
  CHECK(good.out.find("total 1000.00 USD\n") != std::string::npos);

  std::string changed = text;
  changed[text.size() / 2] = changed[text.size() / 2] == 'A' ? 'B' : 'A';
  const test::Outcome bad = street.verify({"--text", changed});
  CHECK(bad.status == 1);
  CHECK(bad.out.empty());
  CHECK(bad.err.find("daybook-till verify-receipt: ") == 0);

  const Street other;
  const test::Outcome foreign = other.verify({"--text", text});
  CHECK(foreign.status == 1);
  CHECK(foreign.err.find("unknown-key") != std::string::npos);

  Street::done("daybook-rebuild",
               {"revoke", "--dir", street.office(), "--store", "4", "--till", "1", "--nothing"});
  const test::Outcome revoked = street.verify({"--text", text});
  CHECK(revoked.status == 1);
  CHECK(revoked.err.find("revoked") != std::string::npos);
}

TEST_CASE("a receipt is checked from a file of its text, and without the file beside the roster") {
  const Street street;
  const std::string text = street.signed_text() + "\r\n";
  test::write_file(street.file("receipt.txt"), core::as_bytes(text));
  CHECK(street.verify({street.file("receipt.txt").string()}).status == 0);
  std::filesystem::remove(std::filesystem::path(street.office()) / "origin");
  CHECK(street.verify({street.file("receipt.txt").string()}).status == 1);
  CHECK(street.verify({"--origin", "shop/log", street.file("receipt.txt").string()}).status == 0);
  CHECK(street.verify({"--origin", "shop/log"}).status == 2);
}

TEST_CASE("a printer that is not there is said so, and the document waits") {
  const Street street;
  const test::Outcome outcome =
      run("daybook-till",
          {"print", "--journal", street.journal(), "--printer", street.file("lp0").string(), "1"});
  CHECK(outcome.status == 1);
  CHECK(outcome.out.empty());
  CHECK(outcome.err.find("io: 4/1-invoice-000001 was not printed and stays as it was: ") !=
        std::string::npos);
  CHECK_FALSE(std::filesystem::exists(street.file("lp0")));
  CHECK(street.till("show", {"print-queue"}) == "  4/1-invoice-000001 due\n");
  CHECK(street.till("print", {"--text"}).find("RECEIPT\n") != std::string::npos);
  CHECK(street.till("show", {"print-queue"}) == "  nothing waits for paper\n");
  CHECK(street.till("print", {"--text", "1"}).find("COPY 1\n") != std::string::npos);
}
