// streamctl repair DB --from NAME
#include <fmt/core.h>

#include "apps/commands/command.h"
#include "apps/progress_bar.h"
#include "apps/replica_source.h"
#include "apps/report.h"
#include "apps/signals.h"
#include "apps/table.h"
#include "apps/verify_words.h"
#include "base/file.h"
#include "base/printable.h"
#include "daemon/exit_code.h"
#include "daemon/status_json.h"
#include "state/layout.h"
#include "verify/memory.h"
#include "verify/repair.h"

namespace streamd::apps {
namespace {

struct RepairArguments {
  std::string database, from, replica;
  bool all = false, dry_run = false;
};

// What was verified earlier, if the database is followed here; and what is known afterwards.
class Remembered {
 public:
  static Result<Remembered> open(const Setup& setup, const config::Database& database,
                                 const std::string& replica) {
    Remembered remembered;
    const state::Layout layout =
        TRY(state::layout_for(database.real_path, setup.config.streamd.state_dir));
    if (!TRY(stat_path(layout.folder))) return remembered;
    remembered.folder_ = layout.replica(replica);
    remembered.memory = TRY(verify::load_memory(remembered.path()));
    return remembered;
  }
  Status save() const {
    if (folder_.empty()) return {};
    TRY(make_folders(folder_));
    return verify::save_memory(path(), memory);
  }
  verify::Memory memory;

 private:
  std::string path() const { return join_path(folder_, "verified"); }
  std::string folder_;
};

std::string describe_repair(const verify::RepairReport& repair, const std::string& from,
                            const std::string& to, bool dry_run) {
  std::string text;
  const char* verb = dry_run ? "would copy" : "copied";
  if (repair.before.findings.empty()) return "replica " + to + ": nothing is wrong\n";
  if (repair.marker) text += fmt::format("  {} streamd.json\n", verb);
  for (const verify::Copy& copy : repair.plan.copies)
    text += fmt::format("  {} {} ({}){}\n", verb, printable(copy.key), shown_size(copy.size),
                        copy.replaces ? ", in place of the damaged one" : "");
  for (const verify::Lost& lost : repair.plan.heals)
    text += fmt::format("  {}: {}\n", dry_run ? "would be restorable again" : "restorable again",
                        to_text(lost));
  for (const std::string& refusal : repair.plan.refusals)
    text += "  cannot be repaired: " + printable(refusal) + "\n";
  const std::size_t copies = repair.plan.copies.size() + (repair.marker ? 1 : 0);
  return fmt::format("replica {}: {} finding{}, {} object{} {} from {}\n", to,
                     repair.before.findings.size(), repair.before.findings.size() == 1 ? "" : "s",
                     copies, copies == 1 ? "" : "s", dry_run ? "to be copied" : "copied", from) +
         text;
}

Json repair_json(const verify::RepairReport& repair, const std::string& to, bool dry_run) {
  Json copies = Json::array(), heals = Json::array(), refusals = Json::array();
  for (const verify::Copy& copy : repair.plan.copies)
    copies.push(
        Json::object({{"object", copy.key}, {"size", copy.size}, {"replaces", copy.replaces}}));
  for (const verify::Lost& lost : repair.plan.heals) heals.push(to_json(lost));
  for (const std::string& refusal : repair.plan.refusals) refusals.push(refusal);
  const std::size_t left =
      repair.changed() ? repair.after.findings.size() : repair.before.findings.size();
  return Json::object({{"replica", to},
                       {"dry_run", dry_run},
                       {"findings", std::uint64_t{repair.before.findings.size()}},
                       {"marker", repair.marker},
                       {"copies", std::move(copies)},
                       {"heals", std::move(heals)},
                       {"refusals", std::move(refusals)},
                       {"findings_left", std::uint64_t{left}}});
}

struct Repairs {
  const Setup& setup;
  const config::Database& database;
  const RepairArguments& arguments;
  const Signals& signals;
  bool json = false;
  Json rows = Json::array();

  Result<int> repair(const NamedReplica& from, const NamedReplica& to);
};

Result<int> Repairs::repair(const NamedReplica& from, const NamedReplica& to) {
  Remembered here = TRY(Remembered::open(setup, database, to.settings.name));
  Remembered there = TRY(Remembered::open(setup, database, from.settings.name));
  verify::RepairOptions options;
  options.all = arguments.all;
  options.dry_run = arguments.dry_run;
  const auto done = [&] {
    ProgressBar bar;
    if (const auto sink = bar.sink())
      options.progress = [sink](std::uint64_t bytes, std::uint64_t total) {
        sink({"verifying", bytes, total});
      };
    return run_cancellable(signals, [&](const Cancel& cancel) {
      options.cancel = &cancel;
      return verify::repair({*to.store, to.settings.name, here.memory},
                            {*from.store, from.settings.name, there.memory}, options);
    });
  }();
  TRY(here.save());  // what was read until then counts
  TRY(there.save());
  if (!done) return Error(done.error());
  if (!json)
    fmt::print("{}",
               describe_repair(*done, from.settings.name, to.settings.name, arguments.dry_run));
  rows.push(repair_json(*done, to.settings.name, arguments.dry_run));
  if (done->before.findings.empty()) return daemon::kExitDone;
  const verify::VerifyReport& now = done->changed() ? done->after : done->before;
  if (!json && done->changed())
    fmt::print("{}", describe(now, {arguments.database, to.settings.name, {}}));
  if (arguments.dry_run)
    return done->plan.refusals.empty() ? daemon::kExitDone : daemon::kExitDamaged;
  return now.findings.empty() ? daemon::kExitDone : daemon::kExitDamaged;
}

Result<int> run_repair(const Session& session, const RepairArguments& arguments) {
  const Signals signals;
  if (arguments.from == arguments.replica)
    return make_error(Code::kUsage, "repair: --from and --replica name the same one");
  Setup setup = TRY(right_setup(session));
  const config::Database* database = TRY(configured(setup, arguments.database));
  const auto from = TRY(open_replicas(setup, arguments.database, arguments.from));
  const auto targets = TRY(open_replicas(setup, arguments.database, arguments.replica));
  Repairs repairs{setup, *database, arguments, signals, session.json};
  int code = daemon::kExitDone;
  bool any = false;
  for (const NamedReplica& to : targets) {
    if (to.settings.name == arguments.from) continue;
    any = true;
    const auto done = repairs.repair(from.front(), to);
    code = std::max(code, done ? *done : report("streamctl", done.error()));
  }
  if (!any)
    return make_error(Code::kUsage,
                      arguments.database + " has no other replica than " + arguments.from,
                      "a repair needs one that is damaged and one that is whole");
  if (session.json) print_json(Json::object({{"replicas", std::move(repairs.rows)}}));
  return code;
}

}  // namespace

void add_repair(const Command& app, Session& session) {
  const Command command = declare_command(
      app, session, "repair", "copy what is damaged or missing in a replica from another one",
      "streamctl repair /data/app.db --from nas --replica offsite --dry-run");
  const auto arguments = std::make_shared<RepairArguments>();
  declare_json(command, session);
  command.add_option("database", arguments->database, "configured path or name")
      .required()
      .type_name("DB");
  command.add_option("--from", arguments->from, "the replica that has it whole")
      .required()
      .type_name("NAME");
  command.add_option("--replica", arguments->replica, "repair this one; default: all others")
      .type_name("NAME");
  command.add_flag("--all", arguments->all, "read again what was verified before");
  command.add_flag("--dry-run", arguments->dry_run, "say what would be copied");
  command.callback([&session, arguments] {
    session.run = [&session, arguments] { return run_repair(session, *arguments); };
  });
}

}  // namespace streamd::apps
