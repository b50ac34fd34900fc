#include "apps/litestream_report.h"

#include <fmt/format.h>

#include "apps/restore_outcome.h"
#include "apps/table.h"
#include "base/printable.h"

namespace streamd::apps {

Json litestream_json(const std::string& out, const litestream::Report& report) {
  const bool planned = report.outcome == restore::Outcome::kPlanned;
  Json json = Json::object({{"outcome", outcome_name(report.outcome)}, {"out", out}});
  if (!planned && report.outcome != restore::Outcome::kRestored) return json;
  const litestream::Moment& moment = report.plan.moment;
  Json notes = Json::array(), moved = Json::array();
  for (const std::string& note : moment.notes) notes.push(note);
  json.set("replica", report.replica);
  if (moment.format == litestream::Format::kGenerations)
    json.set("litestream", "0.3").set("generation", to_text(moment.generation));
  else
    json.set("litestream", "0.5").set("txid", moment.txid.value);
  json.set("notes", std::move(notes)).set("time", format_time(moment.time, 6));
  if (planned) return json.set("plan", litestream::to_json(report.plan));
  for (const std::string& path : report.moved_away) moved.push(path);
  return json.set("page_size", report.page_size)
      .set("pages", report.pages)
      .set("bytes_fetched", report.fetched)
      .set("milliseconds", static_cast<std::int64_t>(report.duration.count()))
      .set("check", sqlite::to_text(report.checked))
      .set("moved_away", std::move(moved));
}

void print_litestream(const std::string& out, const litestream::Report& report) {
  if (print_nothing_done(out, report.outcome)) return;
  const litestream::Moment& moment = report.plan.moment;
  if (report.outcome == restore::Outcome::kPlanned) {
    fmt::print("from replica {}\n{}", report.replica, litestream::describe(report.plan));
    return;
  }
  fmt::print("restored {} to {} of {} ({}) from replica {}\n", printable(out),
             litestream::describe(moment), shown_time(moment.time),
             litestream::to_text(moment.format), report.replica);
  fmt::print("{} pages of {} bytes; {} fetched in {:.2f} s; checksums verified{}\n", report.pages,
             report.page_size, shown_size(report.fetched),
             static_cast<double>(report.duration.count()) / 1000,
             report.checked == sqlite::Check::kNone
                 ? ""
                 : std::string(", ") + sqlite::to_text(report.checked) + " check passed");
  for (const std::string& note : moment.notes) fmt::print("note: {}\n", printable(note));
  for (const std::string& path : report.moved_away)
    fmt::print("kept what was there: {}\n", printable(path));
}

}  // namespace streamd::apps
