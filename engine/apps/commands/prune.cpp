// streamctl prune DB|URL: removes what the rules let go, or says what it would remove and why.
#include <fmt/core.h>

#include "apps/commands/command.h"
#include "apps/replica_source.h"
#include "apps/report.h"
#include "apps/table.h"
#include "base/printable.h"
#include "daemon/exit_code.h"
#include "daemon/status_json.h"
#include "daemon/supervisor.h"
#include "retention/prune.h"

namespace streamd::apps {
namespace {

using retention::Decision;
using retention::Fate;
using retention::PruneReport;

struct PruneOptions {
  std::string source, replica;
  bool dry_run = false;
};

const char* word(Fate fate) {
  switch (fate) {
    case Fate::kKeep:
      return "keep";
    case Fate::kWait:
      return "wait";
    case Fate::kRemove:
      return "remove";
  }
  return "keep";
}

std::uint64_t bytes_of(const std::vector<catalog::Listed>& objects) {
  std::uint64_t sum = 0;
  for (const catalog::Listed& object : objects) sum += object.size;
  return sum;
}

Json decisions_json(const PruneReport& report) {
  Json objects = Json::array();
  for (const Decision& decision : report.decisions.objects)
    objects.push(Json::object({{"key", decision.object.key},
                               {"size", decision.object.size},
                               {"fate", word(decision.fate)},
                               {"reason", decision.reason}}));
  return objects;
}

Json report_json(const std::string& replica, const PruneReport& report, bool dry_run) {
  const auto& decisions = report.decisions;
  Json refused = Json::array();
  for (const retention::Refusal& refusal : report.refused)
    refused.push(Json::object({{"what", refusal.what},
                               {"objects", std::uint64_t{refusal.objects}},
                               {"error", daemon::to_json(refusal.error)}}));
  return Json::object({{"replica", replica},
                       {"dry_run", dry_run},
                       {"kept", std::uint64_t{decisions.count(Fate::kKeep)}},
                       {"kept_bytes", decisions.bytes(Fate::kKeep)},
                       {"waiting", std::uint64_t{decisions.count(Fate::kWait)}},
                       {"waiting_bytes", decisions.bytes(Fate::kWait)},
                       {"removable", std::uint64_t{decisions.count(Fate::kRemove)}},
                       {"removable_bytes", decisions.bytes(Fate::kRemove)},
                       {"removed", std::uint64_t{report.removed.size()}},
                       {"removed_bytes", bytes_of(report.removed)},
                       {"refused", std::move(refused)},
                       {"objects", decisions_json(report)}});
}

void print_report(const std::string& replica, const PruneReport& report, bool dry_run) {
  const auto& decisions = report.decisions;
  if (dry_run)
    for (const Decision& decision : decisions.objects)
      fmt::print("{:<6}  {}  ({}): {}\n", word(decision.fate), printable(decision.object.key),
                 shown_size(decision.object.size), decision.reason);
  fmt::print("replica {}: {} {} of {} objects ({}), {} wait for prune-grace\n", printable(replica),
             dry_run ? "would remove" : "removed",
             dry_run ? decisions.count(Fate::kRemove) : report.removed.size(),
             decisions.objects.size(),
             shown_size(dry_run ? decisions.bytes(Fate::kRemove) : bytes_of(report.removed)),
             decisions.count(Fate::kWait));
}

// What does not stop a prune, and is not in order all the same; the exit code.
int report_problems(const std::string& replica, const PruneReport& report) {
  int code = daemon::kExitDone;
  const std::string where = "replica " + replica;
  for (const Error& error : report.damaged)
    code = std::max(code, apps::report("streamctl", Error(error).with_context(where)));
  for (const retention::Refusal& refusal : report.refused) {
    Error error = Error(refusal.error)
                      .with_context(fmt::format("{}: {} {} were not removed", where,
                                                refusal.objects, refusal.what));
    code = std::max(code, apps::report("streamctl", error));
  }
  return code;
}

Error never_pruned(const std::string& replica) {
  return make_error(Code::kUsage, "replica " + replica + " has prune = false: nothing is removed",
                    "prune = \"external\" leaves it to this command; --dry-run only looks");
}

// A URL knows no configuration: by the defaults it might remove what another one promises.
Status check_rules(const PruneOptions& options, const std::vector<NamedReplica>& replicas) {
  const bool url = options.source.find("://") != std::string::npos;
  if (!url || !replicas.front().settings.settings.find("retention")->second.origin.file.empty())
    return {};
  return make_error(Code::kUsage, "prune " + options.source + ": a URL has to say what is kept",
                    "add ?retention=30d to it, or name a configured database");
}

Status prune_one(const NamedReplica& replica, bool dry_run, retention::Pruner& pruner) {
  const retention::Rules rules = daemon::retention_rules(replica.settings);
  if (dry_run) return pruner.explain(rules, {});
  TRY(replica.store->probe({}));  // how many objects it removes at once
  return pruner.prune(rules, {});
}

Result<int> run_prune(const Session& session, const PruneOptions& options) {
  Setup setup = TRY(setup_for(session, options.source));
  const auto replicas = TRY(open_replicas(setup, options.source, options.replica));
  TRY(check_rules(options, replicas));
  int code = daemon::kExitDone;
  Json all = Json::array();
  for (const NamedReplica& replica : replicas) {
    const std::string& name = replica.settings.name;
    if (!options.dry_run && replica.settings.prune == config::Prune::kNever) {
      code = std::max(code, apps::report("streamctl", never_pruned(name)));
      continue;
    }
    retention::Pruner pruner(*replica.store, system_clock());
    const Status done = prune_one(replica, options.dry_run, pruner);
    if (!done) {
      code = std::max(
          code, apps::report("streamctl", Error(done.error()).with_context("replica " + name)));
      continue;
    }
    if (session.json)
      all.push(report_json(name, pruner.report(), options.dry_run));
    else
      print_report(name, pruner.report(), options.dry_run);
    code = std::max(code, report_problems(name, pruner.report()));
  }
  if (session.json) print_json(Json::object({{"replicas", std::move(all)}}));
  return code;
}

}  // namespace

void add_prune(const Command& app, Session& session) {
  const Command command =
      declare_command(app, session, "prune", "remove what is no longer needed, or say what that is",
                      "streamctl prune /data/app.db --dry-run");
  const auto options = std::make_shared<PruneOptions>();
  declare_json(command, session);
  command
      .add_option("source", options->source,
                  "configured path or name, or a replica's URL with its rules (?retention=30d)")
      .required()
      .type_name("DB|URL");
  command.add_option("--replica", options->replica, "this one only").type_name("NAME");
  command.add_flag("--dry-run", options->dry_run,
                   "remove nothing: one line for each object says what would happen and why");
  command.callback([&session, options] {
    session.run = [&session, options] { return run_prune(session, *options); };
  });
}

}  // namespace streamd::apps
