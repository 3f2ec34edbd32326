// Notice report: a line a feed, a paragraph a dispatch note.
#include "till/notice_report.h"

#include "till/report_text.h"

namespace till {
std::string report_notices(const std::map<FeedKind, FeedStatus>& feeds, Form form) {
  Json list = Json::array();
  std::string text;
  for (const auto& [kind, feed] : feeds) {
    list.push_back({{"feed", feed_name(kind)},
                    {"epoch", feed.epoch.value},
                    {"sequence", feed.sequence.value},
                    {"waiting", feed.waiting},
                    {"trouble", feed.trouble}});
    text += "  " + std::string(feed_name(kind)) + ": ";
    if (feed.epoch.value == 0) {
      text += "nothing was told yet\n";
      continue;
    }
    text += "up to " + to_string(feed.epoch) + "." + to_string(feed.sequence);
    if (feed.waiting != 0) text += ", " + std::to_string(feed.waiting) + " not in force yet";
    text += feed.trouble.empty() ? "\n" : ": " + feed.trouble + "\n";
  }
  return form == Form::kJson ? dump(list) : text;
}

std::string report_dispatched(const std::vector<DispatchStatus>& notes, const ProductNames& names,
                              Form form) {
  Json list = Json::array();
  std::string text;
  for (const DispatchStatus& row : notes) {
    Json goods = Json::array();
    text += "  note " + std::to_string(row.note.number) + ", expected " + to_string(row.note.day) +
            (row.received ? ", received on " + to_string(*row.received) : ", on its way") + "\n";
    for (const auto& [id, quantity] : row.note.goods) {
      const std::string label = product_name(names, id);
      goods.push_back({{"product", id.value}, {"name", label}, {"quantity", to_string(quantity)}});
      text += "    " + to_string(quantity) + " of " + to_string(id) + " " + label + "\n";
    }
    list.push_back({{"note", row.note.number},
                    {"expected", to_string(row.note.day)},
                    {"received", row.received ? Json(to_string(*row.received)) : Json()},
                    {"goods", goods}});
  }
  if (notes.empty()) text = "  head office has told of no delivery\n";
  return form == Form::kJson ? dump(list) : text;
}

}  // namespace till
