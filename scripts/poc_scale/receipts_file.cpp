// ReceiptsFile: RFC 4180 CSV with a header, columns found by name.
#include "scripts/poc_scale/receipts_file.h"

#include <algorithm>
#include <fstream>
#include <limits>

#include "core/base/decimal.h"

namespace sweep {
namespace {

using core::Errc;
using core::fail;
using core::Result;

constexpr std::size_t kLineBytesMax = 64 * 1024;
// No receipt line is worth ten billion; below it, no sum over a file can overflow.
constexpr std::int64_t kFigureMax = 1'000'000'000'000;
constexpr std::uint64_t kProductMax = std::uint64_t{std::numeric_limits<std::int64_t>::max()};

// One record without its line end; "" inside quotes stands for a quote (RFC 4180 section 2).
Result<std::vector<std::string>> split_record(std::string_view record) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (std::size_t i = 0; i < record.size(); ++i) {
    const char c = record[i];
    if (quoted && c == '"' && i + 1 < record.size() && record[i + 1] == '"') {
      fields.back().push_back('"');
      ++i;
    } else if (c == '"' && (quoted || fields.back().empty())) {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      fields.emplace_back();
    } else {
      fields.back().push_back(c);
    }
  }
  if (quoted) return fail(Errc::kMalformed, "a quote is not closed");
  return fields;
}

// Reads lines and finds columns by their header.
class CsvReader {
 public:
  static Result<CsvReader> open(const std::filesystem::path& path,
                                const std::vector<std::string>& columns) {
    CsvReader reader;
    reader.in_.open(path);
    if (!reader.in_) return fail(Errc::kNotFound, path.string() + ": cannot be opened");
    std::string line;
    if (!reader.next_line(line)) return fail(Errc::kMalformed, path.string() + ": is empty");
    constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
    if (line.starts_with(kByteOrderMark)) line.erase(0, kByteOrderMark.size());
    TRY_ASSIGN(const auto header, split_record(line));
    for (const std::string& column : columns) {
      const auto it = std::find(header.begin(), header.end(), column);
      if (it == header.end()) {
        return fail(Errc::kMalformed, path.string() + ", line 1: no column '" + column + "'");
      }
      reader.positions_.push_back(static_cast<std::size_t>(it - header.begin()));
    }
    reader.width_ = header.size();
    return reader;
  }

  bool next_line(std::string& line) {
    if (!std::getline(in_, line)) return false;
    if (!line.empty() && line.back() == '\r') line.pop_back();
    ++number_;
    return true;
  }

  // The wanted columns of a line, in the order asked for.
  Result<std::vector<std::string>> pick(std::string_view line) const {
    if (line.size() > kLineBytesMax) return fail(Errc::kTooLarge, "the line is too long");
    TRY_ASSIGN(auto fields, split_record(line));
    if (fields.size() != width_) {
      return fail(Errc::kMalformed, std::to_string(fields.size()) +
                                        " fields where the header has " + std::to_string(width_));
    }
    std::vector<std::string> picked;
    for (const std::size_t position : positions_) picked.push_back(std::move(fields[position]));
    return picked;
  }

  std::uint64_t number() const { return number_; }

 private:
  std::ifstream in_;
  std::vector<std::size_t> positions_;
  std::size_t width_ = 0;
  std::uint64_t number_ = 0;
};

Result<std::int64_t> bounded(std::int64_t figure, const std::string& text) {
  if (figure <= kFigureMax && figure >= -kFigureMax) return figure;
  return fail(Errc::kMalformed, "'" + text + "' is out of range for a receipt line");
}

// Halves away from zero: for amounts that are not below zero the same as half up.
Result<std::int64_t> cents(const std::string& text) {
  TRY_ASSIGN(const std::int64_t minor, core::parse_decimal(text, 2, core::Rounding::kHalfAway));
  return bounded(minor, text);
}

Result<ReceiptLine> parse_line(const CsvReader& csv, std::string_view text) {
  TRY_ASSIGN(const auto f, csv.pick(text));
  ReceiptLine line;
  TRY_ASSIGN(const std::uint64_t store, core::parse_unsigned(f[0]));
  if (store == 0 || store > std::numeric_limits<std::uint32_t>::max()) {
    return fail(Errc::kMalformed, "store " + f[0] + " is out of range");
  }
  line.store = static_cast<std::uint32_t>(store);
  TRY_ASSIGN(line.basket, core::parse_unsigned(f[1]));
  if (f[2].size() > 10 && f[2][10] != ' ' && f[2][10] != 'T') {
    return fail(Errc::kMalformed, "'" + f[2].substr(0, 40) + "' is no timestamp");
  }
  TRY_ASSIGN(line.day, core::parse_business_day(std::string_view(f[2]).substr(0, 10)));
  TRY_ASSIGN(line.product, core::parse_unsigned(f[3]));
  if (line.product > kProductMax) {
    return fail(Errc::kMalformed, "product " + f[3] + " is out of range");
  }
  TRY_ASSIGN(line.quantity, core::parse_quantity(f[4]));
  TRY(bounded(line.quantity.thousandths, f[4]));
  if (line.quantity.thousandths < 0) {
    return fail(Errc::kMalformed, "quantity " + f[4] + " is below zero: a return is not a sale");
  }
  TRY_ASSIGN(line.sales_minor, cents(f[5]));
  TRY_ASSIGN(line.retail_discount_minor, cents(f[6]));
  TRY_ASSIGN(line.coupon_minor, cents(f[7]));
  TRY_ASSIGN(line.coupon_match_minor, cents(f[8]));
  return line;
}

}  // namespace

Result<ReceiptsFile> read_receipts(const std::filesystem::path& path) {
  TRY_ASSIGN(CsvReader csv,
             CsvReader::open(
                 path, {"store_id", "basket_id", "transaction_timestamp", "product_id", "quantity",
                        "sales_value", "retail_disc", "coupon_disc", "coupon_match_disc"}));
  ReceiptsFile file;
  std::string text;
  while (csv.next_line(text)) {
    if (text.empty()) continue;
    ++file.lines;
    auto line = parse_line(csv, text);
    if (line) {
      file.accepted.push_back(*line);
    } else {
      file.refused.push_back({csv.number(), line.error().what});
    }
  }
  return file;
}

Result<std::map<std::uint64_t, std::string>> read_departments(const std::filesystem::path& path) {
  TRY_ASSIGN(CsvReader csv, CsvReader::open(path, {"product_id", "department"}));
  std::map<std::uint64_t, std::string> departments;
  std::string text;
  while (csv.next_line(text)) {
    if (text.empty()) continue;
    const auto fields = csv.pick(text);
    if (!fields) continue;  // an unknown product is real life
    const auto id = core::parse_unsigned((*fields)[0]);
    if (id) departments[*id] = (*fields)[1];
  }
  return departments;
}

}  // namespace sweep
