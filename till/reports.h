// Reports: what the till shows, as text for people and as JSON for programs.
// Must not change anything.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "till/till.h"

namespace till {

enum class Form { kText, kJson };

// The products that a report names.
std::vector<core::ProductId> products_of(const core::retail::Closing& closing);

// The X or Z report. `title` is "Z report" or "X report".
std::string report_day(const core::retail::Closing& closing, const ProductNames& names,
                       std::string_view title, Form form);
std::string report_backup(const BackupStatus& backup, Form form);
std::string report_status(const TillStatus& status, Form form);
std::string report_outbox(const std::vector<OutboxEntry>& entries, Form form);
std::string report_document(core::TillRef ref, const StoredDocument& document,
                            const ProductNames& names, Form form);
std::string report_print_queue(core::TillRef ref, const std::vector<WaitingDocument>& waiting,
                               Form form);
std::string report_found(const std::vector<FoundProduct>& found, Form form);
std::string report_rung(core::TillRef ref, const Rung& rung);

}  // namespace till
