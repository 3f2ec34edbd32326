// The steps of bench_shelf: a large catalog, a large journal, and what they cost a till.
// Must not use anything but the till's own operations.
#include "scripts/bench/shelf_steps.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <functional>
#include <utility>
#include <vector>

#include "core/base/random.h"
#include "core/retail/barcode.h"
#include "core/retail/catalog_file.h"
#include "scripts/bench/bench_roster.h"
#include "scripts/bench/bench_support.h"
#include "scripts/poc_scale/measure.h"
#include "till/till.h"

namespace bench {
namespace {

using till::Durability;
using till::Till;

constexpr std::uint64_t kGtinBase = 400'000'000'000;  // of 12 digits; the check digit comes behind
constexpr std::int32_t kFirstDay = 10000;
constexpr std::size_t kSalesADay = 2000;

std::filesystem::path catalog_path(const ShelfWords& words) {
  return words.directory / "catalog.json";
}
std::filesystem::path full_journal(const ShelfWords& words) {
  return words.directory / "full.db";
}
std::filesystem::path empty_journal(const ShelfWords& words) {
  return words.directory / "empty.db";
}

till::JournalKey key_of(const ShelfWords& words) {
  return words.encrypted ? need(till::JournalKey::from(core::Bytes(32, 1))) : till::JournalKey();
}

Till open(const ShelfWords& words, const std::filesystem::path& path,
          Durability durability = Durability::kFull) {
  return need(Till::open(path, durability, key_of(words)));
}

// "kB" of /proc/self/status, in bytes.
std::uint64_t own_memory(const std::string& field) {
  std::ifstream in("/proc/self/status");
  for (std::string word; in >> word;) {
    std::uint64_t kib = 0;
    if (word == field + ":" && in >> kib) return kib * 1024;
  }
  return 0;
}

std::uint64_t own_bytes_written() {
  std::ifstream in("/proc/self/io");
  for (std::string word; in >> word;) {
    std::uint64_t bytes = 0;
    if (word == "write_bytes:" && in >> bytes) return bytes;
  }
  return 0;
}

void forget_pages(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  CORE_CHECK(fd >= 0);
  CORE_CHECK(::fdatasync(fd) == 0);
  CORE_CHECK(::posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) == 0);
  ::close(fd);
}

Figures measured(Clock::time_point start) {
  return {{"seconds", seconds_since(start)}, {"peak_bytes", own_memory("VmHWM")}};
}

std::string gtin_of(std::uint64_t id) {
  const std::string digits = std::to_string(kGtinBase + id);
  return digits + std::to_string(core::retail::gs1_check_digit(digits));
}

// Five thousand brands of sixty goods: names share beginnings, as they do in a shop.
std::string name_of(std::uint64_t id) {
  static constexpr const char* kGoods[] = {"Milk",  "Butter", "Yoghurt", "Coffee",
                                           "Tea",   "Bread",  "Rice",    "Noodles",
                                           "Juice", "Water",  "Crisps",  "Soap"};
  const std::uint64_t mixed = id * 0x9e3779b97f4a7c15;
  const std::string brand(1, static_cast<char>('A' + mixed % 26));
  return brand + std::to_string((mixed >> 8) % 5000) + " " + kGoods[(mixed >> 24) % 12] + " " +
         std::to_string(id);
}

std::string product_json(std::uint64_t id, std::uint64_t cents) {
  const bool weighed = id % 10 == 0;
  return "{\"id\": " + std::to_string(id) + ", \"name\": \"" + name_of(id) + "\", \"price\": \"" +
         core::format_decimal(static_cast<std::int64_t>(cents), 2) +
         "\", \"tax\": " + std::to_string(1 + id % 2) + ", \"kind\": \"stocked\", \"unit\": \"" +
         (weighed ? "kg" : "piece") + "\", \"barcodes\": [\"" + gtin_of(id) + "\"]}";
}

core::retail::Catalog need_catalog(const ShelfWords& words) {
  return need(core::retail::read_catalog_file(catalog_path(words)));
}

void ring(Till& till, core::Random& random, const ShelfWords& words, std::size_t lines) {
  till::Basket basket;
  for (std::size_t i = 0; i < lines; ++i) {
    const core::ProductId product{random.between(1, words.range)};
    till::BasketLine line;
    line.product = product;
    line.quantity = core::Quantity{core::Quantity::kUnit};
    line.discount = core::Money{0, till.currency()};
    basket.lines.push_back(line);
  }
  need(till.ring(basket, 0));
}

double append_rate(const ShelfWords& words) {
  const auto path = words.directory / "append.bin";
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  CORE_CHECK(fd >= 0);
  const std::array<char, 4096> page{};
  const auto start = Clock::now();
  for (std::size_t i = 0; i < words.operations; ++i) {
    CORE_CHECK(::write(fd, page.data(), page.size()) == static_cast<ssize_t>(page.size()));
    CORE_CHECK(::fdatasync(fd) == 0);
  }
  const double rate = static_cast<double>(words.operations) / seconds_since(start);
  ::close(fd);
  std::filesystem::remove(path);
  return rate;
}

// Microseconds of each call.
Figures timed(std::size_t count, const std::function<void()>& call) {
  std::vector<float> times;
  for (std::size_t i = 0; i < count; ++i) {
    const auto start = Clock::now();
    call();
    times.push_back(static_cast<float>(seconds_since(start) * 1e6));
  }
  const sweep::Percentiles all = sweep::percentiles(times);
  return {{"p50_us", all.p50}, {"p99_us", all.p99}};
}

Figures look_up(const ShelfWords& words, Till& till, std::size_t count, std::uint64_t seed) {
  core::Random random(seed);
  till::Shelf shelf = till.shelf();
  const core::CatalogVersion version = shelf.present();
  const auto any = [&] { return random.between(1, words.products); };
  Figures out;
  out["id"] = timed(count, [&] { CORE_CHECK(need(shelf.find(version, core::ProductId{any()}))); });
  out["barcode"] = timed(count, [&] {
    const std::uint64_t id = any();
    CORE_CHECK(need(shelf.find_code(version, gtin_of(id))).product.id.value == id);
  });
  // Six letters, ten names: what a selling screen shows while somebody types.
  out["name"] = timed(count, [&] {
    CORE_CHECK(!need(shelf.find_names(version, name_of(any()).substr(0, 6), 10)).empty());
  });
  return out;
}

}  // namespace

Figures write_catalog(const ShelfWords& words) {
  const auto start = Clock::now();
  std::ofstream out(catalog_path(words), std::ios::binary);
  out << R"({"currency": "USD", "taxes": [{"code": 1, "percent": "5"}, {"code": 2, "percent": )"
      << R"("19"}], "barcode_patterns": ["21PPPPPWWWWWC"], "products": [)";
  for (std::uint64_t id = 1; id <= words.products; ++id) {
    out << (id == 1 ? "\n" : ",\n") << product_json(id, 50 + id % 1999);
  }
  out << "\n], \"bom\": []}\n";
  out.close();
  CORE_CHECK(!out.fail());
  Figures figures = measured(start);
  figures["file_bytes"] = std::filesystem::file_size(catalog_path(words));
  return figures;
}

Figures read_catalog(const ShelfWords& words) {
  const auto start = Clock::now();
  CORE_CHECK(need_catalog(words).products().size() == words.products);
  return measured(start);
}

Figures make_journals(const ShelfWords& words) {
  const core::retail::Catalog catalog = need_catalog(words);
  const auto start = Clock::now();
  std::uint32_t number = 0;
  for (const auto& path : {empty_journal(words), full_journal(words)}) {
    const till::TillSetup setup{{core::StoreId{1}, core::TillId{++number}},
                                catalog.currency(),
                                kTillOrigin,
                                catalog,
                                core::envelope::PrivateKey::generate(),
                                {}};
    Till till = need(Till::create(path, setup, Durability::kSimulated, key_of(words)));
    need(till.join(roster_with(till.enrol_request())));
  }
  Figures figures = measured(start);
  figures["seconds"] = seconds_since(start) / number;
  figures["journal_bytes"] = std::filesystem::file_size(empty_journal(words));
  return figures;
}

Figures fill_journal(const ShelfWords& words) {
  Till till = open(words, full_journal(words), Durability::kSimulated);
  core::Random random(1);
  const auto start = Clock::now();
  for (std::uint64_t i = 0; i < words.documents; ++i) {
    const std::int32_t day = kFirstDay + static_cast<std::int32_t>(i / kSalesADay);
    if (i % kSalesADay == 0) {
      if (i != 0) need(till.close_day());
      need(till.open_day(core::BusinessDay{day}, {}));
    }
    ring(till, random, words, 1);
  }
  if (words.documents != 0) need(till.close_day());
  Figures figures = measured(start);
  figures["journal_bytes"] = std::filesystem::file_size(full_journal(words));
  return figures;
}

Figures load_again(const ShelfWords& words) {
  Till till = open(words, empty_journal(words));
  const auto path = words.directory / "next.json";
  {
    std::ifstream in(catalog_path(words));
    std::ofstream out(path, std::ios::binary);
    std::uint64_t id = 0;
    for (std::string line; std::getline(in, line);) {
      const bool is_product = line.starts_with("{\"id\"");
      if (is_product && ++id % 100 == 0) {
        line = product_json(id, 9999) + (line.ends_with(",") ? "," : "");
      }
      out << line << "\n";
    }
    CORE_CHECK(id == words.products);
  }
  const core::retail::Catalog catalog = need(core::retail::read_catalog_file(path));
  const std::uint64_t before = own_bytes_written();
  const auto start = Clock::now();
  CORE_CHECK(need(till.replace_catalog(catalog)).value == 2);
  Figures figures = measured(start);
  figures["bytes_written"] = own_bytes_written() - before;
  std::filesystem::remove(path);
  return figures;
}

Figures start_cold(const ShelfWords& words) {
  forget_pages(full_journal(words));
  const auto start = Clock::now();
  Till till = open(words, full_journal(words));
  Figures figures = measured(start);
  CORE_CHECK(need(till.shelf().find_code(till.shelf().present(), gtin_of(7))).product.id.value ==
             7);
  figures["with_a_look_up_seconds"] = seconds_since(start);
  return figures;
}

Figures look_up_cold(const ShelfWords& words) {
  forget_pages(full_journal(words));
  Till till = open(words, full_journal(words));
  return look_up(words, till, 500, 2);
}

Figures look_up_warm(const ShelfWords& words) {
  Till till = open(words, full_journal(words));
  look_up(words, till, words.look_ups / 10, 3);
  Figures figures = look_up(words, till, words.look_ups, 4);
  // What is rung again and again is not read again.
  const core::CatalogVersion version = till.shelf().present();
  std::vector<core::ProductId> goods;
  for (std::uint64_t id = 1; id <= words.lines; ++id) goods.push_back(core::ProductId{id});
  need(till.shelf().slice(version, goods));
  figures["held"] = timed(words.look_ups, [&] {
    CORE_CHECK(need(till.shelf().find(version, core::ProductId{1 + goods.size() / 2})));
  });
  figures["rss_bytes"] = own_memory("VmRSS");
  figures["peak_bytes"] = own_memory("VmHWM");
  return figures;
}

Figures sell(const ShelfWords& words) {
  core::Random random(5);
  std::vector<std::pair<std::string, Till>> tills;
  tills.emplace_back("empty", open(words, empty_journal(words)));
  tills.emplace_back("full", open(words, full_journal(words)));
  for (auto& [name, till] : tills) need(till.open_day(core::BusinessDay{20000}, {}));
  Figures rounds = Figures::array();
  for (std::size_t i = 0; i < words.rounds; ++i) {
    Figures round;
    const auto append = [&] { round["appends_per_second"] = append_rate(words); };
    if (i % 2 == 0) append();
    for (std::size_t j = 0; j < tills.size(); ++j) {
      auto& [name, till] = tills[(i + j) % tills.size()];
      const std::uint64_t before = own_bytes_written();
      const auto start = Clock::now();
      for (std::size_t n = 0; n < words.operations; ++n) ring(till, random, words, words.lines);
      const auto operations = static_cast<double>(words.operations);
      round[name + "_sales_per_second"] = operations / seconds_since(start);
      round[name + "_bytes_per_sale"] =
          static_cast<double>(own_bytes_written() - before) / operations;
    }
    if (i % 2 == 1) append();
    rounds.push_back(round);
  }
  for (auto& [name, till] : tills) need(till.close_day());
  return {{"rounds", rounds}, {"rss_bytes_of_two_tills", own_memory("VmRSS")}};
}

Figures close_day(const ShelfWords& words) {
  core::Random random(6);
  Figures figures;
  {
    Till till = open(words, full_journal(words));
    need(till.open_day(core::BusinessDay{20001}, {}));
    const auto start = Clock::now();
    for (std::size_t i = 0; i < words.closed_sales; ++i) ring(till, random, words, 3);
    figures["selling_seconds"] = seconds_since(start);
    figures["rss_bytes"] = own_memory("VmRSS");
    figures["peak_bytes"] = own_memory("VmHWM");
  }
  Till till = open(words, full_journal(words));
  const auto first = Clock::now();
  ring(till, random, words, 3);
  figures["first_sale_after_a_restart_seconds"] = seconds_since(first);
  const auto start = Clock::now();
  CORE_CHECK(need(till.close_day()).sales == words.closed_sales + 1);
  figures["seconds"] = seconds_since(start);
  return figures;
}

}  // namespace bench
