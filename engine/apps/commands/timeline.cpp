// streamctl timeline DB|URL: what can be restored, drawn.
#include <fmt/core.h>
#include <langinfo.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <clocale>
#include <cstring>

#include "apps/commands/command.h"
#include "apps/replica_source.h"
#include "apps/report.h"
#include "apps/timeline_drawing.h"
#include "base/printable.h"
#include "daemon/exit_code.h"
#include "daemon/status_json.h"
#include "restore/exact_times.h"

namespace streamd::apps {
namespace {

struct TimelineOptions {
  std::string source, replica;
};

DrawingStyle style_of_terminal() {
  DrawingStyle style;
  style.now = system_clock().wall_micros();
  winsize size{};
  if (isatty(STDOUT_FILENO) != 0 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    style.columns = size.ws_col;
  std::setlocale(LC_CTYPE, "");
  style.utf8 = std::strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
  std::setlocale(LC_CTYPE, "C");
  return style;
}

Json moments_json(const catalog::GenerationTimeline& generation, Json& holes) {
  Json spans = Json::array();
  for (const catalog::Span& span : generation.spans)
    spans.push(Json::object({{"first_txid", span.first.value},
                             {"last_txid", span.last.value},
                             {"first_time", daemon::time_json(span.first_time)},
                             {"last_time", daemon::time_json(span.last_time)}}));
  for (const catalog::Hole& hole : generation.holes)
    holes.push(Json::object({{"after_txid", hole.before.value},
                             {"before_txid", hole.after.value},
                             {"after_time", daemon::time_json(hole.before_time)},
                             {"before_time", daemon::time_json(hole.after_time)}}));
  return spans;
}

Json generation_json(const catalog::GenerationTimeline& generation) {
  Json snapshots = Json::array(), levels = Json::array(), holes = Json::array();
  for (const catalog::Snapshot& snapshot : generation.snapshots)
    snapshots.push(Json::object({{"txid", snapshot.key.txid.value},
                                 {"time", daemon::time_json(snapshot.key.time)},
                                 {"size", snapshot.size}}));
  for (const auto& [level, segments] : generation.segments) {
    Json objects = Json::array();
    std::uint64_t bytes = 0;
    for (const catalog::Segment& segment : segments) {
      bytes += segment.size;
      objects.push(Json::object({{"first_txid", segment.key.first.value},
                                 {"last_txid", segment.key.last.value},
                                 {"time", daemon::time_json(segment.key.time)},
                                 {"holds", catalog::to_text(segment.key.completeness)},
                                 {"complete", segment.complete},
                                 {"size", segment.size}}));
    }
    levels.push(
        Json::object({{"level", int{level}}, {"bytes", bytes}, {"segments", std::move(objects)}}));
  }
  std::uint64_t part_bytes = 0;
  for (const catalog::Part& part : generation.parts) part_bytes += part.size;
  Json spans = moments_json(generation, holes);
  return Json::object({{"generation", to_text(generation.id)},
                       {"restorable", !generation.spans.empty()},
                       {"spans", std::move(spans)},
                       {"holes", std::move(holes)},
                       {"snapshots", std::move(snapshots)},
                       {"levels", std::move(levels)},
                       {"parts", std::uint64_t{generation.parts.size()}},
                       {"part_bytes", part_bytes}});
}

Result<int> run_timeline(const Session& session, const TimelineOptions& options) {
  Setup setup = TRY(setup_for(session, options.source));
  const auto replicas = TRY(open_replicas(setup, options.source, options.replica));
  int code = daemon::kExitDone;
  bool begun = false;
  Json all = Json::array();
  for (const NamedReplica& replica : replicas) {
    const std::string& name = replica.settings.name;
    const auto failed = [&](const Error& error) {
      code = std::max(code, report("streamctl", Error(error).with_context("replica " + name)));
    };
    auto timeline = list_replica(replica);
    if (!timeline) {
      code = std::max(code, report("streamctl", timeline.error()));
      continue;
    }
    begun = begun || timeline->begun();
    bool exact = true;
    const auto damaged = find_times(replica, restore::TimesOf::kEdges, *timeline, exact);
    if (!damaged) failed(damaged.error());
    if (damaged)
      for (const Error& error : *damaged) failed(error);
    Json generations = Json::array();
    for (const auto& generation : timeline->generations)
      generations.push(generation_json(generation));
    all.push(Json::object({{"replica", name}, {"generations", std::move(generations)}}));
    if (!session.json && timeline->begun())
      fmt::print("replica {}\n{}", printable(name), draw_timeline(*timeline, style_of_terminal()));
  }
  if (session.json) print_json(Json::object({{"replicas", std::move(all)}}));
  if (code != daemon::kExitDone || begun) return code;
  return make_error(Code::kNoBackup, "there is no backup of " + options.source,
                    "is the replica's path right?");
}

}  // namespace

void add_timeline(const Command& app, Session& session) {
  const Command command = declare_command(app, session, "timeline", "what can be restored, drawn",
                                          "streamctl timeline file:///backups/app");
  const auto options = std::make_shared<TimelineOptions>();
  declare_json(command, session);
  command.add_option("source", options->source, "configured path or name, or a replica's URL")
      .required()
      .type_name("DB|URL");
  command.add_option("--replica", options->replica, "this one only").type_name("NAME");
  command.callback([&session, options] {
    session.run = [&session, options] { return run_timeline(session, *options); };
  });
}

}  // namespace streamd::apps
