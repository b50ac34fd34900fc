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

BOOST_AUTO_TEST_CASE(of_two_databases_one_waits_until_the_other_rests) {
  LiveDatabase first, second;
  const auto permits = std::make_shared<WakePermits>(1);
  const auto tune = [&](DatabaseSettings& settings) { settings.permits = permits; };
  const auto a = std::make_shared<MemoryStore>(), b = std::make_shared<MemoryStore>();
  Daemon one(first, {a}, std::chrono::hours(24), 0, tune);
  Daemon other(second, {b}, std::chrono::hours(24), 0, tune);
  for (int round = 0; round < 20; ++round) {
    first.insert();
    second.insert();
    one.sync();
    other.sync();
  }
  BOOST_TEST(wait_for([&] { return !permits->wanted(); }));
  BOOST_TEST(one->status().capture.live_breaks == 0U);
  BOOST_TEST(!one->status().error);
  BOOST_TEST(!other->status().error);
  BOOST_TEST((restored(*a, first) == first.image()));
  BOOST_TEST((restored(*b, second) == second.image()));
  BOOST_TEST(one.stop().has_value());
  BOOST_TEST(other.stop().has_value());
}

BOOST_AUTO_TEST_CASE(one_that_waits_is_stopped_with_everything_sent) {
  LiveDatabase first, second;
  const auto permits = std::make_shared<WakePermits>(2);
  const auto tune = [&](DatabaseSettings& settings) { settings.permits = permits; };
  const auto a = std::make_shared<MemoryStore>(), b = std::make_shared<MemoryStore>();
  Daemon one(first, {a}, std::chrono::hours(24), 0, tune);
  Daemon other(second, {b}, std::chrono::hours(24), 0, tune);
  one.sync();
  other.sync();
  WakePermit outsider(permits, [] {});
  permits->set_most(0);
  BOOST_TEST(wait_for([&] { return !outsider.take() && permits->wanted(); }));
  second.insert();
  Status stopped;
  std::thread stopping([&] { stopped = other.stop(); });
  std::this_thread::sleep_for(milliseconds(200));
  permits->set_most(2);
  stopping.join();
  BOOST_TEST(stopped.has_value());
  BOOST_TEST((restored(*b, second) == second.image()));
  BOOST_TEST(one.stop().has_value());
}

BOOST_AUTO_TEST_SUITE_END()
