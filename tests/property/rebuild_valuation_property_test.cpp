// Goods and points at head office's worths: random fleets, costs and counts, delivered in random
// order, against a model that goes from day to day with a piece of paper. It shares no code with
// the valuation: not the rounding, not the months, not the closed forms.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/base/random.h"
#include "ledger-rebuild/export_formats.h"
#include "ledger-rebuild/figures.h"
#include "ledger-rebuild/verify_books.h"
#include "tests/support/count_drawer.h"
#include "tests/support/rebuild_books.h"
#include "tests/support/rebuild_fleet.h"

using core::BusinessDay;
using core::Bytes;
using core::Currency;
using core::Money;
using core::ProductId;
using core::Random;
using core::retail::Closing;
using core::retail::TenderKind;

namespace {

__extension__ using Int = __int128;
constexpr int kFirstDay = 20440;  // 2025-12-18
constexpr int kDays = 60;
constexpr int kProducts = 6;  // the last one has no cost
constexpr const char* kUsd = "USD";
constexpr const char* kJpy = "JPY";

std::string currency_of(int product) {
  return product == 5 ? kJpy : kUsd;
}
struct Message {
  int store = 0;
  int day = 0;
  std::string currency;
  std::map<std::pair<int, char>, std::int64_t> flows = {};  // product; s, c, a, t: to the store
  std::map<int, std::int64_t> counts = {};
  std::int64_t earned = 0, redeemed = 0, tender = 0;
  std::map<int, std::int64_t> sold = {};                            // product: net
  std::map<int, std::pair<std::int64_t, std::int64_t>> taxes = {};  // code: gross, tax
};

struct World {
  test::Fleet fleet;
  std::vector<Bytes> log;
  std::vector<Message> messages;
  std::map<int, std::map<int, std::int64_t>> costs;  // product: day: thousandths of a minor unit
  std::map<std::string, std::map<int, std::int64_t>> points;  // currency: day: likewise, of 1000
  test::TempDir settings;
};

std::int64_t some(Random& random, std::int64_t from, std::int64_t to) {
  return from + static_cast<std::int64_t>(random.between(0, static_cast<std::uint64_t>(to - from)));
}

core::retail::Components goods(Random& random, Message& message, char way, std::int64_t least,
                               int sign) {
  core::retail::Components out;
  for (auto k = some(random, 0, 3); k > 0; --k) {
    const int product = static_cast<int>(some(random, 1, kProducts));
    std::int64_t q = some(random, least, 9000);
    if (q == 0) q = 7;
    if (out.contains(ProductId{static_cast<std::uint64_t>(product)})) continue;
    out[ProductId{static_cast<std::uint64_t>(product)}] = core::Quantity{q};
    message.flows[{product, way}] += sign * q;
  }
  return out;
}

// Half of the net under each tax code that comes, sold lines that need not fit the codes.
Closing random_day(Random& random, Message& m) {
  Closing out = test::closing(m.day, 0, 3);
  const Currency currency = *Currency::parse(m.currency);
  out = core::retail::empty_closing(BusinessDay{m.day}, currency);
  out.sales = 3;
  std::int64_t net = 0;
  for (int code = 1; code <= 2; ++code) {
    const std::int64_t gross = some(random, -300, 4000);
    const std::int64_t tax = gross / (10 * code);
    if (gross == 0) continue;
    out.taxes[core::TaxCode{static_cast<std::uint32_t>(code)}] = {Money{gross, currency},
                                                                  Money{tax, currency}};
    m.taxes[code] = {gross, tax};
    net += gross;
  }
  out.net = Money{net, currency};
  m.tender = some(random, 0, 2) == 0 ? some(random, 1, 90) : 0;
  if (m.tender != 0) out.tenders[TenderKind::kPoints] = Money{m.tender, currency};
  if (net != m.tender) out.tenders[TenderKind::kCash] = Money{net - m.tender, currency};
  std::int64_t rest = net;
  for (auto k = some(random, 0, 3); k > 0; --k) {
    const int product = static_cast<int>(some(random, 1, kProducts));
    const std::int64_t part = some(random, -50, 1500);
    if (part == 0 || m.sold.contains(product)) continue;
    m.sold[product] = part;
    rest -= part;
  }
  m.sold[99] = rest;  // which the settings do not have
  if (rest == 0) m.sold.erase(99);
  for (const auto& [product, part] : m.sold) {
    out.sold[ProductId{static_cast<std::uint64_t>(product)}] = {core::Quantity{1000},
                                                                Money{part, currency}};
  }
  out.consumed = goods(random, m, 'c', 1, -1);
  out.received = goods(random, m, 's', 1, 1);
  out.adjusted = goods(random, m, 'a', -900, 1);
  const bool is_out = some(random, 0, 1) == 0;
  auto moved = goods(random, m, 't', 1, is_out ? -1 : 1);
  if (!moved.empty()) {
    out.transfers[{"T", is_out ? core::retail::TransferWay::kOut : core::retail::TransferWay::kIn,
                   core::StoreId{9}}] = std::move(moved);
  }
  if (some(random, 0, 2) == 0) {
    const int product = static_cast<int>(some(random, 1, kProducts));
    m.counts[product] = some(random, 0, 20000);
    out.on_hand[ProductId{static_cast<std::uint64_t>(product)}] = core::Quantity{m.counts[product]};
  }
  for (std::uint8_t member = 1; member <= some(random, 0, 2); ++member) {
    core::retail::PointsRow row{some(random, -20, 700), some(random, 0, 300)};
    if (row.earned == 0 && row.redeemed == 0) continue;
    core::retail::MemberKey key{};
    key.bytes[0] = member;
    out.members[key] = row;
    m.earned += row.earned;
    m.redeemed += row.redeemed;
  }
  test::count_drawer(out, 0);
  return out;
}

void write_settings(Random& random, World& world) {
  std::ofstream products(world.settings / "products.csv");
  products << "product,name,department,tax_code,from,cost,currency\n";
  const auto day_text = [](int day) { return day == 0 ? "" : to_string(BusinessDay{day}); };
  const auto worth_text = [](std::int64_t worth, int digits) {
    return core::format_decimal(worth, digits + 3);
  };
  for (int product = 1; product < kProducts; ++product) {
    auto& costs = world.costs[product];
    if (some(random, 0, 3) > 0) costs[0] = some(random, 0, 3'000'000);
    for (auto k = some(random, costs.empty() ? 1 : 0, 2); k > 0; --k) {
      const bool on_first = some(random, 0, 2) == 0;
      costs[on_first ? 20454
                     : static_cast<int>(some(random, kFirstDay - 3, kFirstDay + kDays + 5))] =
          some(random, 0, 3'000'000);
    }
    const std::string currency = currency_of(product);
    for (const auto& [day, cost] : costs) {
      products << product << ",Thing " << product << ",Dept " << product % 3 << ","
               << 1 + product % 2 << "," << day_text(day) << ","
               << worth_text(cost, currency == kUsd ? 2 : 0) << "," << currency << "\n";
    }
  }
  std::ofstream chart(world.settings / "accounts.csv");
  chart << std::ifstream(std::string(DAYBOOK_SOURCE_DIR) + "/seeds/chart_of_accounts.csv").rdbuf()
        << "sales,,Dept 0,4010,Sales of department 0,revenue\n"
           "sales,,Dept 1,4011,Sales of department 1,revenue\n"
           "sales,2,,4002,Sales under tax code 2,revenue\n";
  std::ofstream points(world.settings / "points.csv");
  points << "from,currency,worth_of_1000\n";
  world.points[kUsd][0] = 5'000'000;
  world.points[kUsd][kFirstDay + static_cast<int>(some(random, 5, kDays))] =
      some(random, 1, 9'999'999);
  for (const auto& [day, worth] : world.points[kUsd]) {
    points << day_text(day) << ",USD," << worth_text(worth, 2) << "\n";
  }
}

World* make_world(Random& random) {
  auto* world = new World;
  const auto tills = static_cast<int>(some(random, 1, 5));
  for (int till = 0; till < tills; ++till) {
    const int store = 1 + till / 2;
    const auto number = world->fleet.enrol(static_cast<std::uint32_t>(store),
                                           static_cast<std::uint32_t>(1 + till % 2));
    int day = kFirstDay + static_cast<int>(some(random, 0, 20));
    while (day < kFirstDay + kDays) {
      Message opening{.store = store, .day = day, .currency = kUsd};
      world->log.push_back(
          world->fleet.next(number, test::opening(day, goods(random, opening, 's', 1, 1))));
      world->messages.push_back(opening);
      Message closing{.store = store, .day = day, .currency = till == 4 ? kJpy : kUsd};
      world->log.push_back(world->fleet.next(number, random_day(random, closing)));
      world->messages.push_back(closing);
      day += static_cast<int>(some(random, 1, 15));
    }
  }
  write_settings(random, *world);
  return world;
}

template <typename Map>
std::int64_t on(const Map& steps, int day) {
  std::int64_t out = 0;
  for (const auto& [from, worth] : steps) {
    if (from <= day) out = worth;
  }
  return out;
}

// Half away from zero, of millionths.
std::int64_t to_minor(Int value) {
  const Int half = value < 0 ? -500'000 : 500'000;
  return static_cast<std::int64_t>((value + half) / 1'000'000);
}

// What every valued account stands at by the end of each day, rounded.
using Sheet = std::map<std::pair<int, std::string>, std::int64_t>;

std::map<int, Sheet> model(const World& world) {
  std::map<int, Sheet> out;
  std::map<std::pair<int, std::string>, Int> value;
  std::map<int, std::int64_t> stock, transit;
  std::map<std::pair<int, int>, std::int64_t> shelf;
  std::int64_t outstanding = 0, tenders = 0;
  int last = 0;
  for (const Message& m : world.messages) last = std::max(last, m.day);
  for (int day = kFirstDay; day <= last; ++day) {
    for (const auto& [product, costs] : world.costs) {
      const Int more = on(costs, day) - on(costs, day - 1);
      const std::string c = currency_of(product);
      value[{1200, c}] += more * stock[product];
      value[{1210, c}] += more * transit[product];
      value[{5110, c}] -= more * (stock[product] + transit[product]);
    }
    std::map<std::pair<int, int>, std::int64_t> counted;
    const auto move = [&](int store, int product, int account, std::int64_t q) {
      shelf[{store, product}] += q;
      if (!world.costs.contains(product)) return;
      const Int worth = Int{q} * on(world.costs.at(product), day);
      stock[product] += q;
      if (account == 1210) transit[product] -= q;
      value[{1200, currency_of(product)}] += worth;
      value[{account, currency_of(product)}] -= worth;
    };
    for (const Message& m : world.messages) {
      if (m.day != day) continue;
      for (const auto& [key, q] : m.flows) {
        const int account = key.second == 's'   ? 2100
                            : key.second == 'c' ? 5000
                            : key.second == 'a' ? 5100
                                                : 1210;
        move(m.store, key.first, account, q);
      }
      for (const auto& [product, q] : m.counts) counted[{m.store, product}] += q;
      if (m.currency != kUsd) continue;  // points have no worth elsewhere
      outstanding += m.earned - m.redeemed;
      tenders += m.tender;
    }
    for (const auto& [key, q] : counted) move(key.first, key.second, 5100, q - shelf[key]);
    Sheet& sheet = out[day];
    std::map<std::string, std::int64_t> rounding;
    for (const auto& [key, exact] : value) {
      sheet[key] = to_minor(exact);
      rounding[key.second] -= sheet[key];
    }
    for (const auto& [currency, minor] : rounding) sheet[{5920, currency}] = minor;
    const std::int64_t owed = to_minor(-Int{outstanding} * on(world.points.at(kUsd), day));
    sheet[{2410, kUsd}] = owed;
    sheet[{5200, kUsd}] = -(owed - tenders);
  }
  return out;
}

Sheet at(const std::map<int, Sheet>& sheets, int day) {
  const auto after = sheets.upper_bound(day);
  return after == sheets.begin() ? Sheet{} : std::prev(after)->second;
}

bool is_valued(int account) {
  return account == 1200 || account == 1210 || account == 2100 || account == 2410 ||
         (account >= 5000 && account <= 5200) || account == 5920;
}

rebuild::FigureRange range_of(int from, int to) {
  rebuild::FigureRange out;
  if (from > kFirstDay) out.from = BusinessDay{from};
  if (to < kFirstDay + kDays) out.to = BusinessDay{to};
  return out;
}

void check_accounts(const rebuild::Books& books, const rebuild::Settings& settings,
                    const std::map<int, Sheet>& sheets, int from, int to) {
  CAPTURE(from);
  CAPTURE(to);
  Sheet expected = at(sheets, to);
  if (from > kFirstDay) {
    for (const auto& [key, minor] : at(sheets, from - 1)) expected[key] -= minor;
  }
  const auto table =
      *rebuild::figures(books, rebuild::By::kAccount, range_of(from, to), {}, settings);
  std::map<std::string, std::int64_t> sum;
  for (const auto& row : table.rows) {
    const int account = static_cast<int>(row[0].value);
    const std::string currency = row[2].text;
    sum[currency] += row[5].value;
    // Points in a currency without a worth stay as the tender left them.
    if (!is_valued(account) || (account == 2410 && currency != kUsd)) continue;
    CAPTURE(account);
    CHECK(row[5].value == expected[{account, currency}]);
    expected.erase({account, currency});
  }
  for (const auto& [key, minor] : expected) {
    const auto& account_of_key = key.first;
    CAPTURE(account_of_key);
    CHECK(minor == 0);
  }
  for (const auto& [currency, minor] : sum) CHECK(minor == 0);
}

// Departments: by month, each product's share of its tax code's takings net of tax.
void check_departments(const rebuild::Books& books, const rebuild::Settings& settings,
                       const World& world, int split) {
  using Row = std::vector<std::int64_t>;
  const auto by = [&](int from, int to) {
    std::map<std::pair<std::string, std::string>, Row> out;
    const auto table =
        *rebuild::figures(books, rebuild::By::kDepartment, range_of(from, to), {}, settings);
    for (const auto& row : table.rows) {
      Row& sums = out[{row[0].text, row[1].text}];
      for (std::size_t i = 2; i < row.size(); ++i) sums.push_back(row[i].value);
    }
    return out;
  };
  auto whole = by(kFirstDay, kFirstDay + kDays);
  std::map<std::string, std::int64_t> net, revenue, found_net, found_revenue;
  for (const Message& m : world.messages) {
    for (const auto& [code, row] : m.taxes) {
      net[m.currency] += row.first;
      revenue[m.currency] += row.first - row.second;
    }
  }
  for (const auto& [key, row] : whole) {
    found_net[key.second] += row[1];
    found_revenue[key.second] += row[2];
    CHECK(row[4] == row[2] - row[3]);
  }
  for (const auto& [currency, minor] : net) CHECK(found_net[currency] == minor);
  for (const auto& [currency, minor] : revenue) CHECK(found_revenue[currency] == minor);
  // Two ranges that follow on add up.
  auto parts = by(kFirstDay, split);
  for (const auto& [key, row] : by(split + 1, kFirstDay + kDays)) {
    Row& sums = parts[key];
    sums.resize(row.size());
    for (std::size_t i = 0; i < row.size(); ++i) sums[i] += row[i];
  }
  std::erase_if(parts, [](const auto& part) {
    return std::all_of(part.second.begin(), part.second.end(), [](auto n) { return n == 0; });
  });
  CHECK(parts == whole);
}

std::string exported(const rebuild::Books& books, const rebuild::Settings& settings) {
  std::string out;
  const auto format = *rebuild::export_format("json");
  const auto entries = rebuild::export_books(books, settings, {}, *format,
                                             [&](std::string_view text) -> core::Result<void> {
                                               out += text;
                                               return {};
                                             });
  REQUIRE(entries.has_value());
  return out;
}

// What every account stands at, day by day, by the export and by the figures.
void check_balances(const rebuild::Books& books, const rebuild::Settings& settings,
                    const std::string& text) {
  std::map<int, Sheet> days;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const auto row = nlohmann::json::parse(line);
    if (row["row"] != "balance") continue;
    const int day = core::parse_business_day(row["day"].get<std::string>())->days;
    days[day][{row["account"].get<int>(), row["currency"]}] = row["balance_minor"];
  }
  for (auto& [day, sheet] : days) {
    const auto& its_day = day;
    CAPTURE(its_day);
    rebuild::FigureRange range;
    range.to = BusinessDay{day};
    const auto table = *rebuild::figures(books, rebuild::By::kAccount, range, {}, settings);
    for (const auto& row : table.rows) {
      CAPTURE(row[0].value);
      CHECK(sheet[{static_cast<int>(row[0].value), row[2].text}] == row[5].value);
    }
  }
}

// The balances after each day of the export are the model's.
void check_export(const std::string& text, const std::map<int, Sheet>& sheets) {
  std::istringstream lines(text);
  std::size_t looked_at = 0;
  for (std::string line; std::getline(lines, line);) {
    const auto row = nlohmann::json::parse(line);
    if (row["row"] != "balance" || !is_valued(row["account"])) continue;
    const std::string currency = row["currency"];
    if (row["account"] == 2410 && currency != kUsd) continue;
    const int day = core::parse_business_day(row["day"].get<std::string>())->days;
    const Sheet sheet = at(sheets, day);
    const auto found = sheet.find({row["account"].get<int>(), currency});
    CAPTURE(line);
    CHECK((found == sheet.end() ? 0 : found->second) == row["balance_minor"].get<std::int64_t>());
    ++looked_at;
  }
  CHECK(looked_at > 0);
}

void run_seed(std::uint64_t seed) {
  CAPTURE(seed);
  INFO("repeat with: DAYBOOK_SEED=" << seed << " build/dev/tests/test_rebuild_valuation");
  Random random(seed);
  const std::unique_ptr<World> world(make_world(random));
  const auto sheets = model(*world);
  const auto settings = rebuild::read_settings(world->settings.path());
  REQUIRE_MESSAGE(settings.has_value(), settings.error().what);
  std::string first;
  for (int way = 0; way < 2; ++way) {
    std::vector<Bytes> log = world->log;
    for (std::size_t i = log.size(); i > 1; --i) {
      std::swap(log[i - 1], log[random.between(0, i - 1)]);
    }
    test::RebuiltBooks replayed(world->fleet.roster());
    const auto half = static_cast<std::ptrdiff_t>(log.size() / 2);
    replayed.replay(std::vector<Bytes>(log.begin(), log.begin() + half));
    const auto outcome = replayed.replay(log);
    REQUIRE(outcome.states.quarantined == 0);
    const rebuild::Books books = replayed.open();
    const std::string text = exported(books, *settings);
    if (way == 0) {
      first = text;
      check_export(text, sheets);
      check_balances(books, *settings, text);
      check_accounts(books, *settings, sheets, kFirstDay, kFirstDay + kDays);
      for (int k = 0; k < 6; ++k) {
        const int from = static_cast<int>(some(random, kFirstDay, kFirstDay + kDays - 1));
        const int to = static_cast<int>(some(random, from, kFirstDay + kDays));
        check_accounts(books, *settings, sheets, from, to);
      }
      check_accounts(books, *settings, sheets, 20454, 20484);  // January, from its sums
      for (int k = 0; k < 3; ++k) {
        check_departments(books, *settings, *world,
                          static_cast<int>(some(random, kFirstDay, kFirstDay + kDays - 2)));
      }
      const auto problems = *rebuild::verify_books(books);
      for (const auto& problem : problems) CHECK_MESSAGE(false, problem);
    }
    CHECK(text == first);
  }
}

}  // namespace

TEST_CASE("what goods and points are worth is the model's, whatever arrived when") {
  if (const char* seed = std::getenv("DAYBOOK_SEED"))
    return run_seed(std::strtoull(seed, nullptr, 10));
  for (std::uint64_t seed = 1; seed <= 40; ++seed) run_seed(seed);
}
