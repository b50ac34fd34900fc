#include "site.h"

#include "base/file.h"
#include "storage/open_store.h"

namespace simulation {
namespace {

using namespace streamd;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Nanos kMilli = 1'000'000;

MonoTime in(milliseconds time) {
  return system_clock().mono() + time;
}

retention::Rules draw_rules(Random& random) {
  retention::Rules rules;
  rules.history = minutes(random.between(4, 20));
  rules.retention = rules.history + minutes(random.one_in(2) ? 0 : random.between(5, 40));
  rules.grace = seconds(random.between(20, 120));
  return rules;
}

std::vector<Replica> make_replicas(const std::string& name, int count, std::uint64_t seed) {
  std::vector<Replica> replicas;
  for (int i = 0; i < count; ++i)
    replicas.push_back({name + "-r" + std::to_string(i),
                        std::make_shared<Bucket>(seed + static_cast<std::uint64_t>(i)), nullptr});
  return replicas;
}

}  // namespace

Site::Site(const std::string& folder, const std::string& name, int count, std::uint64_t seed)
    : Site(folder, name, make_replicas(name, count, seed), Random(seed)) {}

Site::Site(const std::string& folder, const std::string& name, const Replica& other,
           std::uint64_t seed)
    : Site(folder, name, std::vector<Replica>{other}, Random(seed)) {}

Site::Site(const std::string& folder, const std::string& name, std::vector<Replica> all,
           Random random)
    : application(folder + "/" + name + ".db", random.bits()),
      replicas(std::move(all)),
      checker(application, folder, draw_rules(random), random.bits()),
      state_(folder + "/" + name + "-state"),
      random_(random) {
  settings_.path = application.path();
  settings_.name = name;
  settings_.state_dir = state_;
  settings_.capture.reset_frames = random_.one_in(2) ? 1000 : random_.between(20, 300);
  if (random_.one_in(3)) settings_.spool_max_bytes = random_.between(100, 400) * kKiB;
  for (const Replica& replica : replicas) {
    replicate::ReplicaSetup setup;
    setup.name = replica.name;
    setup.place = "memory:" + replica.name;
    setup.sync_interval = milliseconds(random_.between(200, 3000));
    setup.snapshot_interval = minutes(random_.between(2, 15));
    setup.upkeep.prune = checker.rules();
    if (random_.one_in(3)) setup.upkeep.merge.cache_bytes = 0;
    if (random_.one_in(3)) setup.upkeep.last_bytes = 64 * kKiB;
    settings_.replicas.push_back(std::move(setup));
  }
}

Site::~Site() {
  if (is_followed()) end(milliseconds(0));
}

void Site::start(bool take_over) {
  settings_.take_over = take_over;
  dead_ = false;
  for (std::size_t i = 0; i < replicas.size(); ++i) {
    replicas[i].store = std::make_shared<BucketStore>(replicas[i].bucket, true);
    const auto opened = storage::decorate(replicas[i].store, {});
    if (!opened) fail("a store cannot be opened: " + opened.error().message);
    settings_.replicas[i].store = opened->store;
  }
  auto loop = replicate::Loop::start();
  auto pipeline = replicate::Pipeline::create(settings_, system_clock());
  if (!loop || !pipeline)
    fail("the daemon cannot begin: " + (loop ? pipeline.error().message : loop.error().message));
  loop_ = std::move(*loop);
  pipeline_ = std::move(*pipeline);
  pipeline_->start(*loop_);
  ++lives_.begun;
  looked_at_ = waiting_ = application.commits().size();
  note("start");
}

void Site::end(milliseconds patience) {
  (void)pipeline_->stop(in(patience));
  pipeline_.reset();
  loop_.reset();
}

void Site::stop() {
  note("stop");
  note_watched();
  end(seconds(random_.between(0, 20)));
  ++lives_.stopped;
}

void Site::kill() {
  note("kill");
  dead_ = true;
  for (const Replica& replica : replicas) replica.store->unplugged = true;
  end(milliseconds(0));
  dead_ = false;
  ++lives_.killed;
}

void Site::sync() {
  if (!is_followed()) return;
  const std::size_t commits = application.commits().size();
  const Cancel never;
  const auto txid = pipeline_->sync(in(seconds(20)), never);
  if (!txid) return;
  for (const Replica& replica : replicas)
    if (pipeline_->wait_for(*txid, replica.name, in(seconds(20)), never))
      checker.holds_commit(replica.name, replica.bucket, commits - 1);
}

void Site::snapshot() {
  if (!is_followed()) return;
  const Cancel never;
  const auto status = pipeline_->status();
  (void)pipeline_->wait_for_snapshot(status.captured, replicas[random_.below(replicas.size())].name,
                                     in(seconds(10)), never);
}

void Site::look_after() {
  const Cancel never;
  if (is_followed()) (void)pipeline_->look_after_now(in(seconds(10)), never);
}

// What was committed before the last look, and the daemon has followed all the time since: it was
// seen.
void Site::note_watched() {
  const auto status = pipeline_->status();
  const bool follows =
      status.phase == replicate::Phase::kLive && !status.error && !status.capture.live_breaks;
  const std::size_t commits = application.commits().size();
  if (!follows) {
    looked_at_ = waiting_ = commits;
    return;
  }
  if (elapsed() - waiting_since_ < 1500 * kMilli) return;
  if (waiting_ > looked_at_) checker.watched(looked_at_, waiting_);
  looked_at_ = waiting_;
  waiting_ = commits;
  waiting_since_ = elapsed();
}

void Site::look() {
  std::optional<replicate::DatabaseStatus> status;
  if (is_followed()) {
    note_watched();
    status = pipeline_->status();
  }
  for (std::size_t i = 0; i < replicas.size(); ++i)
    checker.look(replicas[i].name, *replicas[i].bucket, status ? &status->replicas[i] : nullptr,
                 status ? status->generation : GenerationId{});
}

void Site::conclude() {
  for (const Replica& replica : replicas) replica.bucket->weather = {};
  if (!is_followed()) start();
  const Cancel never;
  const auto txid = pipeline_->sync(in(minutes(5)), never);
  if (!txid) fail("the last sync: " + txid.error().message);
  const auto done = pipeline_->wait_for(*txid, "", in(minutes(5)), never);
  if (!done) fail("the last sync: " + done.error().message);
  Status looked_after = pipeline_->look_after_now(in(minutes(5)), never);
  for (int i = 0; i < 30 && !looked_after; ++i) {  // what failed in bad weather is tried again
    sleep_until(elapsed() + 10'000 * kMilli);
    looked_after = pipeline_->look_after_now(in(minutes(5)), never);
  }
  if (!looked_after && checker.times_hold())  // else the store's clock may be another
    fail("the last upkeep: " + looked_after.error().message);
  look();
  for (const Replica& replica : replicas) {
    checker.holds_commit(replica.name, replica.bucket, application.commits().size() - 1);
    checker.walk(replica.name, *replica.bucket);
    checker.restore_some(replica.name, replica.bucket, 5);
  }
  stop();
  if (application.is_open()) application.close();
}

}  // namespace simulation
