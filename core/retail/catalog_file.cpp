// Catalog file: JSON by nlohmann, whose exceptions end here. No number of it is ever a double:
// amounts are decimal text, identifiers are whole numbers. Products are taken as they are read, so
// that a large file is never in memory as a whole.
#include "core/retail/catalog_file.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "core/base/decimal.h"
#include "core/retail/json_node.h"
#include "core/retail/minted.h"

namespace core::retail {
namespace {

constexpr std::int64_t kFileBytesMax = 256 << 20;
constexpr std::uint64_t kPluLimit = 10'000'000'000;  // an item code has at most 10 digits
constexpr std::string_view kPiece = "piece";  // is sold whole, unless the file says otherwise

Result<TaxRate> read_tax(const Node& node) {
  TRY(node.check_object({"code", "name", "percent", "in_price"}));
  TRY_ASSIGN(const Node code, node.at("code"));
  TRY_ASSIGN(const Node percent, node.at("percent"));
  TaxRate tax;
  TRY_ASSIGN(tax.code, code.id<TaxCode>());
  TRY_ASSIGN(const std::string text, percent.text());
  TRY_ASSIGN(const std::int64_t basis_points,
             at_place(percent, parse_decimal(text, 2, Rounding::kExact)));
  if (basis_points < 0 || basis_points > 10000) return percent.refuse("a tax is 0 to 100 percent");
  tax.basis_points = static_cast<std::int32_t>(basis_points);
  if (!node.has("in_price")) return tax;
  TRY_ASSIGN(const Node in_price, node.at("in_price"));
  TRY_ASSIGN(tax.inclusive, in_price.boolean());
  return tax;
}

Result<void> read_price(const Node& node, Currency currency, Product& product) {
  if (!node.has("price")) return {};
  TRY_ASSIGN(const Node price, node.at("price"));
  TRY_ASSIGN(const std::string text, price.text());
  TRY_ASSIGN(product.price, at_place(price, parse_money(text, currency)));
  return {};
}

Result<void> read_unit(const Node& node, Product& product) {
  if (node.has("unit")) {
    TRY_ASSIGN(const Node unit, node.at("unit"));
    TRY_ASSIGN(product.unit, unit.text());
    if (product.unit.empty()) return unit.refuse("a unit is a word, such as 'piece' or 'kg'");
    product.whole = product.unit == kPiece;
  }
  if (!node.has("whole")) return {};
  TRY_ASSIGN(const Node whole, node.at("whole"));
  TRY_ASSIGN(product.whole, whole.boolean());
  return {};
}

Result<Product> read_product(const Node& node, Currency currency) {
  TRY(node.check_object(
      {"id", "name", "price", "tax", "kind", "unit", "whole", "barcodes", "plu"}));
  TRY_ASSIGN(const Node id, node.at("id"));
  TRY_ASSIGN(const Node name, node.at("name"));
  TRY_ASSIGN(const Node tax, node.at("tax"));
  TRY_ASSIGN(const Node kind, node.at("kind"));
  Product product;
  TRY_ASSIGN(product.id, id.id<ProductId>());
  if (is_minted(product.id)) {
    return id.refuse("numbers from 2^52 to 2^53 - 1 are for what tills mint");
  }
  TRY_ASSIGN(product.name, name.text());
  TRY_ASSIGN(product.tax, tax.id<TaxCode>());
  TRY_ASSIGN(const std::string kind_text, kind.text());
  if (kind_text != "stocked" && kind_text != "kit") {
    return kind.refuse("'" + kind_text + "' is neither 'stocked' nor 'kit'");
  }
  product.kind = kind_text == "kit" ? ProductKind::kKit : ProductKind::kStocked;
  TRY(read_price(node, currency, product));
  TRY(read_unit(node, product));
  return product;
}

// What a product is found by, of the object that read_product() reads.
Result<void> read_codes(const Node& node, ProductId id, CatalogParts& parts) {
  if (node.has("barcodes")) {
    TRY_ASSIGN(const Node list, node.at("barcodes"));
    TRY_ASSIGN(const std::vector<Node> barcodes, list.items());
    for (const Node& barcode : barcodes) {
      TRY_ASSIGN(const std::string digits, barcode.text());
      TRY_ASSIGN(const std::uint64_t gtin, at_place(barcode, parse_gtin(digits)));
      parts.codes.emplace_back(ProductCode{CodeKind::kGtin, gtin}, id);
    }
  }
  if (!node.has("plu")) return {};
  TRY_ASSIGN(const Node plu, node.at("plu"));
  TRY_ASSIGN(const std::string digits, plu.text());
  TRY_ASSIGN(const std::uint64_t number, at_place(plu, parse_unsigned(digits)));
  if (number == 0 || number >= kPluLimit) return plu.refuse("a PLU has 1 to 10 digits");
  parts.codes.emplace_back(ProductCode{CodeKind::kItem, number}, id);
  return {};
}

Result<BomLine> read_bom_line(const Node& node) {
  TRY(node.check_object({"parent", "component", "quantity"}));
  TRY_ASSIGN(const Node parent, node.at("parent"));
  TRY_ASSIGN(const Node component, node.at("component"));
  TRY_ASSIGN(const Node quantity, node.at("quantity"));
  BomLine line;
  TRY_ASSIGN(line.parent, parent.id<ProductId>());
  TRY_ASSIGN(line.component, component.id<ProductId>());
  TRY_ASSIGN(const std::string text, quantity.text());
  TRY_ASSIGN(line.quantity, at_place(quantity, parse_quantity(text)));
  return line;
}

// Takes a catalog from the parser piece by piece: each product and each line of a bill of materials
// when its object ends, so that the parser can forget it.
class CatalogReader {
 public:
  explicit CatalogReader(std::string_view name) : name_(name) {}

  // The parser's callback; false: it need not keep this value.
  bool operator()(int depth, Json::parse_event_t event, Json& parsed) {
    using Event = Json::parse_event_t;
    note_keys(event, parsed);
    if (depth == 1 && event == Event::key) {
      list_ = parsed.get<std::string>();
      items_ = 0;
    }
    if (depth == 1 && event == Event::value && list_ == "currency") {
      const auto currency = Currency::parse(parsed.is_string() ? parsed.get<std::string>() : "");
      if (currency) currency_ = *currency;
    }
    if (depth != 2 || event != Event::object_end) return true;
    if (list_ != "products" && list_ != "bom") return true;
    const auto taken = take({&parsed, name_ + "." + list_ + "[" + std::to_string(items_++) + "]"});
    if (!taken && !error_) error_ = taken.error();
    return false;
  }

  // Prices came before the currency that they are in: the text is to be read once more.
  bool reads_again() const { return prices_unread_ && currency_.has_value(); }
  void begin_again() {
    prices_unread_ = false;
    parts_ = {};
    error_.reset();
  }

  // What is left of the text: all but the lists' items.
  Result<Catalog> finish(const Json& json) && {
    if (!duplicate_.empty()) {
      return fail(Errc::kMalformed, name_ + ": the key '" + duplicate_ + "' is there twice");
    }
    const Node root{&json, name_};
    TRY(root.check_object(
        {"about", "currency", "taxes", "products", "bom", "cash_rounding", "barcode_patterns"}));
    TRY_ASSIGN(const Node code, root.at("currency"));
    TRY_ASSIGN(const std::string text, code.text());
    TRY_ASSIGN(parts_.currency, at_place(code, Currency::parse(text)));
    TRY(read_terms(root));
    for (const char* key : {"products", "bom"}) {
      TRY_ASSIGN(const Node list, root.at(key));
      TRY_ASSIGN(const std::vector<Node> others, list.items());
      if (!others.empty()) return list.refuse("a list of objects is expected");
    }
    if (error_) return fail(*error_);
    return at_place(root, Catalog::build(std::move(parts_)));
  }

 private:
  // JSON keeps the last of two equal keys; here the second is refused, with its name.
  void note_keys(Json::parse_event_t event, const Json& parsed) {
    if (event == Json::parse_event_t::object_start) keys_.emplace_back();
    if (event == Json::parse_event_t::object_end) keys_.pop_back();
    if (event != Json::parse_event_t::key) return;
    const std::string key = parsed.get<std::string>();
    if (!keys_.back().insert(key).second && duplicate_.empty()) duplicate_ = key;
  }

  Result<void> take(const Node& node) {
    if (error_) return {};
    if (list_ == "bom") {
      TRY_ASSIGN(const BomLine line, read_bom_line(node));
      parts_.bom.push_back(line);
      return {};
    }
    if (!currency_) prices_unread_ = true;
    if (prices_unread_) return {};
    TRY_ASSIGN(Product product, read_product(node, *currency_));
    TRY(read_codes(node, product.id, parts_));
    parts_.products.push_back(std::move(product));
    return {};
  }

  Result<void> read_terms(const Node& root) {
    TRY_ASSIGN(const Node taxes, root.at("taxes"));
    TRY_ASSIGN(const std::vector<Node> rates, taxes.items());
    for (const Node& rate : rates) {
      TRY_ASSIGN(const TaxRate tax, read_tax(rate));
      parts_.taxes.push_back(tax);
    }
    if (root.has("cash_rounding")) {
      TRY_ASSIGN(const Node step, root.at("cash_rounding"));
      TRY_ASSIGN(const std::string amount, step.text());
      TRY_ASSIGN(const Money money, at_place(step, parse_money(amount, parts_.currency)));
      parts_.cash_step_minor = money.minor;
    }
    if (!root.has("barcode_patterns")) return {};
    TRY_ASSIGN(const Node list, root.at("barcode_patterns"));
    TRY_ASSIGN(const std::vector<Node> patterns, list.items());
    for (const Node& pattern : patterns) {
      TRY_ASSIGN(const std::string text, pattern.text());
      TRY_ASSIGN(auto parsed, at_place(pattern, parse_barcode_pattern(text, parts_.currency)));
      parts_.patterns.push_back(std::move(parsed));
    }
    return {};
  }

  std::string name_;
  std::string list_;       // the key of the root object whose value is being read
  std::size_t items_ = 0;  // of it that were read
  std::optional<Currency> currency_;
  bool prices_unread_ = false;
  CatalogParts parts_;
  std::optional<Error> error_;  // the first
  std::vector<std::set<std::string>> keys_;
  std::string duplicate_;
};

// `parse` parses the text from its beginning, with the callback that it is given.
template <typename Parse>
Result<Catalog> read_with(std::string_view name, const Parse& parse) {
  CatalogReader reader(name);
  const auto fails = [&](const std::string& what) {
    return fail(Errc::kMalformed, std::string(name) + ": " + what);
  };
  try {
    Json json = parse(std::ref(reader));
    if (reader.reads_again()) {
      reader.begin_again();
      json = parse(std::ref(reader));
    }
    return std::move(reader).finish(json);
  } catch (const Json::parse_error& error) {
    return fails("byte " + std::to_string(error.byte) + ": this is no JSON");
  } catch (const Json::exception& error) {
    return fails(error.what());
  }
}

}  // namespace

Result<Catalog> parse_catalog(std::string_view json, std::string_view name) {
  return read_with(
      name, [&](const Json::parser_callback_t& callback) { return Json::parse(json, callback); });
}

Result<Catalog> read_catalog_file(const std::filesystem::path& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                             &std::fclose);
  if (!file) {
    const Errc code = errno == ENOENT ? Errc::kNotFound : Errc::kIo;
    return fail(code, path.string() + ": " + std::strerror(errno));
  }
  struct stat status {};
  if (::fstat(::fileno(file.get()), &status) != 0 || !S_ISREG(status.st_mode)) {
    return fail(Errc::kIo, path.string() + ": a file is expected");
  }
  if (status.st_size > kFileBytesMax) {
    return fail(Errc::kTooLarge,
                path.string() + ": over " + std::to_string(kFileBytesMax) + " bytes");
  }
  auto catalog = read_with(path.string(), [&](const Json::parser_callback_t& callback) {
    std::rewind(file.get());
    return Json::parse(file.get(), callback);
  });
  if (std::ferror(file.get()) != 0) {
    return fail(Errc::kIo, path.string() + ": " + std::strerror(errno));
  }
  return catalog;
}

}  // namespace core::retail
