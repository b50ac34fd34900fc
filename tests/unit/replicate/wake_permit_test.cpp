#include "replicate/wake_permit.h"

#include <boost/test/unit_test.hpp>
#include <optional>
#include <string>

#include "daemon_life.h"

using namespace streamd;
using namespace streamd::replicate;

namespace {

struct Scene {
  explicit Scene(std::size_t most) : permits(std::make_shared<WakePermits>(most)) {}
  auto permit(const char* name) {
    return std::make_unique<WakePermit>(permits, [this, name] { granted += name; });
  }
  std::shared_ptr<WakePermits> permits;
  std::string granted;
};

bool wait_for(const std::function<bool()>& condition) {
  for (const MonoTime end = in(kPatience); std::chrono::steady_clock::now() < end;
       std::this_thread::sleep_for(milliseconds(2)))
    if (condition()) return true;
  return false;
}

// A database that rests only when somebody wants its permit.
struct Followed {
  explicit Followed(std::size_t most) : permits(std::make_shared<WakePermits>(most)) {
    daemon.emplace(database, std::vector{store}, std::chrono::hours(24), 0,
                   [this](DatabaseSettings& settings) {
                     settings.permits = permits;
                     settings.capture.rest = std::chrono::hours(1);
                   });
  }
  bool moves_within(milliseconds time) {
    const Txid before = (*daemon)->status().captured;
    std::this_thread::sleep_for(time);
    return (*daemon)->status().captured != before;
  }
  LiveDatabase database;
  std::shared_ptr<WakePermits> permits;
  std::shared_ptr<MemoryStore> store = std::make_shared<MemoryStore>();
  std::optional<Daemon> daemon;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(wake_permits)

BOOST_AUTO_TEST_CASE(they_are_given_in_the_order_in_which_they_were_asked_for) {
  Scene scene(1);
  const auto a = scene.permit("a"), b = scene.permit("b"), c = scene.permit("c");
  BOOST_TEST(a->take());
  BOOST_TEST(a->take());  // it has one
  BOOST_TEST(!scene.permits->wanted());
  BOOST_TEST(!b->take());
  BOOST_TEST(!c->take());
  BOOST_TEST(!b->take());  // it keeps its place
  BOOST_TEST(a->wanted());
  a->give_back();
  BOOST_TEST(scene.granted == "b");
  BOOST_TEST(b->take());
  BOOST_TEST(!a->take());  // behind c now
  b->give_back();
  BOOST_TEST(scene.granted == "bc");
  c->give_back();
  c->give_back();  // nothing more
  BOOST_TEST(scene.granted == "bca");
  BOOST_TEST(!scene.permits->wanted());
}

BOOST_AUTO_TEST_CASE(who_gives_up_waiting_leaves_the_queue) {
  Scene scene(1);
  const auto a = scene.permit("a"), b = scene.permit("b"), c = scene.permit("c");
  auto d = scene.permit("d");
  BOOST_TEST(a->take());
  BOOST_TEST(!b->take());
  BOOST_TEST(!d->take());
  BOOST_TEST(!c->take());
  b->give_back();
  d.reset();
  a->give_back();
  BOOST_TEST(scene.granted == "c");
  BOOST_TEST(!scene.permits->wanted());
}

BOOST_AUTO_TEST_CASE(who_is_awake_already_counts_beyond_the_limit) {
  Scene scene(1);
  const auto a = scene.permit("a"), b = scene.permit("b"), c = scene.permit("c");
  BOOST_TEST(a->take());
  BOOST_TEST(!b->take());
  b->take_anyway();
  BOOST_TEST(!scene.permits->wanted());
  BOOST_TEST(!c->take());
  a->give_back();
  BOOST_TEST(scene.granted == "");  // there are as many as may be
  b->give_back();
  BOOST_TEST(scene.granted == "c");
}

BOOST_AUTO_TEST_CASE(another_limit_counts_at_once) {
  Scene scene(1);
  const auto a = scene.permit("a"), b = scene.permit("b"), c = scene.permit("c");
  BOOST_TEST(a->take());
  BOOST_TEST(!b->take());
  scene.permits->set_most(2);
  BOOST_TEST(scene.granted == "b");
  scene.permits->set_most(1);
  BOOST_TEST(!c->take());
  a->give_back();
  BOOST_TEST(scene.granted == "b");
  b->give_back();
  BOOST_TEST(scene.granted == "bc");
}

BOOST_AUTO_TEST_CASE(without_permits_there_is_no_limit) {
  WakePermit permit(nullptr, [] {});
  BOOST_TEST(permit.take());
  permit.take_anyway();
  BOOST_TEST(!permit.wanted());
  permit.give_back();
}

BOOST_AUTO_TEST_CASE(an_awake_database_holds_one_and_rests_when_it_is_wanted) {
  Followed scene(1);
  scene.daemon->sync();
  scene.database.insert();
  scene.daemon->sync();
  WakePermit other(scene.permits, [] {});
  BOOST_TEST(!other.take());  // by itself it would rest in an hour
  BOOST_TEST(wait_for([&] { return other.take(); }));
  scene.database.insert();
  BOOST_TEST(!scene.moves_within(milliseconds(300)));
  other.give_back();
  BOOST_TEST((scene.daemon->sync() == Txid(3)));
  BOOST_TEST((restored(*scene.store, scene.database) == scene.database.image()));
  BOOST_TEST((*scene.daemon)->status().capture.live_breaks == 0U);
  BOOST_TEST(scene.daemon->stop().has_value());
}

BOOST_AUTO_TEST_CASE(the_end_waits_for_one_and_sends_everything) {
  Followed scene(1);
  scene.daemon->sync();
  WakePermit other(scene.permits, [] {});
  BOOST_TEST(wait_for([&] { return other.take(); }));
  scene.database.insert();
  BOOST_TEST(!scene.moves_within(milliseconds(300)));
  Status stopped;
  std::thread stopping([&] { stopped = scene.daemon->stop(); });
  std::this_thread::sleep_for(milliseconds(100));
  other.give_back();
  stopping.join();
  BOOST_TEST(stopped.has_value());
  BOOST_TEST((restored(*scene.store, scene.database) == scene.database.image()));
}

BOOST_AUTO_TEST_CASE(one_that_could_not_begin_does_not_keep_others_from_theirs_at_the_end) {
  LiveDatabase database;
  const auto store = std::make_shared<MemoryStore>();
  const auto permits = std::make_shared<WakePermits>(0);
  Daemon daemon(database, {store}, std::chrono::hours(24), 0,
                [&](DatabaseSettings& settings) { settings.permits = permits; });
  BOOST_TEST(wait_for([&] { return permits->wanted(); }));
  BOOST_TEST((daemon->status().phase == Phase::kAttaching));
  daemon->begin_stop(in(kPatience));
  BOOST_TEST(!permits->wanted());
  permits->set_most(1);
  WakePermit other(permits, [] {});
  BOOST_TEST(other.take());
}

BOOST_AUTO_TEST_SUITE_END()
