// ReceiptsFile: a retailer's receipts as CSV, line by line. Shared by the import and the auditor.
// Must not know documents or messages: it includes no header of core/retail. Columns:
// docs/sweep.md, "Receipts".
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/base/business_day.h"
#include "core/base/ids.h"
#include "core/base/quantity.h"
#include "core/base/result.h"

namespace sweep {

// One receipt line. Amounts in US cents, each rounded half away from zero from its own column.
struct ReceiptLine {
  std::uint32_t store = 0;
  std::uint64_t basket = 0;
  core::BusinessDay day;  // the calendar date as written
  std::uint64_t product = 0;
  core::Quantity quantity;
  std::int64_t sales_minor = 0;  // takings
  std::int64_t retail_discount_minor = 0;
  std::int64_t coupon_minor = 0;        // of the takings, tendered as a manufacturer's coupon
  std::int64_t coupon_match_minor = 0;  // given by the retailer
};

struct RefusedLine {
  std::uint64_t line = 0;  // in the file, from 1, the header included
  std::string reason;
};

struct ReceiptsFile {
  std::uint64_t lines = 0;  // data lines read, refused ones included
  std::vector<ReceiptLine> accepted;
  std::vector<RefusedLine> refused;
};

// Reads the whole file. A line that cannot be money or quantity is refused by its number and the
// reading goes on. Errors: kNotFound, kMalformed (no header with the columns that are needed).
core::Result<ReceiptsFile> read_receipts(const std::filesystem::path& path);

// Departments by product, from products.csv. Errors: as read_receipts.
core::Result<std::map<std::uint64_t, std::string>> read_departments(
    const std::filesystem::path& path);

}  // namespace sweep
