// Random operations of a till, each beside what it does to the model of the books; and the shop
// that the till is in. Must not know disks.
#pragma once

#include <functional>

#include "core/envelope/sealing.h"
#include "tests/crash/till_model.h"
#include "tests/support/memory_log.h"
#include "tests/support/temp_dir.h"

namespace test {

// What is the same in every life: keys, head office's roster, directories.
struct CutShop {
  CutShop();
  static core::envelope::PrivateKey key(std::uint8_t n) {
    return core::envelope::PrivateKey::from_seed(core::Bytes(32, n)).value();
  }
  static core::envelope::SealingPrivateKey sealing_key(std::uint8_t n) {
    return core::envelope::SealingPrivateKey::from(core::Bytes(32, n)).value();
  }

  till::TillSetup setup(const Shelf& shelf) const;
  std::filesystem::path journal() const { return dir / "till.db"; }

  TempDir dir;
  std::string origin = "shop.example/log";
  core::TillRef ref{core::StoreId{4}, core::TillId{1}};
  core::envelope::PrivateKey office_key = key(0x11);
  core::envelope::SealingPrivateKey office_sealing_key = sealing_key(0x12);
  core::envelope::PrivateKey till_key = key(0x13);
  core::envelope::SealingPrivateKey till_sealing_key = sealing_key(0x14);
  core::envelope::Roster roster =
      core::envelope::Roster::read({}, origin, office_key.public_key()).value();
  std::optional<core::envelope::SealingKey> opener;
};

struct Step {
  std::string name;
  std::function<core::Result<void>(till::Till&)> run;
  std::function<void(TillModel&)> apply;
};

// A printer whose paper stays when the power goes.
class Paper : public till::Printer {
 public:
  till::PrintOutcome print(core::ByteView job) override;
  void about(std::uint64_t invoice) { invoice_ = invoice; }
  // How often its original was printed, by invoice; 0: copies only.
  const std::map<std::uint64_t, std::uint64_t>& originals() const { return originals_; }

 private:
  std::uint64_t invoice_ = 0;
  std::map<std::uint64_t, std::uint64_t> originals_;
};

// Owner: generator and shop must outlive it.
class RandomSteps {
 public:
  // `wide`: many products and long sales, so that the write-ahead log soon is full.
  RandomSteps(core::Random& random, const CutShop& shop, bool wide)
      : random_(random), shop_(shop), wide_(wide), log_(shop.origin) {}

  Shelf new_shelf();
  // One that must succeed, on a till whose books are `model`.
  Step next(const TillModel& model, till::Till& till);
  // What is on paper, whatever became of the disk.
  const Paper& paper() const { return paper_; }

 private:
  bool one_in(std::uint64_t n) { return random_.between(1, n) == 1; }
  Step join();
  Step replace_catalog();
  Step set_backup_to();
  Step answer_of_the_relay(till::Till& till);
  struct Delivery {
    core::retail::Components received;
    Amounts counts;
  };
  Delivery delivery(const TillModel& model);
  Step open_day(const TillModel& model);
  Step confirm_delivery(const TillModel& model);
  Step ring(const TillModel& model);
  std::optional<std::uint64_t> number_to_void(const TillModel& model);
  Step void_sale(std::uint64_t number);
  std::optional<std::pair<std::uint64_t, std::uint64_t>> line_to_refund(const TillModel& model);
  Step refund(const TillModel& model, std::uint64_t number, std::uint64_t line);
  Step move_cash(const TillModel& model);
  Step close_day(const TillModel& model);
  // Documents of the other kinds, and printing: till_more_steps.cpp.
  Step more(const TillModel& model, till::Till& till, std::uint64_t dice);
  Step open_drawer(const TillModel& model);
  Step receive_goods(const TillModel& model);
  Step put_aside(const TillModel& model);
  Step drop_held(const TillModel& model, std::uint64_t number);
  Step train(const TillModel& model);
  Step copy_receipt(const TillModel& model);
  Step lay_away(const TillModel& model);
  Step pay_layaway(const TillModel& model, std::size_t place);
  Step cancel_layaway(const TillModel& model, std::size_t place);
  Step hand_over(const TillModel& model, std::size_t place);
  Step authorise(const TillModel& model);
  Step reverse(const TillModel& model, std::uint64_t authorised);
  Step print_receipt(const TillModel& model, till::Till& till);

  core::Random& random_;
  const CutShop& shop_;
  bool wide_;
  MemoryLog log_;
  Paper paper_;
};

}  // namespace test
