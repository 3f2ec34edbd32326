// recover: a till's last closing from its mailbox.
#include <CLI/CLI.hpp>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/base/decimal.h"
#include "core/disk/file.h"
#include "ledger-rebuild/command_support.h"
#include "ledger-rebuild/commands.h"
#include "ledger-rebuild/head_office.h"
#include "ledger-rebuild/recover.h"

namespace rebuild {
namespace {

using core::Errc;
using core::fail;
using core::Result;
using Json = nlohmann::ordered_json;

struct RecoverArguments {
  std::string mailbox;
  std::string till;
  std::string head_office;
  std::string books;
  std::string out;
  bool json = false;
};

Result<core::TillRef> parse_till(const std::string& text) {
  const auto refuse = [&] {
    return fail(Errc::kUsage, "--till: '" + text + "' is no till; use STORE/TILL such as 4/1");
  };
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos) return refuse();
  const auto store = core::parse_unsigned(std::string_view(text).substr(0, slash));
  const auto till = core::parse_unsigned(std::string_view(text).substr(slash + 1));
  constexpr auto kMax = std::numeric_limits<std::uint32_t>::max();
  if (!store || !till || *store > kMax || *till > kMax) return refuse();
  return core::TillRef{core::StoreId{static_cast<std::uint32_t>(*store)},
                       core::TillId{static_cast<std::uint32_t>(*till)}};
}

Json to_json(const RecoverArguments& a, const Recovery& r) {
  Json out = {{"till", a.till}, {"good", r.good()}, {"complete", r.complete}};
  out["last"] = Json::array();
  for (const RecoveredPart& part : r.last) {
    out["last"].push_back({{"epoch", part.header.epoch.value},
                           {"sequence", part.header.sequence.value},
                           {"id", part.id.hex()},
                           {"day", to_string(part.closing.day)},
                           {"part", part.closing.part.number},
                           {"parts", part.closing.part.count},
                           {"currency", std::string(part.closing.currency.code())},
                           {"sales", part.closing.sales},
                           {"voids", part.closing.voids},
                           {"net_minor", part.closing.net.minor},
                           {"message", core::to_hex(part.message)}});
  }
  out["books"] = nullptr;
  if (r.books_sequence) {
    out["books"] = {{"epoch", r.books_epoch.value}, {"sequence", r.books_sequence->value}};
  }
  out["files"] = Json::array();
  for (const MailboxFile& file : r.files) {
    out["files"].push_back({{"name", file.name},
                            {"verdict", std::string(file_verdict_text(file.verdict))},
                            {"detail", file.detail}});
  }
  return out;
}

void print(const RecoverArguments& a, const Recovery& r) {
  for (const RecoveredPart& part : r.last) {
    std::printf(
        "till %s: closing of %s, part %u of %u, epoch %u, sequence %llu\n  id %s\n"
        "  %llu sales, %llu voids, net %s\n",
        a.till.c_str(), to_string(part.closing.day).c_str(), part.closing.part.number,
        part.closing.part.count, part.header.epoch.value,
        static_cast<unsigned long long>(part.header.sequence.value), part.id.hex().c_str(),
        static_cast<unsigned long long>(part.closing.sales),
        static_cast<unsigned long long>(part.closing.voids), to_string(part.closing.net).c_str());
  }
  for (const MailboxFile& file : r.files) {
    std::printf("%s: %s, %s\n", file.name.c_str(),
                std::string(file_verdict_text(file.verdict)).c_str(), file.detail.c_str());
  }
}

void print_refusal(const Recovery& r) {
  if (r.last.empty()) {
    std::fprintf(stderr,
                 "daybook-rebuild: no authentic closing that stands alone is in the "
                 "mailbox\n");
  } else if (!r.complete) {
    std::fprintf(stderr, "daybook-rebuild: the last closing lacks parts\n");
  }
  if (r.books_sequence) {
    std::fprintf(stderr,
                 "daybook-rebuild: the mailbox is older than the books, which have the closing of "
                 "epoch %u, sequence %llu\n",
                 r.books_epoch.value, static_cast<unsigned long long>(r.books_sequence->value));
  }
}

Result<void> write_messages(const std::string& path, const Recovery& recovery) {
  core::Bytes content;
  for (const RecoveredPart& part : recovery.last) core::append(content, part.message);
  TRY_ASSIGN(auto file, core::disk::posix_filesystem().open(path, core::disk::OpenMode::kCreate));
  TRY(file->write_at(0, content));
  return file->sync();
}

Result<int> recover(const RecoverArguments& a) {
  TRY_ASSIGN(const core::TillRef till, parse_till(a.till));
  TRY_ASSIGN(const auto roster, read_roster(a.head_office));
  TRY_ASSIGN(const Mailbox mailbox, Mailbox::read(a.mailbox));
  std::optional<Books> books;
  if (!a.books.empty()) {
    TRY_ASSIGN(Books opened, Books::open(a.books));
    books.emplace(std::move(opened));
  }
  TRY_ASSIGN(const Recovery recovery, mailbox.recover(till, roster, books ? &*books : nullptr));
  if (!a.out.empty() && recovery.good()) TRY(write_messages(a.out, recovery));
  if (a.json) {
    std::printf("%s\n", to_json(a, recovery).dump(2).c_str());
  } else {
    print(a, recovery);
  }
  print_refusal(recovery);
  return recovery.good() ? 0 : 1;
}

}  // namespace

void add_recover(CLI::App& app, int& exit_code) {
  CLI::App* command =
      app.add_subcommand("recover", "Give back a till's last closing from its mailbox");
  auto a = std::make_shared<RecoverArguments>();
  command->add_option("--mailbox", a->mailbox, "Directory of signed copies")->required();
  command->add_option("--till", a->till, "Which till, as STORE/TILL")->required();
  command
      ->add_option("--head-office", a->head_office,
                   "Directory with head-office.pub, origin and roster.cbor")
      ->required();
  command->add_option("--books", a->books, "Books that may know of a newer closing");
  command->add_option("--out", a->out, "Write the closing's messages here, a CBOR sequence");
  command->add_flag("--json", a->json, "JSON");
  command->footer(
      "Example:\n  daybook-rebuild recover --mailbox /media/stick --till 4/1 \\\n"
      "      --head-office head-office --books books.db --out last-closing.cbor\n"
      "File names are not trusted. Every other file that claims the till is named: older, forged,\n"
      "altered, replayed, cut-off. Exit status: 0 the closing is good to go on from; 1 it is not;\n"
      "2 wrong usage.");
  command->callback([a, &exit_code] { exit_code = finish(recover(*a)); });
}

}  // namespace rebuild
