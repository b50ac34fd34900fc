#include "replicate/loop.h"

#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <semaphore>

#include "daemon_life.h"

using namespace streamd;
using namespace streamd::replicate;

namespace {

// Does in its run what the test says; whoever asks waits until it is in the middle of it.
class Stepped final : public Task {
 public:
  MonoTime run(bool) override {
    began_.release();
    go_on_.acquire();
    while (reads_ > 0) {
      char byte = 0;
      BOOST_REQUIRE(pread(zero_.fd(), &byte, 1, 0) == 1);
      --reads_;
      began_.release();
      go_on_.acquire();
    }
    return MonoTime::max();
  }
  void wait_until_it_runs() { began_.acquire(); }
  void let_it_go_on() { go_on_.release(); }
  void let_it_read_once(int more) {
    reads_ = more;
    go_on_.release();
    began_.acquire();
  }

 private:
  const File zero_ = require(File::open_read("/dev/zero"));
  std::atomic<int> reads_{0};
  std::binary_semaphore began_{0}, go_on_{0};
};

class Woken final : public Task {
 public:
  MonoTime run(bool woken) override {
    woken_ = woken;
    ran_.release();
    return MonoTime::max();
  }
  void wait_until_it_ran() { BOOST_REQUIRE(ran_.try_acquire_for(kPatience)); }
  bool woken() const { return woken_; }

 private:
  std::atomic<bool> woken_{false};
  std::counting_semaphore<> ran_{0};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(loop)

BOOST_AUTO_TEST_CASE(a_step_that_stands_still_is_noticed_and_one_that_reads_is_not) {
  const std::unique_ptr<Loop> loop = require(Loop::start());
  const MonoTime start = std::chrono::steady_clock::now();
  const auto look = [&](int second) {
    return loop->look_for_progress(start + std::chrono::seconds(second)).count();
  };
  BOOST_TEST(look(0) == 0);
  BOOST_TEST(look(1000) == 0);  // it waits for work: that is no standing still
  Stepped task;
  loop->add(task);
  task.wait_until_it_runs();
  BOOST_TEST(look(1001) == 0);
  BOOST_TEST(look(1004) == 3000);
  BOOST_TEST(look(1011) == 10'000);
  BOOST_TEST(loop->stands_still().count() == 10'000);
  task.let_it_read_once(1);
  BOOST_TEST(look(1012) == 0);
  BOOST_TEST(look(1015) == 3000);
  task.let_it_go_on();
  loop->remove(task);
  BOOST_TEST(look(1016) == 0);
  BOOST_TEST(look(2016) == 0);
  BOOST_TEST(loop->stands_still().count() == 0);
}

// The kernel queues so many events and drops the rest; two files in turns, as equal ones are
// joined.
BOOST_AUTO_TEST_CASE(a_write_is_not_missed_when_inotify_could_not_tell_of_it) {
  int most = 0;
  std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> most;
  BOOST_REQUIRE(most > 0);
  const TempFolder folder;
  File noisy[] = {require(File::create(folder.file("a"))), require(File::create(folder.file("b")))};
  File quiet = require(File::create(folder.file("c")));
  const std::unique_ptr<Loop> loop = require(Loop::start());
  Stepped busy;
  Woken missed;
  loop->add(missed);
  missed.wait_until_it_ran();
  loop->add(busy);
  busy.wait_until_it_runs();  // nothing is read from inotify meanwhile
  for (const char* name : {"a", "b"}) loop->watch(folder.file(name), Loop::Event::kWritten, busy);
  loop->watch(folder.file("c"), Loop::Event::kWritten, missed);
  for (int i = 0; i < most + 2; ++i) BOOST_REQUIRE(noisy[i % 2].write_at(0, Bytes{1}));
  BOOST_REQUIRE(quiet.write_at(0, Bytes{1}));
  busy.let_it_go_on();
  missed.wait_until_it_ran();
  BOOST_TEST(missed.woken());
  busy.wait_until_it_runs();
  busy.let_it_go_on();
  loop->remove(busy);
  loop->remove(missed);
}

BOOST_AUTO_TEST_SUITE_END()
