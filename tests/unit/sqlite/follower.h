// A database that is followed: everything captured is applied to an image, which must be what
// SQLite shows.
#pragma once
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <functional>
#include <memory>
#include <thread>

#include "live_database.h"
#include "sqlite/capture.h"

using namespace streamd;
using sqlite::Capture;
using sqlite::CapturePolicy;
using sqlite::Continuity;

// Applies what is captured to an image, and counts. Everything is durable at once unless told
// otherwise.
class ImageSink final : public sqlite::CaptureSink {
 public:
  void looked(Micros not_before, Micros seen) override {
    times_in_order = times_in_order && not_before <= seen;
  }
  Status page(Capture& capture, PageNo page, ByteView bytes) override {
    if (fail_after > 0 && --fail_after == 0) return make_error(Code::kNoSpace, "planted");
    const std::size_t size = capture.position().page_size, end = size * page.value;
    if (open.size() < end) open.resize(end);
    std::copy(bytes.begin(), bytes.end(), open.begin() + static_cast<std::ptrdiff_t>(end - size));
    return {};
  }
  Status commit(Capture& capture) override {
    ++commits;
    open.resize(std::size_t{capture.position().pages} * capture.position().page_size);
    return {};
  }
  Status close_run(Capture& capture) override {
    if (before_run_closed) before_run_closed();
    capture.run_closed();
    return {};
  }
  Status make_durable(Capture& capture) override {
    if (before_durable) before_durable();
    if (refuse_durable) return make_error(Code::kNoSpace, "planted");
    if (says_nothing) return {};
    durable = open;
    capture.durable_up_to_here();
    return {};
  }
  void discard() override {
    ++discards;
    open = durable;
  }
  void begin_at(Capture& capture) {  // what a first snapshot would do
    const wal::Position& now = capture.position();
    open.resize(std::size_t{now.pages} * now.page_size);
    for (std::uint32_t page = 1; page <= now.pages; ++page)
      BOOST_REQUIRE(capture.read_page(
          PageNo(page),
          MutableBytes(open).subspan(std::size_t{page - 1} * now.page_size, now.page_size)));
    durable = open;
    capture.durable_up_to_here();
  }
  Bytes open, durable;
  int commits = 0, discards = 0, fail_after = 0;
  bool refuse_durable = false, times_in_order = true;
  bool says_nothing = false;  // of what is durable, although it succeeds
  std::function<void()> before_durable, before_run_closed;
};

template <class T>
void require(const Result<T>& result) {
  BOOST_REQUIRE_MESSAGE(result.has_value(), (result ? std::string() : result.error().message));
}

inline CapturePolicy quick_policy() {
  CapturePolicy policy;
  policy.idle = policy.alone = policy.quiet = milliseconds(20);
  return policy;
}

struct Follower {
  using Hook = std::function<void()>;
  // `meanwhile` happens while the pages are read or compared.
  explicit Follower(LiveDatabase& live, const wal::Position& last = {}, const Hook& meanwhile = {},
                    const CapturePolicy& with = quick_policy())
      : database(live), policy(with) {
    attach(last, meanwhile);
  }
  void attach(const wal::Position& last, const Hook& meanwhile = {}) {
    auto attached = Capture::attach(database.path(), last, sink, policy, system_clock());
    require(attached);
    capture = std::move(*attached);
    if (capture->continuity() == Continuity::kBroken) {
      sink.begin_at(*capture);
      if (meanwhile) meanwhile();
    }
    const Status settled = capture->settle();
    require(settled);
  }
  void step() {
    const auto stepped = capture->step();
    require(stepped);
  }
  // Until the log is handed over: everything captured, durable and backfilled.
  void settle_down() {
    for (int i = 0; i < 500 && !capture->handed_over(); ++i) {
      step();
      std::this_thread::sleep_for(milliseconds(1));
    }
    BOOST_REQUIRE(capture->handed_over());
  }
  // The same where steps may fail and are tried again.
  void settle_down_patiently() {
    for (int i = 0; i < 500; ++i) {
      const auto stepped = capture->step();
      if (!stepped) BOOST_TEST((stepped.error().code != Code::kInternal), stepped.error().message);
      if (stepped && !*stepped && capture->handed_over()) return;
      std::this_thread::sleep_for(milliseconds(1));
    }
    BOOST_FAIL("the log was never handed over");
  }
  void catch_up() { BOOST_REQUIRE(capture->catch_up()); }
  void check() {
    catch_up();
    BOOST_TEST((sink.open == database.image()));
  }
  LiveDatabase& database;
  const CapturePolicy policy;
  ImageSink sink;
  std::unique_ptr<Capture> capture;
};

// Follows in a thread of its own, as the daemon does, until told to stop. Exceptions of Boost.Test
// stay out of it: it notes the first failure.
class FollowingThread {
 public:
  explicit FollowingThread(Follower& follower) : thread_([this, &follower] { main(follower); }) {}
  ~FollowingThread() { stop(); }
  FollowingThread(const FollowingThread&) = delete;
  FollowingThread& operator=(const FollowingThread&) = delete;
  void stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
    BOOST_TEST(failure_ == "");
  }

 private:
  void main(Follower& follower) {
    while (!stop_) {
      const auto stepped = follower.capture->step();
      if (!stepped && failure_.empty()) failure_ = stepped.error().message;
      if (!stepped || !*stepped) std::this_thread::sleep_for(milliseconds(1));
    }
  }
  std::atomic<bool> stop_{false};
  std::string failure_;
  std::thread thread_;
};
