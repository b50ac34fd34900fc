#include "torture/torture.h"

#include <csignal>
#include <random>

#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "daemon/control_client.h"
#include "restore/restore.h"
#include "sqlite/exercise.h"
#include "torture/process.h"
#include "verify/verify.h"

namespace streamd::torture {
namespace {

constexpr milliseconds kStart{30'000}, kStop{60'000}, kAnswer{90'000}, kPoll{100};
constexpr std::size_t kMostFailures = 20;
constexpr int kFailures = 5;  // syncs in a row after which it is of no use to go on

// What SQLite showed, and the transaction that streamd says this was.
struct Moment {
  GenerationId generation;
  Txid txid;
  Micros time = 0;  // by this machine's clock, after it
  std::uint64_t image = 0;
};

class Run {
 public:
  explicit Run(const TortureOptions& options)
      : options_(options),
        random_(options.seed),
        client_(options.control),
        copy_(copy_path(options.folder)) {}
  Result<TortureReport> run();

 private:
  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }
  bool over() const {
    const bool cancelled = options_.cancel != nullptr && options_.cancel->cancelled();
    return cancelled || report_.failures.size() >= kMostFailures || syncs_failed_ >= kFailures ||
           system_clock().mono() >= end_;
  }
  std::string log(const char* name) const { return join_path(options_.folder, name); }
  void complain(const std::string& what) { report_.failures.push_back(what); }

  Status start_daemon();
  void stop_daemon();
  void kill_daemon();
  void step();
  void write();
  Status sync();
  void ask(const char* resource, std::uint64_t& count);
  void restore_random();
  void compare(const Moment& moment, const restore::Target& target, const std::string& what);
  void conclude();

  const TortureOptions& options_;
  std::mt19937_64 random_;
  const daemon::ControlClient client_;
  const std::string copy_;
  Process daemon_;
  MonoTime end_{};
  std::vector<Moment> moments_;
  int syncs_failed_ = 0;
  TortureReport report_;
};

// It answers once it runs; what it lacks then is told by the first sync.
Status Run::start_daemon() {
  TRY(daemon_.start(options_.daemon, log("streamd.log")));
  const Cancel never;
  const MonoTime end = system_clock().mono() + kStart;
  while (!client_.get("/v1/status", kAnswer)) {
    if (!daemon_.runs() || system_clock().mono() >= end)
      return make_error(Code::kInternal, "streamd does not start",
                        "what it said is in " + log("streamd.log"));
    never.wait_for(kPoll);
  }
  return {};
}

void Run::stop_daemon() {
  daemon_.send(SIGTERM);
  const int code = daemon_.wait(kStop);
  ++report_.daemon_stops;
  if (code >= 128)
    complain("streamd did not end when it was asked to (exit code " + std::to_string(code) + ")");
}

void Run::kill_daemon() {
  daemon_.end();
  ++report_.daemon_kills;
}

// A process or two write; some of them are killed in the middle.
void Run::write() {
  const std::uint64_t processes = below(4) == 0 ? 2 : 1;
  const bool kills = below(5) == 0;
  const bool vacuums = below(10) == 0;
  Process writers[2];
  for (std::uint64_t i = 0; i < processes; ++i) {
    const std::uint64_t transactions = 1 + below(30);
    std::vector<std::string> command = options_.writer;
    command.insert(command.end(), {copy_, std::to_string(random_()), std::to_string(transactions),
                                   vacuums ? kVacuums : kEnds});
    if (const Status begun = writers[i].start(command, log("writer.log")); !begun)
      return complain(begun.error().message);
    report_.transactions += transactions;
    report_.vacuums += vacuums ? 1 : 0;
  }
  if (kills) {
    const Cancel never;
    never.wait_for(milliseconds(5 + below(150)));
    writers[0].end();
    ++report_.writer_kills;
  }
  for (std::uint64_t i = kills ? 1 : 0; i < processes; ++i)
    if (const int code = writers[i].wait(kAnswer); code != 0)
      complain("an application could not write (exit code " + std::to_string(code) + "; see " +
               log("writer.log") + ")");
}

// Everything is safe, and what SQLite shows is kept in mind for this transaction.
Status Run::sync() {
  const Json body = Json::object(
      {{"database", copy_}, {"wait", true}, {"replica", ""}, {"timeout_ms", std::int64_t{60'000}}});
  const Json done = TRY(client_.post("/v1/sync", body, kAnswer));
  Moment moment;
  moment.txid = Txid(static_cast<std::uint64_t>(done.integer("txid")));
  if (!parse_generation(done.string("generation"), moment.generation))
    return make_error(Code::kInternal, "streamd does not tell its generation");
  sqlite::Exercise reader = TRY(sqlite::Exercise::open(copy_));
  moment.image = TRY(reader.image());
  moment.time = system_clock().wall_micros();
  const bool known = !moments_.empty() && moments_.back().txid == moment.txid;
  if (known && moments_.back().image != moment.image)
    complain("transaction " + to_text(moment.txid) +
             " was said to be the newest twice, with commits in between");
  if (!known) moments_.push_back(moment);
  report_.moments = moments_.size();
  return {};
}

void Run::ask(const char* resource, std::uint64_t& count) {
  const Json body =
      Json::object({{"database", copy_}, {"wait", true}, {"timeout_ms", std::int64_t{60'000}}});
  if (client_.post(resource, body, kAnswer)) ++count;  // may meet what was done to it before
}

void Run::compare(const Moment& moment, const restore::Target& target, const std::string& what) {
  const restore::Replica replica{options_.store, "torture"};
  restore::RestoreOptions options;
  options.out = join_path(options_.folder, "restored.db");
  options.target = target;
  const auto done = restore::restore({&replica, 1}, options);
  if (!done) return complain("restore of " + what + ": " + done.error().message);
  const auto image = read_file(options.out, sqlite::kMostToExercise);
  ++report_.restores;
  if (!image)
    complain("restore of " + what + ": " + image.error().message);
  else if (xxh3(*image) != moment.image)
    complain("restore of " + what + ": it is not what SQLite showed");
  if (const Status removed = remove_file(options.out); !removed) complain(removed.error().message);
}

void Run::restore_random() {
  if (moments_.empty()) return;
  const std::size_t at = below(2) == 0 ? moments_.size() - 1 : below(moments_.size());
  const Moment& moment = moments_[at];
  if (below(3) == 0)
    return compare(moment, {restore::ByTime{moment.time}, {}, false},
                   "the time " + format_time(moment.time));
  compare(moment, {restore::ByTxid{moment.txid}, moment.generation, false},
          "transaction " + to_text(moment.txid));
}

void Run::step() {
  const std::uint64_t what = below(20);
  if (what < 3) {
    if (what == 0)
      stop_daemon();
    else
      kill_daemon();
    if (below(2) == 0) write();  // commits that nobody sees
    if (const Status begun = start_daemon(); !begun) {
      complain(begun.error().message);
      syncs_failed_ = kFailures;
      return;
    }
  } else if (what == 3) {
    ask("/v1/snapshot", report_.snapshots);
  } else if (what == 4) {
    ask("/v1/compact", report_.merges);
  } else {
    write();
  }
  const Status safe = sync();
  syncs_failed_ = safe ? 0 : syncs_failed_ + 1;
  if (!safe) complain("sync: " + safe.error().message);
  for (std::uint64_t i = 1 + below(2); i > 0; --i) restore_random();
}

// Every recorded moment once more is too much; the newest, some, and every object.
void Run::conclude() {
  if (!moments_.empty()) compare(moments_.back(), {}, "the newest moment");
  for (int i = 0; i < 5 && report_.failures.size() < kMostFailures; ++i) restore_random();
  stop_daemon();
  verify::Memory memory;
  verify::VerifyOptions options;
  options.stale_before = verify::kReadAll;
  const auto found = verify::verify(*options_.store, memory, options);
  if (!found) return complain("verify: " + found.error().message);
  report_.objects_verified = found->read;
  report_.bytes_verified = found->bytes_read;
  if (found->interrupted) complain("verify: " + found->interrupted->message);
  for (const verify::Finding& finding : found->findings)
    complain(finding.key + ": " + verify::to_text(finding.fault) + ": " + finding.what);
}

Result<TortureReport> Run::run() {
  TRY(sqlite::copy_unused(options_.database, copy_));
  end_ = system_clock().mono() + options_.duration;
  TRY(start_daemon());
  TRY(sync());
  do step();
  while (!over());
  if (daemon_.runs()) conclude();
  return std::move(report_);
}

}  // namespace

std::string copy_path(const std::string& folder) {
  return join_path(folder, "copy.db");
}

Result<TortureReport> torture(const TortureOptions& options) {
  return Run(options).run();
}

Status remove_everything(storage::Store& store, const storage::Call& call) {
  std::vector<std::string> keys;
  TRY(store.list(
      "", "",
      [&](const std::string& key, const storage::ObjectStat&) -> Status {
        keys.push_back(key);
        return {};
      },
      call));
  return store.remove(keys, call);
}

}  // namespace streamd::torture
