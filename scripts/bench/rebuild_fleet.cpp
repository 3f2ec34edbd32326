// Fleet: keys, enrolments, and two waves a day.
#include "scripts/bench/rebuild_fleet.h"

#include "ledger-rebuild/parallel.h"
#include "scripts/bench/bench_support.h"

namespace bench {

using core::Bytes;
using core::envelope::PrivateKey;
using core::envelope::SealingKey;
using core::envelope::SealingPrivateKey;
using core::retail::Closing;
using core::retail::Opening;

namespace {

constexpr const char* kFleetOrigin = "bench.example/rebuild";
constexpr std::size_t kSampleMax = 20000;
constexpr std::size_t kGroup = 1000;

core::retail::Components parts(std::int64_t sets) {
  const auto units = [](std::int64_t n) { return core::Quantity{n * core::Quantity::kUnit}; };
  return {{core::ProductId{133}, units(4 * sets)},
          {core::ProductId{134}, units(sets)},
          {core::ProductId{135}, units(sets)}};
}

// One GardenWorld day: four sets sold, one of them voided on every seventh till.
Closing closing_of(std::size_t till, std::size_t days_before, core::BusinessDay day) {
  const auto usd = need(core::Currency::parse("USD"));
  const bool voided = till % 7 == 0;
  Closing out = core::retail::empty_closing(day, usd);
  out.sales = voided ? 2 : 3;
  out.voids = voided ? 1 : 0;
  out.net = core::Money{voided ? 150000 : 200000, usd};
  out.taxes[core::TaxCode{1}] = {out.net, core::Money{0, usd}};
  out.tenders[core::retail::TenderKind::kCash] = out.net;
  const std::int64_t sets = voided ? 3 : 4;
  out.consumed = parts(sets);
  out.sold[core::ProductId{145}] = {core::Quantity{sets * core::Quantity::kUnit}, out.net};
  for (const auto series : core::retail::kSaleSeries) {
    out.numbers[series] = {3 * days_before + 1, 3 * days_before + 3};
  }
  if (voided) out.numbers[core::retail::Series::kVoid] = {days_before + 1, days_before + 1};
  out.grand_totals.sales = out.net;
  out.grand_totals.sales.minor *= static_cast<std::int64_t>(days_before + 1);
  out.root = core::envelope::sha256({});
  return out;
}

template <typename Till>
Bytes next(Till& till, const core::retail::Summary& summary) {
  ++till.header.sequence.value;
  const Bytes payload =
      core::envelope::seal(till.sealing_key, core::envelope::encode_header(till.header),
                           core::retail::encode_summary(summary));
  return need(core::envelope::sign_message(till.header, payload, till.key));
}

}  // namespace

Fleet::Fleet(std::size_t tills, unsigned threads, const std::filesystem::path& log)
    : threads_(rebuild::thread_count(threads)),
      head_office_(PrivateKey::generate()),
      roster_(need(core::envelope::Roster::read({}, kFleetOrigin, head_office_.public_key()))),
      first_day_(need(core::parse_business_day("2026-01-01"))) {
  const auto sealing_key = SealingPrivateKey::generate();
  need(roster_.name_sealing_key(sealing_key.public_key(), head_office_));
  for (std::size_t i = 0; i < tills; ++i) add_till(i, sealing_key);
  core::disk::Recovery recovery;
  writer_ = need(core::disk::LogWriter::open(
      core::disk::posix_filesystem(), log, {}, [](core::disk::LogEntry) {}, recovery));
}

void Fleet::send_day() {
  const core::BusinessDay day{first_day_.days + static_cast<std::int32_t>(days_)};
  send([&](std::size_t) { return core::retail::Summary(Opening{day, parts(4), {}}); });
  send([&](std::size_t i) { return core::retail::Summary(closing_of(i, days_, day)); });
  ++days_;
}

void Fleet::add_till(std::size_t i, const SealingPrivateKey& sealing_key) {
  const PrivateKey key = PrivateKey::generate();
  const core::TillRef ref{core::StoreId{static_cast<std::uint32_t>(i / 4 + 1)},
                          core::TillId{static_cast<std::uint32_t>(i % 4 + 1)}};
  need(roster_.enrol(core::envelope::make_enrol_request(kFleetOrigin, ref, key,
                                                        SealingPrivateKey::generate().public_key()),
                     head_office_));
  core::envelope::Header header;
  header.content_type = core::envelope::ContentType::kSealedSummary;
  header.kid = core::envelope::derive_kid(kFleetOrigin, key.public_key());
  header.epoch = core::Epoch{1};
  const auto& enrolment = *roster_.find(header.kid);
  header.prev = enrolment.entry;
  const auto agreed =
      need(SealingKey::agree_as_head_office(sealing_key, *roster_.sealing_context(enrolment)));
  roster_.set_opener(header.kid, agreed);
  tills_.push_back({key, agreed, header});
}

void Fleet::send(const SummaryOf& summary_of) {
  std::vector<Bytes> wave(tills_.size());
  rebuild::for_chunks(tills_.size(), threads_, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) wave[i] = next(tills_[i], summary_of(i));
  });
  std::vector<core::disk::RecordPlace> places;
  for (std::size_t i = 0; i < wave.size(); i += kGroup) {
    const std::size_t end = std::min(i + kGroup, wave.size());
    std::vector<core::ByteView> group(wave.begin() + static_cast<std::ptrdiff_t>(i),
                                      wave.begin() + static_cast<std::ptrdiff_t>(end));
    need(writer_->append_group(group, places));
    for (std::size_t k = i; k < end; ++k) {
      tills_[k].header.prev = core::envelope::message_id(wave[k]);
      tree_.append(tills_[k].header.prev);
      if (sample_.size() < kSampleMax) add_sample(tills_[k], wave[k]);
    }
    const core::envelope::TreeHead head{tree_.size(), tree_.root()};
    for (std::size_t k = i; k < end; ++k) tills_[k].header.tree_head = head;
    need(writer_->store_checkpoint(head.root.bytes));
  }
}

void Fleet::add_sample(const Till& till, const Bytes& bytes) {
  const auto message = need(core::envelope::parse_message(bytes));
  sample_.push_back({till.key.public_key(),
                     core::envelope::signature_input(message.protected_header, {}, message.payload),
                     message.signature});
}

}  // namespace bench
