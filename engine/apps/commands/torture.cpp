// streamctl torture --db COPY --replica URL
#include "torture/torture.h"

#include <fmt/core.h>

#include <charconv>
#include <cstdlib>
#include <filesystem>

#include "apps/commands/command.h"
#include "apps/replica_source.h"
#include "apps/signals.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/printable.h"
#include "config/value.h"
#include "daemon/exit_code.h"
#include "sqlite/exercise.h"

namespace streamd::apps {
namespace {

namespace fs = std::filesystem;

struct TortureArguments {
  std::string database, url, duration = "60s", seed, work;
  bool keep = false;
};

struct WriterArguments {
  std::string database, seed, end;
  unsigned transactions = 0;
};

Result<std::uint64_t> parse_seed(const std::string& text) {
  std::uint64_t seed = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seed);
  if (error != std::errc() || end != text.data() + text.size())
    return make_error(Code::kUsage, "--seed: " + text + " is no number");
  return seed;
}

// A new place below the URL, and intervals that make much happen in a short time.
std::string place_below(const std::string& url, const std::string& name) {
  const std::size_t query = url.find('?');
  std::string place = url.substr(0, query);
  while (place.ends_with('/')) place.pop_back();
  place += "/" + name + "?";
  if (query != std::string::npos) place += url.substr(query + 1) + "&";
  for (const char* option : {"sync-interval=200ms", "snapshot-interval=15s", "prune-grace=10s"})
    if (url.find(std::string(option).substr(0, std::string(option).find('='))) == std::string::npos)
      place += std::string(place.ends_with('?') || place.ends_with('&') ? "" : "&") + option;
  return place;
}

Result<std::string> program(const std::string& name) {
  std::error_code failed;
  const fs::path self = fs::read_symlink("/proc/self/exe", failed);
  for (const fs::path& folder : {self.parent_path(), self.parent_path().parent_path() / "sbin"})
    if (fs::exists(folder / name, failed)) return (folder / name).string();
  return make_error(Code::kIo, "there is no " + name + " beside " + self.string());
}

// A folder that goes away with the run, unless it is to stay.
class WorkFolder {
 public:
  static Result<WorkFolder> make(const std::string& below, bool keep) {
    std::string path = join_path(below.empty() ? fs::temp_directory_path().string() : below,
                                 "streamd-torture-XXXXXX");
    if (mkdtemp(path.data()) == nullptr) return errno_error(errno, "make a folder like " + path);
    return WorkFolder(path, keep);
  }
  ~WorkFolder() {
    if (!keep_ && !path_.empty()) (void)remove_tree(path_);
  }
  WorkFolder(WorkFolder&& other) noexcept
      : path_(std::exchange(other.path_, "")), keep_(other.keep_) {}
  const std::string& path() const { return path_; }

 private:
  WorkFolder(std::string path, bool keep) : path_(std::move(path)), keep_(keep) {}
  std::string path_;
  bool keep_;
};

Result<torture::TortureOptions> make_options(const Session& session,
                                             const TortureArguments& arguments,
                                             const std::string& folder, const std::string& place) {
  torture::TortureOptions options;
  options.database = TRY(canonical_path(arguments.database));
  options.folder = folder;
  options.control = join_path(folder, "control");
  options.daemon = {TRY(program("streamd")),
                    torture::copy_path(folder),
                    place,
                    "--control",
                    options.control,
                    "--http",
                    ""};
  for (const std::string& each : session.setup.driver_path)
    options.daemon.insert(options.daemon.end(), {"--driver-path", each});
  for (const std::string& each : session.setup.identities)
    options.daemon.insert(options.daemon.end(), {"--identity", each});
  options.writer = {TRY(program("streamctl")), "torture-writer"};
  const auto duration = config::parse_duration(arguments.duration);
  if (!duration)
    return make_error(Code::kUsage, "--duration: " + duration.error().message,
                      duration.error().hint);
  options.duration = *duration;
  options.seed =
      arguments.seed.empty() ? random_u64() % 1'000'000 : TRY(parse_seed(arguments.seed));
  return options;
}

// The place is new: what lies there is somebody else's.
Status must_be_empty(storage::Store& store, const storage::Call& call) {
  return store.list(
      "", "",
      [](const std::string& key, const storage::ObjectStat&) -> Status {
        return make_error(Code::kTargetExists,
                          "the new place in the storage is not empty: there is " + key);
      },
      call);
}

// A folder of the file driver holds what no listing shows; it is as new as its name.
Status remove_place(const NamedReplica& replica, const std::string& name,
                    const storage::Call& call) {
  TRY(torture::remove_everything(*replica.store, call));
  const auto path = replica.settings.options.find("path");
  const bool is_folder = replica.settings.driver == "file" &&
                         path != replica.settings.options.end() && name_of(path->second) == name;
  return is_folder ? remove_tree(path->second) : Status{};
}

Json to_json(const torture::TortureReport& report, std::uint64_t seed) {
  Json failures = Json::array();
  for (const std::string& failure : report.failures) failures.push(failure);
  return Json::object({{"seed", seed},
                       {"transactions", report.transactions},
                       {"moments", report.moments},
                       {"restores_compared", report.restores},
                       {"daemon_kills", report.daemon_kills},
                       {"daemon_stops", report.daemon_stops},
                       {"application_kills", report.writer_kills},
                       {"vacuums", report.vacuums},
                       {"snapshots", report.snapshots},
                       {"compactions", report.merges},
                       {"objects_verified", report.objects_verified},
                       {"bytes_verified", report.bytes_verified},
                       {"failures", std::move(failures)}});
}

void print(const torture::TortureReport& report, std::uint64_t seed) {
  fmt::print("{} transactions written, {} moments recorded, {} restores compared\n",
             report.transactions, report.moments, report.restores);
  fmt::print(
      "of streamd {} kills and {} stops, of applications {} kills; {} vacuums, {} snapshots, {} "
      "compactions\n",
      report.daemon_kills, report.daemon_stops, report.writer_kills, report.vacuums,
      report.snapshots, report.merges);
  fmt::print("{} objects ({} bytes) verified\n", report.objects_verified, report.bytes_verified);
  for (const std::string& failure : report.failures) fmt::print("FAILED: {}\n", printable(failure));
  if (report.failures.empty())
    fmt::print("everything is as it should be (seed {})\n", seed);
  else
    fmt::print("{} failures (seed {})\n", report.failures.size(), seed);
}

Result<int> run_torture(const Session& session, const TortureArguments& arguments) {
  const Signals signals;
  if (arguments.url.find("://") == std::string::npos)
    return make_error(Code::kUsage, "--replica: " + arguments.url + " is no URL",
                      "as file:///backups or s3://bucket/path");
  const WorkFolder work = TRY(WorkFolder::make(arguments.work, arguments.keep));
  const std::string place = place_below(arguments.url, name_of(work.path()));
  torture::TortureOptions options = TRY(make_options(session, arguments, work.path(), place));
  Setup setup = TRY(setup_for(session, place));
  const auto replicas = TRY(open_replicas(setup, place, ""));
  options.store = replicas.front().store.get();
  storage::Call call;
  call.timeout = std::chrono::minutes(10);
  TRY(must_be_empty(*options.store, call));
  const auto done = run_cancellable(signals, [&](const Cancel& cancel) {
    options.cancel = &cancel;
    return torture::torture(options);
  });
  const Status removed =
      arguments.keep ? Status{} : remove_place(replicas.front(), name_of(work.path()), call);
  if (!done) return Error(done.error());
  torture::TortureReport report = *done;
  if (!removed)
    report.failures.push_back("the objects could not be removed again: " + removed.error().message);
  if (session.json)
    print_json(to_json(report, options.seed));
  else
    print(report, options.seed);
  if (arguments.keep)
    fmt::print(stderr, "kept: {} and {}\n", work.path(), place.substr(0, place.find('?')));
  return report.failures.empty() ? daemon::kExitDone : daemon::kExitDamaged;
}

Result<int> run_writer(const WriterArguments& arguments) {
  sqlite::Exercise application = TRY(sqlite::Exercise::open(arguments.database));
  TRY(application.write(TRY(parse_seed(arguments.seed)), static_cast<int>(arguments.transactions)));
  if (arguments.end == torture::kVacuums) TRY(application.vacuum());
  return daemon::kExitDone;
}

void add_writer(const Command& app, Session& session) {
  const Command command = app.add_subcommand("torture-writer", "the application of `torture`");
  command.hide();
  const auto arguments = std::make_shared<WriterArguments>();
  command.add_option("database", arguments->database).required();
  command.add_option("seed", arguments->seed).required();
  command.add_option("transactions", arguments->transactions).required();
  command.add_option("end", arguments->end).required();
  command.callback(
      [&session, arguments] { session.run = [arguments] { return run_writer(*arguments); }; });
}

}  // namespace

void add_torture(const Command& app, Session& session) {
  add_writer(app, session);
  const Command command =
      declare_command(app, session, "torture",
                      "try streamd out on your own storage: kills, restarts and restores of a copy "
                      "of a database, compared",
                      "streamctl torture --db copy.db --replica s3://bucket/trial --duration 10m");
  const auto arguments = std::make_shared<TortureArguments>();
  declare_json(command, session);
  command
      .add_option("--db", arguments->database,
                  "a database that nobody uses; it is only read, and copied")
      .required()
      .type_name("COPY");
  command
      .add_option("--replica", arguments->url,
                  "a storage; only a new folder in it is used, and removed at the end")
      .required()
      .type_name("URL");
  command.add_option("--duration", arguments->duration, "nothing new begins after it")
      .type_name("DURATION")
      .shows_default();
  command
      .add_option("--seed", arguments->seed,
                  "makes the same choices again; default: another one each time")
      .type_name("N");
  command
      .add_option("--work", arguments->work,
                  "folder with room for two copies of the database; default: $TMPDIR, /tmp")
      .type_name("DIR");
  command.add_flag("--keep", arguments->keep, "leave objects, copy and logs for a look");
  command.callback([&session, arguments] {
    session.run = [&session, arguments] { return run_torture(session, *arguments); };
  });
}

}  // namespace streamd::apps
