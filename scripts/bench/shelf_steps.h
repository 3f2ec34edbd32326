// The steps of bench_shelf, each run in a process of its own so that its memory is its own.
// Must not print: what a step measured is its answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

namespace bench {

using Figures = nlohmann::ordered_json;

struct ShelfWords {
  std::filesystem::path directory = "/tmp/daybook-bench-shelf";
  std::string json;
  std::string step;  // empty: all of them, each in a process of its own
  std::uint64_t products = 300'000;
  std::uint64_t documents = 1'000'000;
  std::uint64_t range = 300'000;  // of products that are sold, the first ones
  std::size_t rounds = 7;
  std::size_t operations = 2000;  // sales and appends a round
  std::size_t lines = 20;
  std::size_t look_ups = 100'000;
  std::size_t closed_sales = 10'000;
  bool encrypted = false;
};

// Seconds and peak memory of each. Errors end the program.
Figures write_catalog(const ShelfWords& words);  // a file of so many products
Figures read_catalog(const ShelfWords& words);   // that file, checked as a whole
Figures make_journals(const ShelfWords& words);  // an empty one and one to be filled
Figures fill_journal(const ShelfWords& words);   // with so many documents, by ringing them
Figures load_again(const ShelfWords& words);  // the catalog with a hundredth of its prices changed
Figures start_cold(const ShelfWords& words);  // to the first sale, nothing in the page cache
Figures look_up_cold(const ShelfWords& words);  // each look-up once, nothing in the page cache
Figures look_up_warm(const ShelfWords& words);
Figures sell(const ShelfWords& words);       // both journals and bare appends, in turns
Figures close_day(const ShelfWords& words);  // of so many sales

}  // namespace bench
