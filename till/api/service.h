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
#include "till/printer.h"
#include "till/till.h"

namespace till::api {

// A client's name for one thing that it asks for: a UUID.
using core::retail::RequestId;

// 32 hexadecimal digits, apart by hyphens as in a UUID or not. Errors: kUsage.
core::Result<RequestId> parse_request_id(std::string_view text, const std::string& what);
// "0123abcd-0123-0123-0123-0123456789ab".
std::string to_string(const RequestId& id);

enum class Effect {
  kReads,     // changes nothing
  kChanges,   // changes the receipt in progress; may carry an Idempotency-Key
  kWrites,    // writes a document, or opens or closes the day; must carry one
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
  // Owner: till, clock and printer outlive it. No printer: what is printed is due until there is
  // one.
  // `ask_points`: to the balance service, waiting as long as that may take; none: it is away.
  Service(Till& till, const core::Clock& clock, Guard guard, Printer* printer = nullptr,
          AskPoints ask_points = {})
      : till_(till),
        clock_(clock),
        guard_(std::move(guard)),
        printer_(printer),
        ask_points_(std::move(ask_points)) {}

  HttpResponse handle(const HttpRequest& request);
  // The journal has failed in a way that only opening it again can clear.
  const std::optional<core::Error>& fatal() const { return fatal_; }

  static std::vector<Route> routes();

 private:
  struct Call {
    std::vector<std::string> parameters;  // of the path
    Fields body;
    std::optional<RequestId> key;
    std::string session{};  // the token that the client has; "" when it has none
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
  struct Session {
    core::OperatorId operator_id;
    core::OperatorId approved_by;  // for what is done next; 0: nobody has
  };
  static constexpr std::size_t kRememberedMax = 1000;
  static constexpr std::size_t kSessionsMax = 100;

  static std::span<const Entry> table();
  HttpResponse dispatch(const HttpRequest& request);
  HttpResponse no_route(const std::string& path) const;
  core::Result<Answer> call(const Entry& entry, std::vector<std::string> parameters,
                            const HttpRequest& request);
  // With who acts and which request it is stamped into what is written.
  core::Result<Answer> act(const Entry& entry, const Call& made);
  // What the journal knows of a key that this process does not remember.
  core::Result<std::optional<Answer>> recorded_before(const RequestId& id);
  void remember(const RequestId& id, const core::envelope::Hash& request, const Answer& answer);

  core::Currency currency() const { return till_.currency(); }

  // till/api/day_routes.cpp
  core::Result<Answer> get_status(const Call& call);
  core::Result<Answer> get_day(const Call& call);
  core::Result<Answer> open_day(const Call& call);
  core::Result<Answer> confirm_delivery(const Call& call);
  core::Result<Answer> get_settings(const Call& call);
  core::Result<Answer> change_settings(const Call& call);
  core::Result<Answer> get_receipt_heading(const Call& call);
  core::Result<Answer> set_receipt_heading(const Call& call);
  core::Result<Answer> get_audit(const Call& call);
  core::Result<Answer> replace_catalog(const Call& call);
  core::Result<Answer> join(const Call& call);
  core::Result<Answer> add_operator(const Call& call);
  core::Result<Answer> change_operator(const Call& call);
  core::Result<Answer> unlock_operator(const Call& call);
  core::Result<Answer> close_day(const Call& call);
  core::Result<Answer> get_outbox(const Call& call);
  core::Result<Answer> get_log_receipt(const Call& call);
  core::Result<Answer> change_prices(const Call& call);
  // till/api/product_routes.cpp
  core::Result<Answer> get_product(const Call& call);
  core::Result<Answer> find_products(const Call& call);
  core::Result<Answer> find_code(const Call& call);
  core::Result<Answer> mint(const Call& call);
  // till/api/document_routes.cpp
  core::Result<Answer> get_document(const Call& call);
  core::Result<Answer> get_signed_receipt(const Call& call);
  core::Result<Answer> print_document(const Call& call);
  core::Result<Answer> get_print_queue(const Call& call);
  core::Result<Answer> void_sale(const Call& call);
  core::Result<Answer> refund(const Call& call);
  core::Result<Answer> refund_elsewhere_sold(const Call& call);
  core::Result<Answer> move_cash(const Call& call);
  core::Result<Answer> open_drawer(const Call& call);
  core::Result<Answer> move_stock(const Call& call);
  core::Result<Answer> record_card(const Call& call);
  // till/api/points_routes.cpp
  core::Result<Answer> get_points_service(const Call& call);
  core::Result<Answer> change_points_service(const Call& call);
  // Holds what a tender of points is to pay with, before it is one, where a balance service is set.
  core::Result<void> hold_points(OpenTender& tender);
  // Of the receipt in progress: they are not needed any more.
  core::Result<void> give_up_points();
  // till/api/waiting_routes.cpp
  core::Result<Answer> get_open_items(const Call& call);
  core::Result<Answer> hold_receipt(const Call& call);
  core::Result<Answer> recall(const Call& call);
  core::Result<Answer> drop_held(const Call& call);
  core::Result<Answer> lay_away(const Call& call);
  core::Result<Answer> pay_layaway(const Call& call);
  core::Result<Answer> hand_over(const Call& call);
  core::Result<Answer> cancel_layaway(const Call& call);
  // till/api/operator_routes.cpp
  core::Result<Answer> get_operators(const Call& call);
  core::Result<Answer> get_shifts(const Call& call);
  core::Result<Answer> sign_on(const Call& call);
  core::Result<Answer> sign_off(const Call& call);
  core::Result<Answer> approve(const Call& call);
  core::Result<Answer> clock_in(const Call& call);
  core::Result<Answer> clock_out(const Call& call);
  // Errors: kNotPermitted (no session).
  core::Result<Session*> find_session(const Call& call);
  // till/api/receipt_routes.cpp
  core::Result<Answer> begin_receipt(const Call& call);
  core::Result<Answer> get_receipt(const Call& call);
  core::Result<Answer> add_line(const Call& call);
  core::Result<Answer> void_line(const Call& call);
  core::Result<Answer> set_quantity(const Call& call);
  core::Result<Answer> override_price(const Call& call);
  core::Result<Answer> discount_line(const Call& call);
  core::Result<Answer> discount_receipt(const Call& call);
  core::Result<Answer> set_member(const Call& call);
  core::Result<Answer> sell_voucher(const Call& call);
  core::Result<Answer> add_tender(const Call& call);
  core::Result<Answer> take_tender_back(const Call& call);
  core::Result<Answer> abort_receipt(const Call& call);
  core::Result<Answer> finish_receipt(const Call& call);
  core::Result<Answer> train(const Call& call);

  // The receipt in progress, if it has the id of the path's first parameter, or that says
  // "current". Errors: kNotFound.
  core::Result<Receipt*> find_receipt(const Call& call);
  core::Result<Answer> answer_receipt(int status = 200);
  // None may be in progress, nor sold, under this id, and a day is open.
  core::Result<void> check_begin(const RequestId& id);
  // Errors: kState (another business day is open, or none).
  core::Result<void> need_day(core::BusinessDay day);
  CatalogSource source_of(core::CatalogVersion version);
  core::Result<Scanned> read_scanned(const Fields& body, core::CatalogVersion version);
  core::Result<OpenTender> read_tender(const Fields& body);
  // {"cash": "50.00"}; none: the exact amount in cash.
  core::Result<core::retail::Tenders> read_tenders(const Fields& body);
  Answer answer_document(int status, core::retail::Series series, std::uint64_t number,
                         const Json& more = Json::object()) const;

  Till& till_;
  const core::Clock& clock_;
  Guard guard_;
  Printer* printer_;
  AskPoints ask_points_;
  std::optional<Receipt> receipt_;
  // Answers to the latest requests that had a key, so that asking again does nothing twice.
  std::map<RequestId, Remembered> remembered_;
  std::deque<RequestId> oldest_first_;
  std::map<std::string, Session> sessions_;  // by token
  std::optional<core::Error> fatal_;
};

}  // namespace till::api
