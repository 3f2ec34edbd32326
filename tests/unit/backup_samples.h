// A shop whose till keeps a backup, and head office that makes its journal again.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "core/journal/increment.h"
#include "ledger-rebuild/backup_files.h"
#include "ledger-rebuild/recover.h"
#include "ledger-rebuild/restore.h"
#include "tests/unit/till_samples.h"

namespace till_test {

class BackedUpShop : public Shop {
 public:
  BackedUpShop() {
    std::filesystem::create_directory(stick());
    step([&](till::Till& t) { return t.set_backup_to({stick().string()}); });
  }

  std::filesystem::path stick() const { return dir() / "stick"; }
  std::filesystem::path replacement() const { return dir() / "new.db"; }

  // A day with sales, closed and copied.
  void day_of_sales(std::int32_t number, int sales) {
    open_day(number);
    for (int i = 0; i < sales; ++i) ring(sets(1));
    close_day();
    step([](till::Till& t) { return t.copy_backups(); });
  }

  std::vector<rebuild::BackupFile> files() const {
    return rebuild::read_backup_files(stick()).value();
  }
  rebuild::BackupChoice choose(const std::vector<rebuild::BackupFile>& files,
                               std::optional<std::uint64_t> until = {}, core::TillRef ref = kRef) {
    return rebuild::choose_backup(files, {ref, until}, office().roster(), office().sealing_key())
        .value();
  }
  // Of the file of that name.
  static rebuild::FileVerdict verdict(const rebuild::BackupChoice& choice,
                                      const std::string& name) {
    const auto it = std::find_if(choice.files.begin(), choice.files.end(),
                                 [&](const auto& file) { return file.name == name; });
    REQUIRE(it != choice.files.end());
    return it->verdict;
  }

  rebuild::Restored restore(const rebuild::BackupChoice& choice,
                            std::optional<std::uint64_t> skip = {}) {
    std::filesystem::remove(replacement());
    rebuild::RestoreOrder order;
    order.till = kRef;
    order.journal = replacement();
    order.skip = skip;
    auto restored = rebuild::restore(choice, order, office().roster(), nullptr);
    REQUIRE_MESSAGE(restored, (restored ? "" : describe(restored.error())));
    return std::move(restored).value();
  }
  till::Till open_replacement() const {
    auto till = till::Till::open(replacement(), till::Durability::kSimulated);
    REQUIRE_MESSAGE(till, (till ? "" : describe(till.error())));
    return std::move(till).value();
  }
};

inline void sound(till::Till& till) {
  const auto checked = till.check();
  CHECK_MESSAGE(checked, (checked ? "" : describe(checked.error())));
}

}  // namespace till_test
