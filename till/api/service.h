// Service: what a running till answers. One Till, one receipt in progress, one request at a time.
// Must not know sockets (till/api/http_server.h). Routes, fields and answers: docs/till-api.json,
// which a test compares with the table of routes; why they are as they are: docs/till-api.md.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/envelope/keys.h"
#include "till/api/fields.h"
#include "till/api/guard.h"
#include "till/api/http_server.h"
#include "till/open_receipt.h"
#include "till/till.h"

namespace till::api {

// A client's name for one thing that it asks for: a UUID.
using RequestId = core::FixedBytes<struct RequestIdTag, 16>;

// 32 hexadecimal digits, apart by hyphens as in a UUID or not. Errors: kUsage.
core::Result<RequestId> parse_request_id(std::string_view text, const std::string& what);
// "0123abcd-0123-0123-0123-0123456789ab".
std::string to_string(const RequestId& id);

enum class Effect {
  kReads,     // changes nothing
  kChanges,   // changes the receipt in progress; may carry an Idempotency-Key
  kWrites,    // writes to the journal; must carry one
  kFinishes,  // writes a sale; the receipt's id is its key
};

struct Route {
  std::string_view method;
  std::string_view path;  // "/v1/receipts/{receipt}/lines/{line}"
  Effect effect;
  std::string_view fields;  // of the body, of a GET of the query, as Fields::check() takes them
};

class Service {
 public:
  // Owner: till and clock outlive it.
  Service(Till& till, const core::Clock& clock, Guard guard)
      : till_(till), clock_(clock), guard_(std::move(guard)) {}

  HttpResponse handle(const HttpRequest& request);
  // The journal has failed in a way that only opening it again can clear.
  const std::optional<core::Error>& fatal() const { return fatal_; }

  static std::vector<Route> routes();

 private:
  struct Call {
    std::vector<std::string> parameters;  // of the path
    Fields body;
    std::optional<RequestId> key;
  };
  struct Answer {
    int status = 200;
    std::string body;
  };
  using Handler = core::Result<Answer> (Service::*)(const Call&);
  struct Entry {
    Route route;
    Handler handler;
  };
  struct Remembered {
    core::envelope::Hash request;
    Answer answer;
  };
  struct Receipt {
    RequestId id;
    OpenReceipt open;
  };
  static constexpr std::size_t kRememberedMax = 1000;

  static std::span<const Entry> table();
  HttpResponse dispatch(const HttpRequest& request);
  HttpResponse no_route(const std::string& path) const;
  core::Result<Answer> call(const Entry& entry, std::vector<std::string> parameters,
                            const HttpRequest& request);
  void remember(const RequestId& id, const core::envelope::Hash& request, const Answer& answer);

  core::Currency currency() const { return till_.currency(); }

  // till/api/day_routes.cpp
  core::Result<Answer> get_status(const Call& call);
  core::Result<Answer> get_day(const Call& call);
  core::Result<Answer> open_day(const Call& call);
  core::Result<Answer> close_day(const Call& call);
  core::Result<Answer> get_outbox(const Call& call);
  core::Result<Answer> get_log_receipt(const Call& call);
  // till/api/product_routes.cpp
  core::Result<Answer> get_product(const Call& call);
  core::Result<Answer> find_products(const Call& call);
  core::Result<Answer> find_code(const Call& call);
  // till/api/document_routes.cpp
  core::Result<Answer> get_document(const Call& call);
  core::Result<Answer> void_sale(const Call& call);
  core::Result<Answer> refund(const Call& call);
  core::Result<Answer> move_cash(const Call& call);
  core::Result<Answer> open_drawer(const Call& call);
  // till/api/receipt_routes.cpp
  core::Result<Answer> begin_receipt(const Call& call);
  core::Result<Answer> get_receipt(const Call& call);
  core::Result<Answer> add_line(const Call& call);
  core::Result<Answer> void_line(const Call& call);
  core::Result<Answer> set_quantity(const Call& call);
  core::Result<Answer> discount_line(const Call& call);
  core::Result<Answer> discount_receipt(const Call& call);
  core::Result<Answer> add_tender(const Call& call);
  core::Result<Answer> take_tender_back(const Call& call);
  core::Result<Answer> abort_receipt(const Call& call);
  core::Result<Answer> finish_receipt(const Call& call);

  // The receipt in progress, if it has the id of the path's first parameter, or that says
  // "current". Errors: kNotFound.
  core::Result<Receipt*> find_receipt(const Call& call);
  core::Result<Answer> answer_receipt(int status = 200);
  // What a line is scanned from: a product's number or a code, and a quantity.
  struct Scanned {
    core::ProductId product;
    core::Quantity quantity;
  };
  core::Result<Scanned> read_scanned(const Fields& body, core::CatalogVersion version);

  Till& till_;
  const core::Clock& clock_;
  Guard guard_;
  std::optional<Receipt> receipt_;
  // Answers to the latest requests that had a key, so that asking again does nothing twice.
  std::map<RequestId, Remembered> remembered_;
  std::deque<RequestId> oldest_first_;
  std::optional<core::Error> fatal_;
};

}  // namespace till::api
