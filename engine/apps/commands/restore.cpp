// streamctl restore DB|URL
#include <fmt/format.h>

#include <unistd.h>

#include <filesystem>

#include "apps/commands/command.h"
#include "apps/following.h"
#include "apps/litestream_report.h"
#include "apps/litestream_source.h"
#include "apps/progress_bar.h"
#include "apps/replica_source.h"
#include "apps/restore_outcome.h"
#include "apps/signals.h"
#include "apps/table.h"
#include "apps/time_argument.h"
#include "base/file.h"
#include "base/printable.h"
#include "config/find.h"
#include "config/value.h"
#include "daemon/exit_code.h"
#include "restore/restore.h"
#include "sqlite/connection.h"

namespace streamd::apps {
namespace {

constexpr milliseconds kShortestInterval{100};

struct RestoreArguments {
  std::string source, out, replica;
  std::string timestamp, txid, generation, check = "none";
  bool if_missing = false, if_backup_exists = false, force = false, nearest = false;
  bool dry_run = false, follow = false;
  std::string follow_interval = "1s";
  unsigned parallel = restore::FetchOptions{}.parallel;
};

// A number, or 16 hex digits as in the names of objects.
Result<Txid> txid_argument(const std::string& text) {
  Txid txid;
  if (parse_txid(text, txid)) return txid;
  const auto number = config::parse_int(text);
  if (!number || *number < 1)
    return make_error(Code::kUsage, "--txid: '" + text + "' is not a transaction's number",
                      "`streamctl generations` shows the first and the last one");
  return Txid(static_cast<std::uint64_t>(*number));
}

Result<restore::Target> target_of(const RestoreArguments& arguments) {
  restore::Target target;
  if (!arguments.txid.empty()) {
    target.moment = restore::ByTxid{TRY(txid_argument(arguments.txid))};
  } else if (!arguments.timestamp.empty()) {
    const Micros now = system_clock().wall_micros();
    target.moment = restore::ByTime{TRY(parse_time_argument(arguments.timestamp, now))};
  }
  if (!arguments.generation.empty()) {
    GenerationId generation;
    if (!parse_generation(arguments.generation, generation))
      return make_error(Code::kUsage,
                        "--generation: '" + arguments.generation + "' is not a generation",
                        "16 hex digits; `streamctl generations` lists them");
    target.generation = generation;
  }
  target.nearest = arguments.nearest;
  return target;
}

Result<std::string> out_of(const Setup& setup, const RestoreArguments& arguments) {
  if (!arguments.out.empty()) return std::filesystem::absolute(arguments.out).string();
  if (arguments.source.find("://") != std::string::npos)
    return make_error(Code::kUsage, "restore " + arguments.source + ": where to?",
                      "name the file with -o");
  return TRY(configured(setup, arguments.source))->real_path;
}

// A database of the configuration gets its local state too, and is locked meanwhile.
Status prepare_target(const Setup& setup, const std::string& source,
                      restore::RestoreOptions& options) {
  if (const auto* from = TRY(config::find_database(setup.config, source)))
    options.any_replica = from->restore_from == config::RestoreFrom::kAny;
  if (setup.problems.has_errors()) return {};
  const config::Database* database = TRY(config::find_database(setup.config, options.out));
  if (database == nullptr) return {};
  options.local_state = TRY(state::layout_for(database->real_path, setup.config.streamd.state_dir));
  return {};
}

Result<restore::RestoreOptions> options_of(const Setup& setup, const RestoreArguments& arguments) {
  restore::RestoreOptions options;
  options.out = TRY(out_of(setup, arguments));
  options.target = TRY(target_of(arguments));
  options.if_missing = arguments.if_missing;
  options.if_backup_exists = arguments.if_backup_exists;
  options.force = arguments.force;
  options.dry_run = arguments.dry_run;
  options.fetch.parallel = arguments.parallel;
  sqlite::parse_check(arguments.check, options.check);
  TRY(prepare_target(setup, arguments.source, options));
  return options;
}

// The names that scripts rely on (docs/cli.md).
Json report_json(const std::string& out, const restore::RestoreReport& report) {
  const bool planned = report.outcome == restore::Outcome::kPlanned;
  Json json = Json::object({{"outcome", outcome_name(report.outcome)}, {"out", out}});
  if (!planned && report.outcome != restore::Outcome::kRestored) return json;
  Json notes = Json::array(), moved = Json::array();
  for (const std::string& note : report.plan.moment.notes) notes.push(note);
  json.set("replica", report.replica)
      .set("generation", to_text(report.plan.moment.generation))
      .set("txid", report.plan.moment.txid.value)
      .set("notes", std::move(notes));
  if (planned) return json.set("plan", restore::to_json(report.plan));
  for (const std::string& path : report.moved_away) moved.push(path);
  return json.set("time", format_time(report.seen, 6))
      .set("page_size", report.page_size)
      .set("pages", report.pages)
      .set("bytes_fetched", report.fetched)
      .set("milliseconds", static_cast<std::int64_t>(report.duration.count()))
      .set("check", sqlite::to_text(report.checked))
      .set("moved_away", std::move(moved));
}

void print_text(const std::string& out, const restore::RestoreReport& report) {
  if (print_nothing_done(out, report.outcome)) return;
  if (report.outcome == restore::Outcome::kPlanned) {
    fmt::print("from replica {}\n{}", report.replica, restore::describe(report.plan));
    return;
  }
  fmt::print("restored {} to transaction {} of {} (generation {}) from replica {}\n",
             printable(out), report.plan.moment.txid.value, shown_time(report.seen),
             to_text(report.plan.moment.generation), report.replica);
  fmt::print("{} pages of {} bytes; {} fetched in {:.2f} s; checksum verified{}\n", report.pages,
             report.page_size, shown_size(report.fetched),
             static_cast<double>(report.duration.count()) / 1000,
             report.checked == sqlite::Check::kNone
                 ? ""
                 : std::string(", ") + sqlite::to_text(report.checked) + " check passed");
  for (const std::string& note : report.plan.moment.notes)
    fmt::print("note: {}\n", printable(note));
  for (const std::string& path : report.moved_away)
    fmt::print("kept what was there: {}\n", printable(path));
}

// What root has made beside a database of others, no daemon of another user could open.
void add_note_of_owner(const state::Layout& layout, restore::RestoreReport& report) {
  const auto folder = stat_path(folder_of(layout.folder));
  if (geteuid() != 0 || !folder || !*folder || (*folder)->st_uid == 0) return;
  report.plan.moment.notes.push_back(
      "the local state is root's now; where streamd runs as another user: chown -R USER: " +
      layout.folder + " " + layout.lock);
}

using Replicas = std::vector<restore::Replica>;

// With a progress bar, until it is over or a signal ends it.
template <class Work>
auto restoring(const Signals& signals, restore::RestoreOptions& options, const Work& work) {
  ProgressBar bar;
  options.progress = bar.sink();
  return run_cancellable(signals, [&](const Cancel& cancel) {
    options.cancel = &cancel;
    return work();
  });
}

Result<int> from_litestream(const Session& session, const Signals& signals, const Replicas& from,
                            restore::RestoreOptions& options) {
  const auto report =
      restoring(signals, options, [&] { return litestream::restore(from, options); });
  if (!report) return Error(report.error());
  if (session.json)
    print_json(litestream_json(options.out, *report));
  else
    print_litestream(options.out, *report);
  return daemon::kExitDone;
}

bool nothing_found(const Result<restore::RestoreReport>& report) {
  return report ? report->outcome == restore::Outcome::kNoBackup
                : report.error().code == Code::kNoBackup;
}

// A followed copy is a file of its own, and always of the newest moment.
Status check_follow(const Setup& setup, const RestoreArguments& arguments) {
  const auto refused = [](const char* why, const char* hint) {
    return make_error(Code::kUsage, std::string("--follow: ") + why, hint);
  };
  if (arguments.out.empty()) return refused("which file is the copy?", "name it with -o");
  if (!arguments.timestamp.empty() || !arguments.txid.empty() || arguments.nearest)
    return refused("it keeps the newest moment, so it goes with no other one",
                   "leave out --timestamp, --txid and --nearest");
  if (arguments.dry_run || arguments.if_missing || arguments.if_backup_exists)
    return refused("it goes neither with --dry-run nor with --if-missing or --if-backup-exists",
                   "a copy that is there and was followed goes on by itself");
  const std::string out = TRY(out_of(setup, arguments));
  if (TRY(config::find_database(setup.config, out)) != nullptr)
    return refused("the copy cannot be a database that streamd replicates",
                   "name another file with -o");
  return {};
}

Result<int> run_follow(const Session& session, const RestoreArguments& arguments,
                       const Signals& signals, const std::vector<NamedReplica>& opened,
                       const Replicas& replicas, const restore::RestoreOptions& options) {
  if (opened.front().litestream)
    return make_error(Code::kUsage, "--follow: it cannot follow a replica of Litestream's",
                      "restore from it without --follow");
  const auto interval = config::parse_duration(arguments.follow_interval);
  if (!interval || *interval < kShortestInterval)
    return make_error(Code::kUsage,
                      "--follow-interval: '" + arguments.follow_interval + "' is no such time",
                      "for example 1s; at least 100ms");
  TRY(keep_following(replicas, options, *interval, session.json, signals));
  return daemon::kExitDone;
}

Result<int> run_restore(const Session& session, const RestoreArguments& arguments) {
  const Signals signals;
  Setup setup = TRY(setup_for(session, arguments.source));
  if (arguments.follow) TRY(check_follow(setup, arguments));
  restore::RestoreOptions options = TRY(options_of(setup, arguments));
  const auto opened = TRY(open_replicas(setup, arguments.source, arguments.replica));
  Replicas replicas = asked_by_restore(opened);
  sqlite::initialise();
  if (arguments.follow) return run_follow(session, arguments, signals, opened, replicas, options);
  if (opened.front().litestream) return from_litestream(session, signals, replicas, options);
  auto report = restoring(signals, options, [&] { return restore::restore(replicas, options); });
  if (nothing_found(report)) {
    const auto theirs = litestream_among(opened);
    say_found(theirs);
    replicas.clear();
    for (const LitestreamReplica& each : theirs)
      replicas.push_back({each.replica.store.get(), each.replica.settings.name});
    if (!replicas.empty()) return from_litestream(session, signals, replicas, options);
  }
  if (!report) return Error(report.error());
  if (options.local_state && report->outcome == restore::Outcome::kRestored) {
    TRY(keep_keys(setup, *TRY(config::find_database(setup.config, options.out)), opened));
    add_note_of_owner(*options.local_state, *report);
  }
  if (session.json)
    print_json(report_json(options.out, *report));
  else
    print_text(options.out, *report);
  return daemon::kExitDone;
}

void declare_target(const Command& command, RestoreArguments& arguments) {
  const Option timestamp = command
                               .add_option("--timestamp", arguments.timestamp,
                                           "as of this time: RFC 3339, or \"2 hours ago\"")
                               .type_name("TIME");
  command.add_option("--txid", arguments.txid, "as of this transaction")
      .type_name("N")
      .excludes(timestamp);
  command.add_option("--generation", arguments.generation, "of this history only").type_name("ID");
  command.add_option("--replica", arguments.replica, "from this one only").type_name("NAME");
  command.add_flag("--nearest", arguments.nearest,
                   "when the moment lies in a hole: the one before the hole");
}

void declare_follow(const Command& command, RestoreArguments& arguments) {
  const Option follow = command.add_flag("--follow", arguments.follow,
                                         "keep OUT current as a read-only copy, until TERM or INT");
  command
      .add_option("--follow-interval", arguments.follow_interval, "time between two looks for news")
      .needs(follow)
      .type_name("TIME")
      .shows_default();
}

}  // namespace

void add_restore(const Command& app, Session& session) {
  const Command command = declare_command(
      app, session, "restore", "rebuild a database as of now or of any past transaction",
      "streamctl restore /data/app.db -o /tmp/yesterday.db --timestamp \"1 day ago\"\n"
      "  streamctl restore file:///backups/app -o /data/app.db --if-missing\n"
      "  streamctl restore litestream+s3://bucket/app -o /tmp/app.db");
  const auto arguments = std::make_shared<RestoreArguments>();
  declare_json(command, session);
  command.add_option("source", arguments->source, "configured path or name, or a replica's URL")
      .required()
      .type_name("DB|URL");
  command.add_option("-o,--output", arguments->out, "the file to make; default: the database")
      .type_name("OUT");
  declare_target(command, *arguments);
  const Option if_missing =
      command.add_flag("--if-missing", arguments->if_missing, "do nothing when the target exists");
  command.add_flag("--if-backup-exists", arguments->if_backup_exists,
                   "do nothing when there is no backup");
  command.add_flag("--force", arguments->force, "move away what exists").excludes(if_missing);
  command.add_option("--parallel", arguments->parallel, "reads at a time")
      .between(1U, 256U)
      .type_name("N")
      .shows_default();
  command.add_option("--check", arguments->check, "SQLite's own check, on top of the checksums")
      .one_of({"none", "quick", "full"})
      .type_name("none|quick|full")
      .shows_default();
  command.add_flag("--dry-run", arguments->dry_run, "say what would be fetched");
  declare_follow(command, *arguments);
  command.callback([&session, arguments] {
    session.run = [&session, arguments] { return run_restore(session, *arguments); };
  });
}

}  // namespace streamd::apps
