// The receipts file: what is read, and what is refused by its line number.
#include <doctest/doctest.h>

#include "scripts/poc_scale/receipts_file.h"
#include "tests/support/temp_dir.h"

using namespace sweep;

namespace {

constexpr const char* kHeader =
    "store_id,basket_id,transaction_timestamp,product_id,quantity,sales_value,retail_disc,"
    "coupon_disc,coupon_match_disc\n";

core::Result<ReceiptsFile> read(const std::string& text) {
  const test::TempDir directory;
  const auto path = directory / "receipts.csv";
  test::write_file(path, core::as_bytes(text));
  return read_receipts(path);
}

}  // namespace

TEST_CASE("a line is read column by column, in cents and thousandths") {
  const auto file = read(
      kHeader + std::string("319,31198705046,2017-01-01 07:30:27,1075313,2,1.5,0.29,0.05,0.1\n"));
  REQUIRE(file.has_value());
  REQUIRE(file->accepted.size() == 1);
  const ReceiptLine& line = file->accepted[0];
  CHECK(line.store == 319);
  CHECK(line.basket == 31198705046);
  CHECK(core::to_string(line.day) == "2017-01-01");
  CHECK(line.product == 1075313);
  CHECK(line.quantity.thousandths == 2000);
  CHECK(line.sales_minor == 150);
  CHECK(line.retail_discount_minor == 29);
  CHECK(line.coupon_minor == 5);
  CHECK(line.coupon_match_minor == 10);
}

TEST_CASE("an exporter's almost-zero is zero cents") {
  const auto file = read(kHeader + std::string("1,2,2017-01-01 07:30:27,3,0,4.440892e-16,0,0,0\n"));
  REQUIRE(file->accepted.size() == 1);
  CHECK(file->accepted[0].sales_minor == 0);
}

TEST_CASE("columns are found by name, in any order, quoted or not, with either line end") {
  const auto file = read(
      "coupon_match_disc,note,quantity,\"sales_value\",retail_disc,coupon_disc,store_id,basket_id,"
      "transaction_timestamp,product_id\r\n"
      "0,\"a \"\"b\"\", c\",1,\"2.50\",0,0,7,8,2017-06-30 23:59:59,9\r\n");
  REQUIRE(file.has_value());
  REQUIRE(file->accepted.size() == 1);
  CHECK(file->accepted[0].sales_minor == 250);
  CHECK(file->accepted[0].store == 7);
}

TEST_CASE(
    "a line that cannot be money or quantity is refused by its number, and the rest is read") {
  const auto file = read(kHeader + std::string("1,2,2017-01-01 07:30:27,3,1,1.00,0,0,0\n"
                                               "1,2,2017-01-01 07:30:27,3,one,1.00,0,0,0\n"
                                               "1,2,2017-01-01 07:30:27,3,1,$1.00,0,0,0\n"
                                               "1,2,2017-01-01 07:30:27,3,-1,1.00,0,0,0\n"
                                               "1,2,2017-01-01 07:30:27,3,0.0001,1.00,0,0,0\n"
                                               "1,2,2017-13-01 07:30:27,3,1,1.00,0,0,0\n"
                                               "1,2,2017-01-01 07:30:27,3,1,1e30,0,0,0\n"
                                               "1,2,2017-01-01 07:30:27,3,1,1.00,0,0\n"
                                               "0,2,2017-01-01 07:30:27,3,1,1.00,0,0,0\n"
                                               "1,2,2017-01-01garbage,3,1,1.00,0,0,0\n"
                                               "1,2,2017-01-01 07:30:27,3,1,\"1.00,0,0,0\n"
                                               "1,3,2017-01-01 07:30:27,3,1,2.00,0,0,0\n"));
  REQUIRE(file.has_value());
  CHECK(file->lines == 12);
  CHECK(file->accepted.size() == 2);
  REQUIRE(file->refused.size() == 10);
  for (std::size_t i = 0; i < 10; ++i) CHECK(file->refused[i].line == i + 3);
  CHECK(file->refused[0].reason.find("'one'") != std::string::npos);
}

TEST_CASE("a file without the needed columns is refused as a whole") {
  CHECK(read("store_id,basket_id\n1,2\n").error().code == core::Errc::kMalformed);
  CHECK(read("").error().code == core::Errc::kMalformed);
  CHECK(read_receipts("/nonexistent/receipts.csv").error().code == core::Errc::kNotFound);
}
