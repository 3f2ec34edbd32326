// Notice report: what head office told the till, and what is on its way to it.
// Must not change anything.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "till/notices.h"
#include "till/reports.h"

namespace till {

std::string report_notices(const std::map<FeedKind, FeedStatus>& feeds, Form form);
// A note's products by their names, where the catalog has them.
std::string report_dispatched(const std::vector<DispatchStatus>& notes, const ProductNames& names,
                              Form form);

}  // namespace till
