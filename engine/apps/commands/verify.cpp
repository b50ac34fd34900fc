// streamctl verify DB|URL
#include <fmt/core.h>

#include <map>
#include <set>

#include "apps/commands/command.h"
#include "apps/progress_bar.h"
#include "apps/replica_source.h"
#include "apps/report.h"
#include "apps/signals.h"
#include "apps/table.h"
#include "apps/verify_words.h"
#include "base/file.h"
#include "base/printable.h"
#include "config/find.h"
#include "config/value.h"
#include "daemon/exit_code.h"
#include "daemon/status_json.h"
#include "state/layout.h"
#include "verify/prove.h"

namespace streamd::apps {
namespace {

struct VerifyArguments {
  std::string source, replica, budget;
  bool all = false, deep = false;
};

// Where what was verified is kept. A replica that is only known by its URL has no such place.
struct Kept {
  std::string folder;   // of the replica; empty = nothing is kept
  std::string scratch;  // of --deep
  std::optional<state::Tip> tip;
};

Result<Kept> kept_for(const Setup& setup, const std::string& source, const std::string& replica,
                      bool deep) {
  Kept kept;
  const config::Database* database = TRY(config::find_database(setup.config, source));
  if (database != nullptr) {
    const state::Layout layout =
        TRY(state::layout_for(database->real_path, setup.config.streamd.state_dir));
    if (TRY(stat_path(layout.folder))) {
      kept.folder = layout.replica(replica);
      kept.scratch = join_path(layout.folder, "drill");
      kept.tip = TRY(state::load_tip(layout.tip()));
      return kept;
    }
  }
  if (deep) kept.scratch = TRY(verify::scratch_for(source + "\n" + replica));
  return kept;
}

struct Outcome {
  int code = daemon::kExitDone;
  std::string text;
  Json json;
};

class Verification {
 public:
  Verification(Setup& setup, const VerifyArguments& arguments, const Signals& signals)
      : setup_(setup), arguments_(arguments), signals_(signals) {}
  Result<int> run(bool json);

 private:
  struct Reading {
    Kept kept;
    verify::VerifyReport found;
  };
  Result<Reading> read(const NamedReplica& replica);
  Outcome tell(const NamedReplica& replica, const Result<Reading>& reading);
  void prove(const NamedReplica& replica, const Kept& kept, Outcome& outcome);
  const std::set<std::string>& bad_in(const std::string& replica) const;
  Advisor advisor(const NamedReplica& replica) const;

  Setup& setup_;
  const VerifyArguments& arguments_;
  const Signals& signals_;
  std::uint64_t budget_ = 0;
  std::vector<NamedReplica> all_;                     // of the database, whichever is verified
  std::map<std::string, std::set<std::string>> bad_;  // by replica: keys that findings name
};

const std::set<std::string>& Verification::bad_in(const std::string& replica) const {
  static const std::set<std::string> none;
  const auto found = bad_.find(replica);
  return found == bad_.end() ? none : found->second;
}

Advisor Verification::advisor(const NamedReplica& replica) const {
  Advisor advisor{arguments_.source, replica.settings.name, {}};
  for (const NamedReplica& other : all_)
    if (other.settings.name != replica.settings.name)
      if (auto timeline = list_replica(other, bad_in(other.settings.name)))
        advisor.others.push_back({other.settings.name, std::move(*timeline)});
  return advisor;
}

Result<Verification::Reading> Verification::read(const NamedReplica& replica) {
  Kept kept = TRY(kept_for(setup_, arguments_.source, replica.settings.name, arguments_.deep));
  verify::VerifyOptions options;
  options.stale_before = arguments_.all ? verify::kReadAll : 0;
  options.budget = budget_;
  options.keys = replica.keys.get();
  ProgressBar bar;
  const auto sink = bar.sink();
  if (sink)
    options.progress = [&](std::uint64_t bytes, std::uint64_t total) {
      sink({"verifying", bytes, total});
    };
  const std::string path = kept.folder.empty() ? "" : join_path(kept.folder, "verified");
  auto found = TRY(run_cancellable(signals_, [&](const Cancel& cancel) {
    options.cancel = &cancel;
    return verify::verify_and_keep(*replica.store, path, options);
  }));
  bad_[replica.settings.name] = verify::keys_of(found.findings);
  return Reading{std::move(kept), std::move(found)};
}

void Verification::prove(const NamedReplica& replica, const Kept& kept, Outcome& outcome) {
  verify::ProveOptions options;
  options.scratch = kept.scratch;
  options.tip = kept.tip;
  verify::Proven proven;
  const std::string path = kept.folder.empty() ? "" : join_path(kept.folder, "proven");
  auto proof = [&] {
    ProgressBar bar;
    options.progress = bar.sink();
    return run_cancellable(signals_, [&](const Cancel& cancel) {
      options.cancel = &cancel;
      return verify::prove_and_keep({replica.store.get(), replica.settings.name}, options, path,
                                    system_clock(), &proven);
    });
  }();
  const std::optional<Error> failure = !proof ? std::optional(proof.error()) : proof->failure;
  if (failure) {
    outcome.code = std::max(outcome.code, report("streamctl", *failure));
    outcome.json.set("deep", Json::object({{"error", daemon::to_json(*failure)}}));
    return;
  }
  if (!kept.folder.empty()) {
    const Status doubted = verify::doubt(join_path(kept.folder, "verified"), proven.damaged);
    if (!doubted)
      outcome.code = std::max(outcome.code, report("streamctl", Error(doubted.error())));
  }
  Json damaged = Json::array();
  for (const std::string& key : proven.damaged) {
    damaged.push(key);
    if (bad_in(replica.settings.name).contains(key)) continue;  // said above
    outcome.code = std::max(outcome.code, int{daemon::kExitDamaged});
    outcome.text += "  damaged: " + printable(key) +
                    ": the restore went around it; verify again says what it costs\n";
  }
  outcome.text += fmt::format(
      "  restored and proven: transaction {} of {} (generation {}); {} pages of {} bytes, {} "
      "fetched; checksum and SQLite's integrity check passed\n",
      proven.txid.value, shown_time(proven.seen), to_text(proven.generation), proven.pages,
      proven.page_size, shown_size(proven.fetched));
  outcome.json.set("deep", Json::object({{"generation", to_text(proven.generation)},
                                         {"txid", proven.txid.value},
                                         {"time", daemon::time_json(proven.seen)},
                                         {"page_size", proven.page_size},
                                         {"pages", proven.pages},
                                         {"bytes_fetched", proven.fetched},
                                         {"damaged", std::move(damaged)},
                                         {"error", Json()}}));
}

Outcome Verification::tell(const NamedReplica& replica, const Result<Reading>& reading) {
  Outcome outcome;
  const auto failed = [&](const Error& error) {
    outcome.code =
        report("streamctl", Error(error).with_context("replica " + replica.settings.name));
    outcome.json =
        Json::object({{"replica", replica.settings.name}, {"error", daemon::to_json(error)}});
    return outcome;
  };
  if (!reading) return failed(reading.error());
  const verify::VerifyReport* found = &reading->found;
  if (!found->begun)
    return failed(
        make_error(Code::kNoBackup, "there is no backup", "is the replica's path right?"));
  const Advisor words = found->findings.empty()
                            ? Advisor{arguments_.source, replica.settings.name, {}}
                            : advisor(replica);
  outcome.text = describe(*found, words);
  outcome.json = to_json(*found, words);
  if (!found->findings.empty()) outcome.code = daemon::kExitDamaged;
  if (found->interrupted)
    outcome.code = std::max(outcome.code, report("streamctl", Error(*found->interrupted)));
  const bool cancelled = found->interrupted && found->interrupted->code == Code::kCancelled;
  if (arguments_.deep && !cancelled) prove(replica, reading->kept, outcome);
  return outcome;
}

Result<int> Verification::run(bool json) {
  if (!arguments_.budget.empty()) {
    const auto size = config::parse_size(arguments_.budget);
    if (!size || *size == 0)
      return make_error(Code::kUsage, "--budget: '" + arguments_.budget + "' is not a size",
                        "write 64MiB, 1GiB");
    budget_ = *size;
  }
  if (auto all = open_replicas(setup_, arguments_.source, "")) all_ = std::move(*all);
  const auto wanted = TRY(open_replicas(setup_, arguments_.source, arguments_.replica));
  int code = daemon::kExitDone;
  Json rows = Json::array();
  std::vector<Result<Reading>> readings;  // all of them first: what to do depends on the others
  for (const NamedReplica& replica : wanted) readings.push_back(read(replica));
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    Outcome outcome = tell(wanted[i], readings[i]);
    code = std::max(code, outcome.code);
    if (!json) fmt::print("{}", outcome.text);
    rows.push(std::move(outcome.json));
  }
  if (json) print_json(Json::object({{"replicas", std::move(rows)}}));
  return code;
}

Result<int> run_verify(const Session& session, const VerifyArguments& arguments) {
  const Signals signals;
  Setup setup = TRY(setup_for(session, arguments.source));
  return Verification(setup, arguments, signals).run(session.json);
}

}  // namespace

void add_verify(const Command& app, Session& session) {
  const Command command =
      declare_command(app, session, "verify",
                      "check what lies in the replicas: every object, the chain, "
                      "and with --deep a restore",
                      "streamctl verify /data/app.db --deep\n"
                      "  streamctl verify file:///backups/app --budget 1GiB");
  const auto arguments = std::make_shared<VerifyArguments>();
  declare_json(command, session);
  command.add_option("source", arguments->source, "configured path or name, or a replica's URL")
      .required()
      .type_name("DB|URL");
  command.add_option("--replica", arguments->replica, "this one only").type_name("NAME");
  command.add_flag("--all", arguments->all, "read again what was verified before");
  command
      .add_option("--budget", arguments->budget,
                  "read at most so much of each replica; the next run goes on (not with a URL)")
      .type_name("SIZE");
  command.add_flag("--deep", arguments->deep,
                   "restore the newest moment to a scratch file and check that too");
  command.callback([&session, arguments] {
    session.run = [&session, arguments] { return run_verify(session, *arguments); };
  });
}

}  // namespace streamd::apps
