// A grocer's receipts, rung line by line through a running API, and what the closings make of them.
// A made-up file by default; DAYBOOK_DATA=FILE.csv takes a retailer's own (columns: docs/sweep.md).
#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include "core/base/arithmetic.h"
#include "core/base/decimal.h"
#include "core/base/random.h"
#include "scripts/poc_scale/receipts_file.h"
#include "tests/support/temp_dir.h"
#include "till/api/http_client.h"
#include "till/api/run.h"

namespace {

using Json = nlohmann::json;
using sweep::ReceiptLine;

const core::Currency kUsd = core::Currency::parse("USD").value();

std::string dollars(std::int64_t cents) {
  return core::format_decimal(cents, 2);
}

// Three stores and four days: pieces, weights, discounts, coupons, and amounts without a quantity.
std::string made_up_receipts() {
  core::Random random(20170101);
  std::string out =
      "store_id,basket_id,transaction_timestamp,product_id,quantity,sales_value,retail_disc,"
      "coupon_disc,coupon_match_disc\n";
  for (int basket = 1; basket <= 60; ++basket) {
    const auto store = 300 + random.between(1, 3);
    const auto day = random.between(1, 4);
    const auto lines = random.between(1, 12);
    for (std::uint64_t line = 0; line < lines; ++line) {
      const std::uint64_t kind = random.between(0, 9);
      const std::string quantity =
          kind == 0   ? "0"
          : kind == 1 ? core::format_decimal(static_cast<std::int64_t>(random.between(50, 3000)), 3)
                      : std::to_string(random.between(1, 4));
      const auto sales = static_cast<std::int64_t>(random.between(0, 2500));
      const auto discount =
          random.between(0, 3) == 0 ? static_cast<std::int64_t>(random.between(1, 300)) : 0;
      const auto coupon = random.between(0, 9) == 0 ? std::min<std::int64_t>(sales, 100) : 0;
      out += std::to_string(store) + "," + std::to_string(31000000000 + basket) + ",2017-01-0" +
             std::to_string(day) + " 12:00:00," + std::to_string(820000 + random.between(1, 40)) +
             "," + quantity + "," + dollars(sales) + "," + dollars(discount) + "," +
             dollars(coupon) + "," + (coupon > 0 ? "0.10" : "0") + "\n";
    }
  }
  return out;
}

// A till of one store on a journal that syncs nothing, and its API on a socket.
class RunningTill {
 public:
  RunningTill(std::uint32_t store, const std::vector<core::ProductId>& products) {
    std::vector<core::retail::Product> shelf;
    for (const core::ProductId id : products) {
      shelf.push_back({id, "Product " + core::to_string(id), core::Money{100, kUsd},
                       core::TaxCode{1}, core::retail::ProductKind::kStocked});
    }
    auto catalog =
        core::retail::Catalog::build(kUsd, {{core::TaxCode{1}, 0, true}}, std::move(shelf), {});
    REQUIRE(catalog);
    const auto office = core::envelope::PrivateKey::generate();
    const core::TillRef ref{core::StoreId{store}, core::TillId{1}};
    auto made = till::Till::create(dir_ / "till.db",
                                   {ref,
                                    kUsd,
                                    "shop.example/log",
                                    std::move(*catalog),
                                    core::envelope::PrivateKey::generate(),
                                    {}},
                                   till::Durability::kSimulated);
    REQUIRE_MESSAGE(made, (made ? "" : describe(made.error())));
    till_.emplace(std::move(*made));
    auto roster = core::envelope::Roster::read({}, "shop.example/log", office.public_key()).value();
    REQUIRE(roster.enrol(till_->enrol_request(), office));
    REQUIRE(till_->join(roster));
    till::api::RunOptions options;
    options.socket = dir_ / "till.sock";
    server_ = std::thread([this, options] {
      bool said = false;
      const auto say = [&](const std::string&) {
        if (!std::exchange(said, true)) listening_.set_value(true);
      };
      const auto ended = till::api::run(*till_, clock_, options, say, [](const std::string&) {});
      good_ = ended.has_value();
      if (!said) listening_.set_value(false);
    });
    REQUIRE(listening_.get_future().get());
    client_.emplace(options.socket);
  }
  ~RunningTill() {
    if (server_.joinable()) stop();
  }
  RunningTill(const RunningTill&) = delete;
  RunningTill& operator=(const RunningTill&) = delete;

  // Must succeed.
  Json post(const std::string& path, const Json& body, bool writes = false) {
    till::api::HttpClient::Fields fields;
    if (writes) fields.emplace_back("Idempotency-Key", new_id());
    const auto answer = client_->ask("POST", path, body.dump(), fields);
    REQUIRE_MESSAGE(answer, (answer ? "" : answer.error().what));
    REQUIRE_MESSAGE(answer->status < 300, path, " ", body.dump(), " ", answer->body);
    ++requests;
    return Json::parse(answer->body);
  }
  std::string new_id() {
    std::string digits = std::to_string(++last_id_);
    digits.insert(0, 12 - digits.size(), '0');
    return "00000000-0000-4000-8000-" + digits;
  }
  void stop() {
    ::kill(::getpid(), SIGTERM);
    server_.join();
    CHECK(good_);
    const auto sound = till_->check();
    CHECK_MESSAGE(sound, (sound ? "" : describe(sound.error())));
  }
  std::uint64_t requests = 0;

 private:
  test::TempDir dir_;
  core::SystemClock clock_;
  std::optional<till::Till> till_;
  std::optional<till::api::HttpClient> client_;
  std::promise<bool> listening_;
  std::thread server_;
  std::atomic<bool> good_ = false;
  std::uint64_t last_id_ = 0;
};

using Basket = std::vector<const ReceiptLine*>;

// What a day must come to, from the file's own columns.
struct Expected {
  std::int64_t net_minor = 0;
  std::int64_t coupon_minor = 0;
  std::int64_t excess_minor = 0;
  std::int64_t discount_minor = 0;
  std::int64_t thousandths = 0;
  std::uint64_t sales = 0;
};

// The file has what a line came to; a till has a price, a quantity and a discount. The price is the
// shelf's, a part of a cent up where it does not divide; the discount takes that part off again.
void ring_line(RunningTill& till, const std::string& receipt, const ReceiptLine& line,
               std::uint64_t number, Expected& sum) {
  const std::int64_t thousandths =
      line.quantity.thousandths == 0 ? core::Quantity::kUnit : line.quantity.thousandths;
  const std::int64_t shelf =
      line.sales_minor + line.retail_discount_minor + line.coupon_match_minor;
  std::int64_t price = shelf * core::Quantity::kUnit / thousandths;
  const auto extended = [&] {
    return core::round_half_away(core::Int128{price} * thousandths, core::Quantity::kUnit).value();
  };
  while (extended() < shelf) ++price;
  const std::string place = "/v1/receipts/" + receipt + "/lines";
  till.post(place, {{"product", line.product}, {"quantity", core::format_decimal(thousandths, 3)}});
  const std::string at = place + "/" + std::to_string(number);
  till.post(at + "/price", {{"price", dollars(price)}, {"reason", "as on the receipt"}});
  const std::int64_t discount = extended() - line.sales_minor;
  if (discount > 0) {
    till.post(at + "/discount", {{"amount", dollars(discount)}, {"reason", "as on the receipt"}});
  }
  sum.net_minor += line.sales_minor;
  sum.discount_minor += discount;
  sum.thousandths += thousandths;
}

void ring(RunningTill& till, const Basket& basket, Expected& day) {
  const std::string id = till.new_id();
  till.post("/v1/receipts", {{"id", id}});
  Expected sum;
  std::int64_t coupon = 0;
  for (std::size_t i = 0; i < basket.size(); ++i) {
    ring_line(till, id, *basket[i], i + 1, sum);
    coupon += basket[i]->coupon_minor;
  }
  const std::string tenders = "/v1/receipts/" + id + "/tenders";
  if (coupon > 0) till.post(tenders, {{"kind", "coupon"}, {"amount", dollars(coupon)}});
  if (coupon < sum.net_minor) till.post(tenders, {{"kind", "cash"}});
  const Json sold = till.post("/v1/receipts/" + id + "/finish", Json::object());
  CHECK(sold["total"] == dollars(sum.net_minor));
  day.net_minor += sum.net_minor;
  day.discount_minor += sum.discount_minor;
  day.thousandths += sum.thousandths;
  day.coupon_minor += coupon;
  day.excess_minor += std::max<std::int64_t>(0, coupon - sum.net_minor);
  ++day.sales;
}

std::int64_t cents(const Json& object, const char* name) {
  if (!object.contains(name)) return 0;
  return core::parse_decimal(object.at(name).get<std::string>(), 2, core::Rounding::kExact).value();
}

void check_closing(const Json& closing, const Expected& day) {
  CHECK(closing["sales"] == day.sales);
  CHECK(cents(closing, "net") == day.net_minor);
  CHECK(cents(closing, "discount") == day.discount_minor);
  const Json& tenders = closing["tenders"];
  CHECK(cents(tenders, "coupon") == day.coupon_minor);
  CHECK(-cents(tenders, "coupon-excess") == day.excess_minor);
  CHECK(cents(tenders, "cash") == day.net_minor - day.coupon_minor + day.excess_minor);
  std::int64_t thousandths = 0;
  std::int64_t net_minor = 0;
  for (const auto& [product, row] : closing["sold"].items()) {
    thousandths +=
        core::parse_decimal(row["quantity"].get<std::string>(), 3, core::Rounding::kExact).value();
    net_minor += cents(row, "net");
  }
  CHECK(thousandths == day.thousandths);
  CHECK(net_minor == day.net_minor);
}

}  // namespace

TEST_CASE("a grocer's receipts go through the API, and each closing is the file's own sum") {
  const test::TempDir directory;
  const char* data = std::getenv("DAYBOOK_DATA");
  std::filesystem::path path = data == nullptr ? "" : data;
  if (path.empty()) {
    path = directory / "receipts.csv";
    test::write_file(path, core::as_bytes(made_up_receipts()));
  }
  const auto file = sweep::read_receipts(path);
  REQUIRE_MESSAGE(file, (file ? "" : describe(file.error())));
  std::map<std::uint32_t, std::map<core::BusinessDay, std::map<std::uint64_t, Basket>>> stores;
  std::map<std::uint32_t, std::set<core::ProductId>> products;
  for (const ReceiptLine& line : file->accepted) {
    stores[line.store][line.day][line.basket].push_back(&line);
    products[line.store].insert(core::ProductId{line.product});
  }
  std::uint64_t requests = 0;
  Expected all;
  for (const auto& [store, days] : stores) {
    const auto& its_store = store;
    CAPTURE(its_store);
    const auto& ids = products[store];
    RunningTill till(store, {ids.begin(), ids.end()});
    for (const auto& [day, baskets] : days) {
      const std::string label = core::to_string(day);
      CAPTURE(label);
      till.post("/v1/day/open", {{"day", label}}, true);
      Expected sum;
      for (const auto& [number, basket] : baskets) ring(till, basket, sum);
      check_closing(till.post("/v1/day/close", {{"day", label}}, true), sum);
      all.net_minor += sum.net_minor;
      all.coupon_minor += sum.coupon_minor;
      all.sales += sum.sales;
    }
    till.stop();
    requests += till.requests;
  }
  std::printf("%zu lines, %llu baskets, %zu stores, net %s, coupons %s: %llu requests\n",
              file->accepted.size(), static_cast<unsigned long long>(all.sales), stores.size(),
              dollars(all.net_minor).c_str(), dollars(all.coupon_minor).c_str(),
              static_cast<unsigned long long>(requests));
  CHECK(all.sales > 0);
}
