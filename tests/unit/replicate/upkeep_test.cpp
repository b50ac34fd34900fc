#include "replicate/upkeep.h"

#include <boost/test/unit_test.hpp>
#include <thread>

#include "memory_store.h"
#include "temp_folder.h"

using namespace streamd;
using namespace streamd::replicate;

namespace {

constexpr milliseconds kPatience{60'000};

MonoTime in(milliseconds time) {
  return system_clock().mono() + time;
}

class NoHost final : public ReplicaHost {
 public:
  Status visit(const std::function<Status(Moment&)>&, const Cancel&) override { return {}; }
  state::Spool& spool() override { std::abort(); }
  void replica_moved() override {}
  const std::string& database_path() const override { return path_; }

 private:
  const std::string path_ = "/data/app.db";
};

// Due until it was done so often.
class TestJob final : public UpkeepJob {
 public:
  TestJob(int times, std::function<Status(const UpkeepContext&)> work)
      : left_(times), work_(std::move(work)) {}
  const char* name() const override { return "test"; }
  std::optional<milliseconds> due_in(const UpkeepView&) override {
    if (left_ == 0) return std::nullopt;
    return wait;
  }
  Status run(const UpkeepContext& context) override {
    TRY(work_(context));
    --left_;
    return {};
  }
  milliseconds wait{0};

 private:
  int left_;
  std::function<Status(const UpkeepContext&)> work_;
};

struct Scene {
  Upkeep& with(int times, std::function<Status(const UpkeepContext&)> work) {
    UpkeepJobs jobs;
    auto made = std::make_unique<TestJob>(times, std::move(work));
    job = made.get();
    jobs.push_back(std::move(made));
    upkeep.emplace(UpkeepPlace{"r", "/data/app.db", folder.file("r")}, std::move(jobs), store, host,
                   system_clock(), [this](const std::optional<Error>& fenced) {
                     ++ended;
                     if (fenced) said_fenced = true;
                   });
    return *upkeep;
  }
  Upkeep::Outlook look() {
    UpkeepView view;
    view.now = system_clock().mono();
    return upkeep->look(view, {}, 4096);
  }
  // Looks after it until nothing is due now.
  void settle() {
    while (look().running) upkeep->wait(in(kPatience));
  }
  TempFolder folder;
  MemoryStore store;
  NoHost host;
  TestJob* job = nullptr;
  std::atomic<int> ended{0};
  std::atomic<bool> said_fenced{false};
  std::optional<Upkeep> upkeep;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(upkeep)

BOOST_AUTO_TEST_CASE(what_is_due_runs_until_nothing_is) {
  Scene scene;
  std::atomic<int> runs{0};
  Upkeep& upkeep = scene.with(3, [&](const UpkeepContext& context) -> Status {
    ++runs;
    BOOST_TEST(stat_path(context.state_folder)->has_value());
    context.count({1, 6, 100, 2, 50});
    return {};
  });
  scene.settle();
  BOOST_TEST(runs == 3);
  upkeep.stop();
  BOOST_TEST(scene.ended == 3);
  BOOST_TEST(upkeep.done().merges == 3u);
  BOOST_TEST(upkeep.done().bytes_removed == 150u);
  BOOST_TEST(!upkeep.trouble().has_value());
}

BOOST_AUTO_TEST_CASE(a_job_that_is_due_later_says_when) {
  Scene scene;
  scene.with(1, [](const UpkeepContext&) { return Status{}; });
  scene.job->wait = milliseconds(5000);
  const Upkeep::Outlook outlook = scene.look();
  BOOST_TEST(!outlook.running);
  BOOST_TEST((outlook.due_in == milliseconds(5000)));
}

BOOST_AUTO_TEST_CASE(a_failure_is_told_and_tried_again_later_or_when_somebody_is_in_a_hurry) {
  Scene scene;
  std::atomic<bool> broken{true};
  Upkeep& upkeep = scene.with(1, [&](const UpkeepContext&) -> Status {
    if (broken) return make_error(Code::kTransient, "planted failure");
    return {};
  });
  scene.settle();
  BOOST_REQUIRE(upkeep.trouble().has_value());
  BOOST_TEST(upkeep.trouble()->job == "test");
  BOOST_TEST(upkeep.trouble()->error.message == "planted failure");
  const Upkeep::Outlook outlook = scene.look();
  BOOST_REQUIRE(outlook.due_in.has_value());
  BOOST_TEST(outlook.due_in->count() > 0);
  BOOST_TEST(outlook.due_in->count() <= 2000);
  BOOST_TEST(!scene.said_fenced);
  broken = false;
  upkeep.hurry();
  scene.settle();
  BOOST_TEST(!upkeep.trouble().has_value());
}

BOOST_AUTO_TEST_CASE(being_fenced_is_told_to_the_replica) {
  Scene scene;
  scene.with(
      1, [](const UpkeepContext&) -> Status { return make_error(Code::kFenced, "taken over"); });
  scene.settle();
  scene.upkeep->stop();
  BOOST_TEST(scene.said_fenced);
}

BOOST_AUTO_TEST_CASE(its_end_cancels_the_run_and_nothing_begins_after_it) {
  Scene scene;
  std::atomic<bool> began{false};
  Upkeep& upkeep = scene.with(1, [&](const UpkeepContext& context) -> Status {
    began = true;
    BOOST_TEST(context.call.cancel->wait_for(kPatience));
    return make_error(Code::kCancelled, "stopped");
  });
  BOOST_TEST(scene.look().running);
  while (!began) std::this_thread::yield();
  upkeep.stop();
  BOOST_TEST(!upkeep.trouble().has_value());
  BOOST_TEST(!scene.look().running);
}

BOOST_AUTO_TEST_CASE(many_replicas_take_turns) {
  std::atomic<int> inside{0}, most{0}, runs{0};
  const auto work = [&](const UpkeepContext&) -> Status {
    const int now = ++inside;
    for (int known = most; known < now && !most.compare_exchange_weak(known, now);) {
    }
    std::this_thread::sleep_for(milliseconds(1));
    --inside;
    ++runs;
    return {};
  };
  std::vector<std::unique_ptr<Scene>> scenes;
  for (int i = 0; i < 40; ++i) {
    scenes.push_back(std::make_unique<Scene>());
    scenes.back()->with(2, work);
    scenes.back()->look();
  }
  scenes[39]->upkeep->stop();  // while it waits for its turn
  for (int i = 0; i < 39; ++i) scenes[static_cast<std::size_t>(i)]->settle();
  BOOST_TEST(most <= 2);
  BOOST_TEST(runs >= 39 * 2);
}

BOOST_AUTO_TEST_SUITE_END()
