#include "apps/following.h"

#include <fmt/format.h>

#include "apps/progress_bar.h"
#include "apps/table.h"
#include "base/printable.h"

namespace streamd::apps {
namespace {

using Kind = follow::Event::Kind;

const char* name_of(Kind kind) {
  switch (kind) {
    case Kind::kRestored:
      return "restored";
    case Kind::kResumed:
      return "resumed";
    case Kind::kApplied:
      return "applied";
    case Kind::kReplaced:
      return "replaced";
    case Kind::kTrouble:
      return "trouble";
    case Kind::kRecovered:
      return "recovered";
  }
  return "";
}

std::string seconds(milliseconds time) {
  return fmt::format("{:.1f} s", static_cast<double>(time.count()) / 1000);
}

std::string moment(const follow::Position& at) {
  return fmt::format("transaction {} of {}", at.txid.value, shown_time(at.seen));
}

void print_event(const std::string& out, const follow::Event& event, bool json) {
  const bool trouble = event.kind == Kind::kTrouble;
  if (json) fmt::print("{}\n", follow_json(out, event).print());
  if (!json || trouble) fmt::print(trouble ? stderr : stdout, "{}\n", follow_line(out, event));
  std::fflush(stdout);
}

}  // namespace

std::string follow_line(const std::string& out, const follow::Event& event) {
  const std::string at = moment(event.at), behind = seconds(event.behind);
  switch (event.kind) {
    case Kind::kRestored:
      return fmt::format("restored {} to {} (generation {}) from replica {}; following",
                         printable(out), at, to_text(event.at.generation), event.replica);
    case Kind::kResumed:
      return fmt::format("{} is at {} (generation {}); following", printable(out), at,
                         to_text(event.at.generation));
    case Kind::kApplied:
      return fmt::format("{}, {} behind; {} fetched", at, behind, shown_size(event.fetched));
    case Kind::kReplaced:
      return fmt::format(
          "{} (generation {}), {} behind; {} fetched: nothing led on from what was "
          "there, and all that differed was replaced",
          at, to_text(event.at.generation), behind, shown_size(event.fetched));
    case Kind::kTrouble:
      return fmt::format("streamctl: {}\nhint: it stays at {} and is tried again",
                         printable(event.error ? event.error->message : ""), at);
    case Kind::kRecovered:
      return fmt::format("the replica answers again; at {}", at);
  }
  return "";
}

Json follow_json(const std::string& out, const follow::Event& event) {
  Json json = Json::object({{"event", name_of(event.kind)},
                            {"out", out},
                            {"generation", to_text(event.at.generation)},
                            {"txid", event.at.txid.value},
                            {"time", format_time(event.at.seen, 6)},
                            {"lag_ms", static_cast<std::int64_t>(event.behind.count())},
                            {"replica", event.replica.empty() ? Json() : Json(event.replica)},
                            {"bytes_fetched", event.fetched}});
  if (event.error) json.set("error", event.error->message);
  return json;
}

Status keep_following(std::span<const restore::Replica> replicas,
                      const restore::RestoreOptions& options, milliseconds interval, bool json,
                      const Signals& signals) {
  ProgressBar bar;
  follow::FollowOptions how;
  how.restore = options;
  how.restore.progress = bar.sink();
  how.interval = interval;
  how.tell = [&](const follow::Event& event) {
    bar.clear();
    print_event(options.out, event, json);
  };
  return run_cancellable(signals, [&](const Cancel& cancel) {
    how.restore.cancel = &cancel;
    return follow::follow(replicas, how);
  });
}

}  // namespace streamd::apps
