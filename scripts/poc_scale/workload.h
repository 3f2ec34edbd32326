// Workload: what the simulated tills do in their days.
// Must not know relays or books. Workloads: garden_workload.cpp, receipts_workload.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/base/result.h"
#include "core/retail/catalog.h"
#include "scripts/poc_scale/receipts_file.h"
#include "till/till.h"

namespace sweep {

class Workload {
 public:
  virtual ~Workload() = default;
  virtual std::size_t tills() const = 0;
  virtual core::TillRef till(std::size_t index) const = 0;
  // How many mornings and evenings the fleet sends in; 1: all its days in one of each.
  virtual std::size_t mornings() const { return 1; }
  virtual const core::retail::Catalog& catalog() const = 0;
  // Does all of this till's days by the till's own operations: open, ring, void, close.
  // Returns the numbers of the documents that it wrote. Thread: any; tills are independent.
  virtual core::Result<std::vector<till::DocumentNumbers>> run(till::Till& till,
                                                               std::size_t index) const = 0;
};

// Every till GardenWorld days from 2026-03-02 on: goods for 4 sets, sales of 1, 2 and 1 sets, the
// third one voided where the till's index and the day's, both from 0, add up to a multiple of 7.
// Three tills a store. The first of each hundred stores has operators: 1, the manager, opens, sells
// first, voids and closes; 2, a cashier, makes the other sales. Source: seeds/README.md.
std::unique_ptr<Workload> garden_workload(std::size_t tills, std::size_t days,
                                          core::retail::Catalog catalog);

// Every store of a receipts file one till, every date one business day.
// Errors: kMalformed (a store number out of range).
core::Result<std::unique_ptr<Workload>> receipts_workload(const ReceiptsFile& file);

}  // namespace sweep
