// What operators did in a day: whose a document is, the form of the rows, and what must add up.
#include <doctest/doctest.h>

#include "core/envelope/cbor.h"
#include "core/envelope/message.h"
#include "core/envelope/sealing.h"
#include "tests/support/cbor_tree.h"
#include "tests/support/retail_samples.h"

using namespace core;
using namespace core::retail;
using namespace test;

namespace {

using Rows = std::map<OperatorId, OperatorRow>;

Sale sale_by(std::uint32_t who, std::int64_t sets, std::uint64_t number) {
  Sale sale = garden_sale(sets, number);
  sale.operator_id = OperatorId{who};
  return sale;
}

Void void_by(std::uint32_t who, const Sale& sale, std::uint64_t number) {
  Void cancel = void_of(sale, number);
  cancel.operator_id = OperatorId{who};
  return cancel;
}

Refund refund_by(std::uint32_t who, const Sale& sale, std::uint64_t number) {
  Refund refund = refund_of(sale, number);
  refund.operator_id = OperatorId{who};
  return refund;
}

OperatorRow row(std::uint64_t sales, std::int64_t net, std::int64_t discount = 0,
                std::uint64_t lines_voided = 0, std::uint64_t refunds = 0,
                std::int64_t refunded = 0) {
  return {sales, cents(net), cents(discount), lines_voided, refunds, cents(refunded)};
}

// Operator 3 sells two sets and strikes a line out before; operator 1 sells one, and gives money
// back for one of the two.
Closing staffed_closing() {
  DayFold fold(sample_day(), usd());
  Sale sale = sale_by(3, 2, 1);
  sale.lines_voided = 1;
  CORE_CHECK(fold.add(sale).has_value());
  CORE_CHECK(fold.add(sale_by(1, 1, 2)).has_value());
  CORE_CHECK(fold.add(refund_by(1, sale, 1)).has_value());
  return fold.closing();
}

Rows rows_of(const Closing& closing) {
  return {closing.operators.begin(), closing.operators.end()};
}

}  // namespace

TEST_CASE("a sale is its seller's, also when another operator voids it; a refund its maker's") {
  const Closing closing = staffed_closing();
  CHECK(rows_of(closing) ==
        Rows{{OperatorId{1}, row(1, 0, 0, 0, 1, 50000)}, {OperatorId{3}, row(1, 100000, 0, 1)}});
  CHECK(check_balanced(closing).has_value());

  DayFold fold(sample_day(), usd());
  Sale voided = sale_by(4, 2, 1);
  voided.lines[0].discount = cents(300);
  voided.lines_voided = 2;
  REQUIRE(fold.add(voided).has_value());
  REQUIRE(fold.add(sale_by(4, 1, 2)).has_value());
  CHECK(rows_of(fold.closing()) == Rows{{OperatorId{4}, row(2, 150000, 300, 2)}});
  REQUIRE(fold.add(void_by(9, voided, 1), &voided).has_value());
  // That lines were struck out stays said, as in the day's counts.
  CHECK(rows_of(fold.closing()) == Rows{{OperatorId{4}, row(1, 50000, 0, 2)}});
  CHECK(fold.closing().counts.lines_voided == 2);
}

TEST_CASE("operator 0 has no row, and neither has who comes to nothing") {
  CHECK(garden_closing(true).operators.empty());
  DayFold fold(sample_day(), usd());
  const Sale sale = sale_by(4, 1, 1);
  REQUIRE(fold.add(sale).has_value());
  REQUIRE(fold.add(void_by(5, sale, 1), &sale).has_value());
  CHECK(fold.closing().operators.empty());
  // Nobody was signed on for this one: the rows are a part of the day.
  REQUIRE(fold.add(sale_by(0, 1, 2)).has_value());
  REQUIRE(fold.add(sale_by(4, 2, 3)).has_value());
  CHECK(rows_of(fold.closing()) == Rows{{OperatorId{4}, row(1, 100000)}});
  CHECK(check_balanced(fold.closing()).has_value());
}

TEST_CASE("operators stand as differences, and their rows end with what is not zero") {
  Closing closing = staffed_closing();
  const auto written = [&] { return *envelope::cbor_diagnostic(encode_summary(closing)); };
  CHECK(written().find("31: [[1, 1, 0, 0, 0, 1, 50000], [2, 1, 100000, 0, 1]]}") !=
        std::string::npos);
  CHECK(std::get<Closing>(*decode_summary(encode_summary(closing))) == closing);
  // Far apart, up to the last number that there is.
  closing.operators = {{OperatorId{4'294'967'294}, row(2, 100000, 0, 1)},
                       {OperatorId{4'294'967'295}, row(0, 0, 0, 0, 1, 0)}};
  closing.refunded = cents(0);
  closing.operators[OperatorId{4'294'967'295}].refunds = 1;
  CHECK(written().find("31: [[4294967294, 2, 100000, 0, 1], [1, 0, 0, 0, 0, 1]]}") !=
        std::string::npos);
  CHECK(std::get<Closing>(*decode_summary(encode_summary(closing))) == closing);
}

TEST_CASE("other rows of operators are refused") {
  const CborTree good = CborTree::read(encode_summary(staffed_closing()));
  const auto number = [](std::uint64_t n) { return CborTree{CborTree::kUnsigned, n, {}, {}}; };
  CborTree changed = good;
  CborTree& field = changed.items.back();  // of the map: the value of its last key
  std::vector<CborTree>& first = field.items[0].items;
  std::vector<CborTree>& second = field.items[1].items;
  const auto found = [&] {
    const auto decoded = decode_summary(changed.written());
    return decoded.has_value() ? std::string("accepted") : decoded.error().what;
  };
  CHECK(found() == "accepted");  // control
  std::string expected;
  SUBCASE("operator 0") {
    first[0] = number(0);
    expected = "operators ascend";
  }
  SUBCASE("an operator twice") {
    second[0] = number(0);
    expected = "operators ascend";
  }
  SUBCASE("an operator beyond 32 bits") {
    second[0] = number(4'294'967'295);
    expected = "operators ascend";
  }
  SUBCASE("a zero at a row's end") {
    second.push_back(number(0));
    expected = "a field is missing";
  }
  SUBCASE("a row of nothing") {
    field.items.push_back(CborTree{CborTree::kArray, 0, {}, {number(1)}});
    expected = "a field is missing";
  }
  SUBCASE("a row of a zero") {
    field.items.push_back(CborTree{CborTree::kArray, 0, {}, {number(1), number(0)}});
    expected = "a field is missing";
  }
  SUBCASE("a row without an operator") {
    field.items.push_back(CborTree{CborTree::kArray, 0, {}, {}});
    expected = "1 to 7 items";
  }
  SUBCASE("a row of eight") {
    first.push_back(number(1));
    expected = "1 to 7 items";
  }
  SUBCASE("a count below zero") {
    second[1].major = CborTree::kNegative;
    expected = "unsigned";
  }
  SUBCASE("a count out of range") {
    second[4] = number(1'000'000'001);
    expected = "out of range";
  }
  SUBCASE("less than nothing given back") {
    first[6].major = CborTree::kNegative;
    expected = "below zero";
  }
  SUBCASE("no rows") {
    field.items.clear();
    expected = "a field is missing";
  }
  CHECK_MESSAGE(found().find(expected) != std::string::npos, found(), "; expected: ", expected);
}

TEST_CASE("operators who did more than the day has, or all of it and less, are unbalanced") {
  Closing closing = staffed_closing();
  OperatorRow& one = closing.operators.at(OperatorId{1});
  OperatorRow& three = closing.operators.at(OperatorId{3});
  SUBCASE("net") {
    ++three.net.minor;
  }
  SUBCASE("net, moved into what was refunded") {
    ++one.refunded.minor;
    --one.net.minor;
  }
  SUBCASE("less refunded") {
    --one.refunded.minor;
    ++one.net.minor;
  }
  SUBCASE("more refunded, though not all refunds are theirs") {
    closing.refunds = 2;
    ++one.refunded.minor;
    --one.net.minor;
  }
  SUBCASE("discount") {
    three.discount = cents(1);
  }
  SUBCASE("sales") {
    ++three.sales;
  }
  SUBCASE("refunds") {
    ++one.refunds;
  }
  SUBCASE("lines voided") {
    ++one.lines_voided;
  }
  SUBCASE("takings without a sale") {
    closing.sales = 3;
    ++closing.numbers.at(Series::kInvoice).last;
    closing.operators[OperatorId{7}] = row(0, 5, 0, 1);
    closing.counts.lines_voided = 2;
  }
  SUBCASE("something given back without a refund") {
    one.refunded.minor -= 5;
    one.net.minor += 5;
    closing.operators[OperatorId{7}] = row(1, -5, 0, 0, 0, 5);
    closing.sales = 3;
    ++closing.numbers.at(Series::kInvoice).last;
  }
  SUBCASE("a discount on nothing") {
    closing.refunds = 2;
    closing.operators[OperatorId{7}] = row(0, 0, 5);
  }
  const auto decoded = decode_summary(encode_summary(closing));
  REQUIRE_FALSE(decoded.has_value());
  CHECK(decoded.error().code == Errc::kUnbalanced);
}

TEST_CASE("what operators did may be a part of the day, but a part that it has room for") {
  Closing closing = staffed_closing();
  ++closing.refunds;  // nobody's
  closing.refunded = cents(60000);
  CHECK_FALSE(check_balanced(closing).has_value());  // more was sold, by nobody
  closing.operators.at(OperatorId{3}).net = cents(110000);
  CHECK(check_balanced(closing).has_value());
  closing.operators.erase(OperatorId{3});  // as if nobody had been signed on
  CHECK(check_balanced(closing).has_value());
  closing.operators.clear();
  CHECK(check_balanced(closing).has_value());
}

TEST_CASE("operators stay together in the first part, and are all there in the sum of the parts") {
  Closing closing = staffed_closing();
  for (std::uint64_t p = 1000; p < 9000; ++p) closing.consumed[ProductId{p}] = units(1);
  const auto parts = split(closing, 2000);
  REQUIRE(parts.size() > 2);
  CHECK(rows_of(std::get<Closing>(parts[0])) == rows_of(closing));
  CHECK(std::get<Closing>(parts[1]).operators.empty());

  // More than a part has room for.
  for (std::uint32_t id = 10; id < 3000; ++id) {
    closing.operators[OperatorId{id}] = row(1, 1);
    ++closing.sales;
    closing.net.minor += 1;
  }
  closing.numbers.at(Series::kInvoice).last = closing.sales;
  closing.taxes.begin()->second.gross = closing.net;
  closing.tenders[TenderKind::kCash] = closing.net;
  closing.sold.begin()->second.net = closing.net;
  REQUIRE(check_balanced(closing).has_value());
  const auto many = split(closing, 2000);
  Closing sum = std::get<Closing>(many.front());
  for (const Summary& part : many) {
    const auto decoded = decode_summary(encode_summary(part));
    REQUIRE_MESSAGE(decoded.has_value(), decoded.error().what);
    join_rows(sum, std::get<Closing>(*decoded));
  }
  sum.part = {};
  CHECK(std::get<Closing>(many[1]).operators.size() > 50);
  CHECK(sum == closing);
}

TEST_CASE("an operator takes at most 16 bytes of a closing") {
  Closing closing = empty_closing(sample_day(), usd());
  const std::size_t without = encode_summary(closing).size();
  for (std::uint32_t id = 1; id <= 20; ++id) {
    closing.operators[OperatorId{7 * id}] = row(180, 2'345'678, id % 2 == 0 ? 12'345 : 0, id % 3);
  }
  const std::size_t each = (encode_summary(closing).size() - without + 19) / 20;
  MESSAGE(each, " bytes an operator");
  CHECK(each <= 16);
}
