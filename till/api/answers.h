// Answers: the JSON that routes share. Amounts and quantities are decimal text.
// Must not know requests.
#pragma once

#include <string>

#include "till/open_receipt.h"
#include "till/report_text.h"
#include "till/till.h"

namespace till::api {

Json receipt_json(const std::string& id, const OpenReceipt& receipt, const OpenFigures& figures,
                  const ProductNames& names);
Json product_json(const core::retail::Product& product);

}  // namespace till::api
