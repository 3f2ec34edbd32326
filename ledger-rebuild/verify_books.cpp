// VerifyBooks: a list of questions to the tables, each of which must find nothing.
#include "ledger-rebuild/verify_books.h"

#include <stdlib.h>

#include <filesystem>

#include "ledger-rebuild/log_tree.h"
#include "ledger-rebuild/month_sums.h"
#include "ledger-rebuild/parallel.h"
#include "ledger-rebuild/periods.h"
#include "ledger-rebuild/report.h"
#include "ledger-rebuild/rows.h"

namespace rebuild {
namespace {

using core::Errc;
using core::fail;
using core::Result;
using core::sql::Statement;

// `sql` selects the culprits: a name and what was found.
struct Question {
  const char* what;
  std::string sql;
};

const Question kQuestions[] = {
    {"an entry does not balance (message, debits less credits)",
     "SELECT message, SUM(amount_minor) FROM postings GROUP BY message, reversal "
     "HAVING SUM(amount_minor) <> 0"},
    {"an entry is in two currencies, or not in its message's (message, currency)",
     "SELECT p.message, p.currency FROM postings p JOIN messages m ON m.number = p.message "
     "WHERE p.currency <> m.currency"},
    {"tenders do not add up to the message's net (message, difference)",
     "SELECT m.number, COALESCE(SUM(p.amount_minor), 0) - m.net_minor FROM messages m "
     "LEFT JOIN postings p ON p.message = m.number AND p.reversal = 0 AND ((p.code > 0 "
     "AND p.account IN (1000, 1010, 1020, 2400, 2410, 2420, 5910)) OR (p.code = -1 "
     "AND p.account IN (2400, 2420, 4100))) WHERE m.state IN (1, 2, 3, 7) GROUP BY m.number "
     "HAVING COALESCE(SUM(p.amount_minor), 0) <> m.net_minor"},
    {"discounts given are not the message's (message, difference)",
     "SELECT m.number, COALESCE(SUM(p.amount_minor), 0) - m.discount_minor FROM messages m "
     "LEFT JOIN postings p ON p.message = m.number AND p.reversal = 0 AND p.account = 4090 "
     "WHERE m.state IN (1, 2, 3, 7) GROUP BY m.number "
     "HAVING COALESCE(SUM(p.amount_minor), 0) <> m.discount_minor"},
    {"what was sold of the products is not the message's net (message, difference)",
     "SELECT m.number, SUM(s.net_minor) - m.net_minor FROM sold s JOIN messages m "
     "ON m.number = s.message WHERE m.parts = 1 GROUP BY m.number "
     "HAVING SUM(s.net_minor) <> m.net_minor"},
    {"what operators took is not the message's net, though all sales and refunds are theirs "
     "(message, difference)",
     "SELECT m.number, SUM(o.net_minor) - m.net_minor FROM operators o JOIN messages m "
     "ON m.number = o.message WHERE m.parts = 1 GROUP BY m.number "
     "HAVING SUM(o.sales) = m.sales AND SUM(o.refunds) = m.refunds AND "
     "(SUM(o.net_minor) <> m.net_minor OR SUM(o.discount_minor) <> m.discount_minor OR "
     "SUM(o.refunded_minor) <> m.refunded_minor)"},
    {"operators made more sales or refunds than the message has (message, sales)",
     "SELECT m.number, SUM(o.sales) FROM operators o JOIN messages m "
     "ON m.number = o.message WHERE m.parts = 1 GROUP BY m.number "
     "HAVING SUM(o.sales) > m.sales OR SUM(o.refunds) > m.refunds"},
    {"over and short is not the message's (message, difference)",
     "SELECT m.number, -COALESCE(SUM(p.amount_minor), 0) - m.over_short_minor FROM messages m "
     "LEFT JOIN postings p ON p.message = m.number AND p.reversal = 0 AND p.account = 5900 "
     "WHERE m.state IN (1, 2, 3, 7) GROUP BY m.number "
     "HAVING -COALESCE(SUM(p.amount_minor), 0) <> m.over_short_minor"},
    {"a message that is not posted has postings (message, account)",
     "SELECT p.message, p.account FROM postings p LEFT JOIN messages m ON m.number = p.message "
     "WHERE m.state IS NULL OR m.state NOT IN (1, 2, 3, 7)"},
    {"a message that is not posted moves stock (message, product)",
     "SELECT v.message, v.product FROM moves v LEFT JOIN messages m ON m.number = v.message "
     "WHERE m.state IS NULL OR m.state NOT IN (1, 2, 3, 7)"},
    {"a message that is not posted has operators (message, operator)",
     "SELECT o.message, o.operator FROM operators o LEFT JOIN messages m ON m.number = o.message "
     "WHERE m.state IS NULL OR m.state NOT IN (1, 2, 3, 7)"},
    {"a message that is not posted has members' points (message, state)",
     "SELECT p.message, m.state FROM member_points p LEFT JOIN messages m ON m.number = p.message "
     "WHERE m.state IS NULL OR m.state NOT IN (1, 2, 3, 7)"},
    {"a message's points are not the sums of its members' (message, points earned)",
     "SELECT m.number, m.points_earned FROM messages m LEFT JOIN member_points p "
     "ON p.message = m.number WHERE m.state IN (1, 2, 3, 7) GROUP BY m.number, m.points_earned, "
     "m.points_redeemed HAVING COALESCE(SUM(p.earned), 0) <> m.points_earned OR "
     "COALESCE(SUM(p.redeemed), 0) <> m.points_redeemed"},
    {"a message that is not posted defines products (message, product)",
     "SELECT d.message, d.product FROM definitions d LEFT JOIN messages m ON m.number = d.message "
     "WHERE m.state IS NULL OR m.state NOT IN (1, 2, 3, 7) OR m.kind NOT IN (1, 2)"},
    {"a message that is not posted tells of deliveries (message, item)",
     "SELECT d.message, d.item FROM deliveries d LEFT JOIN messages m ON m.number = d.message "
     "WHERE m.state IS NULL OR m.state NOT IN (1, 2, 3, 7) OR m.kind <> 1"},
    {"a message that is not a posted opening asks for keys (message, state)",
     "SELECT k.message, m.state FROM key_requests k LEFT JOIN messages m ON m.number = k.message "
     "WHERE m.state IS NULL OR m.state NOT IN (1, 2, 3, 7) OR m.kind <> 1"},
    {"products are merged or split by what is no such bulletin (message, product)",
     "SELECT d.message, d.product FROM decided d LEFT JOIN messages m ON m.number = d.message "
     "WHERE m.kind IS NULL OR m.kind NOT IN (5, 6)"},
    {"a contradicted message is not reversed (message, account)",
     "SELECT p.message, p.account FROM postings p JOIN messages m ON m.number = p.message "
     "WHERE m.state IN (3, 7) GROUP BY p.message, p.account, p.code HAVING SUM(p.amount_minor) <> "
     "0"},
    {"a contradicted message still moves stock (message, product)",
     "SELECT v.message, v.product FROM moves v JOIN messages m ON m.number = v.message "
     "WHERE m.state IN (3, 7) GROUP BY v.message, v.product "
     "HAVING SUM(v.thousandths * (v.to_place - v.from_place)) <> 0"},
    {"a message is reversed that is not contradicted (message, account)",
     "SELECT p.message, p.account FROM postings p JOIN messages m ON m.number = p.message "
     "WHERE p.reversal <> 0 AND m.state NOT IN (3, 7)"},
    {"a quarantined message is not in quarantine, or another one is (message, state)",
     "SELECT m.number, m.state FROM messages m LEFT JOIN quarantine q ON q.message = m.number "
     "WHERE (m.state = 5) <> (q.id IS NOT NULL)"},
    {"a message is not of its chain's till (message, till)",
     "SELECT m.number, c.store || '/' || c.till FROM messages m JOIN chains c ON c.number = "
     "m.chain "
     "WHERE (m.store, m.till, m.epoch) <> (c.store, c.till, c.epoch)"},
    {"a chain is called whole and is not, or the other way round (till, messages not proven)",
     "SELECT c.store || '/' || c.till, COUNT(m.number) FILTER (WHERE m.state <> 1) FROM chains c "
     "LEFT JOIN messages m ON m.chain = c.number GROUP BY c.number HAVING (c.whole = 1) <> "
     "(COUNT(m.number) FILTER (WHERE m.state <> 1) = 0) OR (c.whole = 1 AND "
     "(COUNT(m.number) <> c.tip_sequence OR COALESCE(MAX(m.sequence), 0) <> c.tip_sequence))"},
    {"the takings of a month are not the sums of its messages (month and store, currency)",
     "WITH now AS (SELECT " + month_sql("booked") +
         " AS month, store, currency, SUM(sales), SUM(voids), SUM(refunds), SUM(net_minor + "
         "discount_minor), "
         "SUM(discount_minor), SUM(net_minor), SUM(refunded_minor), SUM(over_short_minor), "
         "SUM(points_earned), SUM(points_redeemed) "
         "FROM messages WHERE kind = 2 AND state IN (1, 2) GROUP BY 1, 2, 3), kept AS "
         "(SELECT * FROM month_takings WHERE sales <> 0 OR voids <> 0 OR refunds <> 0 OR "
         "shelf_minor <> 0 OR discount_minor <> 0 OR net_minor <> 0 OR refunded_minor <> 0 OR "
         "over_short_minor <> 0 OR points_earned <> 0 OR points_redeemed <> 0) SELECT month || ' ' "
         "|| store, currency FROM "
         "(SELECT * FROM kept EXCEPT SELECT * FROM now) only_kept UNION ALL "
         "SELECT month || ' ' || store, currency FROM (SELECT * FROM now EXCEPT SELECT * FROM kept "
         "EXCEPT SELECT month, store, currency, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 FROM now) only_now"},
    {"an account of a month is not the sum of its postings (month, store and account, currency)",
     "WITH now AS (SELECT " + month_sql("m.booked") +
         " AS month, m.store, p.account, p.code, p.currency, "
         "SUM(CASE WHEN p.amount_minor > 0 THEN p.amount_minor ELSE 0 END), "
         "SUM(CASE WHEN p.amount_minor < 0 THEN -p.amount_minor ELSE 0 END) FROM postings p JOIN "
         "messages m ON m.number = p.message "
         "GROUP BY 1, 2, 3, 4, 5), kept AS (SELECT * FROM month_accounts "
         "WHERE debit_minor <> 0 OR credit_minor <> 0) "
         "SELECT month || ' ' || store || ' ' || account, currency FROM "
         "(SELECT * FROM kept EXCEPT SELECT * FROM now) only_kept UNION ALL "
         "SELECT month || ' ' || store || ' ' || account, currency FROM "
         "(SELECT * FROM now EXCEPT SELECT * FROM kept) only_now"},
    {"what a month sold of a product is not the sum of its messages (month and product, currency)",
     "WITH now AS (SELECT " + month_sql("m.booked") +
         " AS month, s.product, m.currency, SUM(s.thousandths) AS q, SUM(s.net_minor) AS n FROM "
         "sold s "
         "JOIN messages m ON m.number = s.message WHERE m.state IN (1, 2) GROUP BY 1, 2, 3), "
         "kept AS (SELECT * FROM month_products WHERE thousandths <> 0 OR net_minor <> 0) "
         "SELECT month || ' ' || product, currency FROM "
         "(SELECT * FROM kept EXCEPT SELECT * FROM now) only_kept UNION ALL "
         "SELECT month || ' ' || product, currency FROM "
         "(SELECT * FROM now WHERE q <> 0 OR n <> 0 EXCEPT SELECT * FROM kept) only_now"},
    {"what a month moved of a product is not the sum of its moves (month and product, place)",
     "WITH way AS (SELECT " + month_sql("m.booked") +
         " AS month, v.product, CASE v.to_place WHEN 1 THEN v.from_place ELSE v.to_place END AS "
         "place, "
         "CASE v.to_place WHEN 1 THEN -v.thousandths ELSE v.thousandths END AS q FROM moves v "
         "JOIN messages m ON m.number = v.message), now AS (SELECT month, product, place, SUM(q) "
         "FROM way GROUP BY month, product, place HAVING SUM(q) <> 0), kept AS "
         "(SELECT * FROM month_moves WHERE thousandths <> 0) "
         "SELECT month || ' ' || product, place FROM "
         "(SELECT * FROM kept EXCEPT SELECT * FROM now) only_kept UNION ALL "
         "SELECT month || ' ' || product, place FROM "
         "(SELECT * FROM now EXCEPT SELECT * FROM kept) only_now"},
    {"a message is there twice (its first number, times)",
     "SELECT MIN(number), COUNT(*) FROM messages GROUP BY id HAVING COUNT(*) > 1"},
    {"a place is posted twice (till, sequence)",
     "SELECT MIN(store) || '/' || MIN(till), sequence FROM messages WHERE state IN (1, 2) "
     "GROUP BY chain, sequence HAVING COUNT(*) > 1"},
};

Result<void> ask(const Books& books, const Question& question, std::vector<std::string>& problems) {
  std::uint64_t found = 0;
  std::string first;
  TRY(for_rows(books.database(), question.sql, [&](const Statement& row) -> Result<void> {
    if (found++ == 0) {
      first = std::string(row.column_text(0)) + ", " + std::string(row.column_text(1));
    }
    return {};
  }));
  if (found == 0) return {};
  problems.push_back(std::string(question.what) + ": " + first +
                     (found > 1 ? " and " + std::to_string(found - 1) + " more" : ""));
  return {};
}

// The report's totals against the messages' own figures.
Result<void> compare_totals(const Books& books, std::vector<std::string>& problems) {
  TRY_ASSIGN(const auto by_currency, totals(books));
  return for_rows(books.database(),
                  "SELECT currency, SUM(sales), SUM(voids), SUM(net_minor), SUM(discount_minor), "
                  "SUM(over_short_minor) FROM messages WHERE kind = 2 AND state IN (1, 2) "
                  "GROUP BY currency",
                  [&](const Statement& row) -> Result<void> {
                    TRY_ASSIGN(const auto currency, core::Currency::parse(row.column_text(0)));
                    const auto it = by_currency.find(currency);
                    const bool same =
                        it != by_currency.end() &&
                        it->second.sales == static_cast<std::uint64_t>(row.column_int(1)) &&
                        it->second.voids == static_cast<std::uint64_t>(row.column_int(2)) &&
                        it->second.net.minor == row.column_int(3) &&
                        it->second.discount.minor == row.column_int(4) &&
                        it->second.over_short.minor == row.column_int(5);
                    if (!same) {
                      problems.push_back("the totals in " + std::string(currency.code()) +
                                         " are not the sums of the messages' figures");
                    }
                    return {};
                  });
}

// Whether each entry is booked where the closed periods say.
Result<void> check_booked(const Books& books, std::vector<std::string>& problems) {
  TRY_ASSIGN(const TillChains chains, TillChains::load(books.database()));
  TRY_ASSIGN(const Periods periods, Periods::load(books.database(), chains));
  const auto closed = periods.closed_through();
  std::uint64_t wrong = 0;
  std::string first;
  TRY(for_rows(books.database(),
               "SELECT chain, sequence, day, booked FROM messages WHERE kind IN (1, 2)",
               [&](const Statement& row) -> Result<void> {
                 const core::BusinessDay day{static_cast<std::int32_t>(row.column_int(2))};
                 core::BusinessDay expected = day;
                 if (closed && day <= *closed) {
                   const TillChain& chain = chains.at(row.column_int(0));
                   TRY_ASSIGN(expected, periods.booked(chain, id_at<core::Sequence>(row, 1), day));
                 }
                 if (row.column_int(3) == expected.days) return {};
                 if (wrong++ == 0) {
                   first = to_string(chains.at(row.column_int(0)).till) + ", sequence " +
                           std::to_string(row.column_int(1));
                 }
                 return {};
               }));
  if (wrong > 0) {
    problems.push_back("an entry is not booked on the day that the closed periods give it: till " +
                       first + (wrong > 1 ? " and " + std::to_string(wrong - 1) + " more" : ""));
  }
  return {};
}

// A directory that goes with the object.
class ScratchDirectory {
 public:
  ScratchDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "daybook-verify-XXXXXX").string();
    if (::mkdtemp(name.data()) != nullptr) path_ = name;
  }
  ~ScratchDirectory() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace

Result<std::vector<std::string>> verify_books(const Books& books) {
  std::vector<std::string> problems;
  for (const Question& question : kQuestions) TRY(ask(books, question, problems));
  TRY(compare_totals(books, problems));
  TRY(check_booked(books, problems));
  TRY_ASSIGN(const BooksDigest stored, books.stored_digest());
  TRY_ASSIGN(const BooksDigest now, books.digest());
  if (stored.books != now.books) {
    problems.push_back("the books digest of the tables is " + now.books.hex() + ", stored is " +
                       stored.books.hex());
  }
  if (stored.figures != now.figures) {
    problems.push_back("the figures digest of the tables is " + now.figures.hex() + ", stored is " +
                       stored.figures.hex());
  }
  return problems;
}

Result<PrefixCheck> check_prefix(const Books& books, Source& source, unsigned threads) {
  TRY_ASSIGN(LogTree tree, LogTree::load(books.database()));
  PrefixCheck out;
  std::uint64_t next = 0;
  std::vector<Hash> ids;
  const auto take = [&](std::span<const SourceEntry> lot) -> Result<void> {
    ids.resize(lot.size());
    for_chunks(lot.size(), thread_count(threads), [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) {
        ids[i] = core::envelope::message_id(lot[i].bytes);
      }
    });
    for (std::size_t i = 0; i < lot.size(); ++i) {
      const std::uint64_t index = lot[i].index.value;
      if (index >= tree.size()) return {};
      if (index > next && !out.differs) out.differs = next;
      next = index + 1;
      TRY_ASSIGN(const Hash leaf, tree.leaf(index));
      if (leaf == ids[i]) {
        ++out.entries;
      } else if (!out.differs) {
        out.differs = index;
      }
    }
    return {};
  };
  TRY_ASSIGN(const SourceState state, source.read(core::LogIndex{0}, take));
  if (next < tree.size() && !out.differs) out.differs = next;
  return out;
}

Result<LogAudit> verify_against_log(const Books& books, Source& source,
                                    const core::envelope::Roster& roster, unsigned threads,
                                    const Progress& progress) {
  const ScratchDirectory scratch;
  if (scratch.path().empty()) {
    return fail(Errc::kIo, "no directory can be made below the one for temporary files");
  }
  ReplayOptions options;
  options.threads = threads;
  options.progress = progress;
  TRY_ASSIGN(const auto seen, books.tree_head());
  if (seen) options.shown.push_back({*seen, "head office, when the books were made,"});
  LogAudit audit;
  TRY_ASSIGN(audit.outcome, replay(source, roster, scratch.path() / "books.db", options));
  TRY_ASSIGN(const BooksDigest digest, books.digest());
  if (audit.outcome.digest.books != digest.books) {
    audit.problems.push_back(source.name() + " gives books of digest " +
                             audit.outcome.digest.books.hex() + ", these are " +
                             digest.books.hex());
  }
  for (const std::string& damage : audit.outcome.damages) audit.problems.push_back(damage);
  for (const std::string& fault : audit.outcome.log_faults) audit.problems.push_back(fault);
  if (!audit.outcome.log_faults.empty()) {
    TRY_ASSIGN(const PrefixCheck prefix, check_prefix(books, source, threads));
    if (prefix.differs) {
      audit.problems.push_back("log index " + std::to_string(*prefix.differs) +
                               " is the first whose entry is not the one of these books");
    }
  }
  return audit;
}

}  // namespace rebuild
