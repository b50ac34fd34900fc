#include "replicate/crew.h"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <semaphore>

#include "daemon_life.h"

using namespace streamd;
using namespace streamd::replicate;

namespace {

constexpr std::size_t kMany = 40;

// Stays in its run until it is told to go on.
class Held final : public Task {
 public:
  MonoTime run(bool woken) override {
    ++runs;
    all_woken = all_woken && woken;
    began.release();
    go_on.acquire();
    return next;
  }
  std::atomic<int> runs{0};
  std::atomic<bool> all_woken{true};
  std::atomic<MonoTime> next{MonoTime::max()};
  std::counting_semaphore<kMany> began{0}, go_on{0};
};

class Quick final : public Task {
 public:
  MonoTime run(bool woken) override {
    all_woken = all_woken && woken;
    ran.release();
    return delay.count() == 0 ? MonoTime::max() : std::chrono::steady_clock::now() + delay;
  }
  std::atomic<bool> all_woken{true};
  milliseconds delay{0};
  std::counting_semaphore<1'000'000> ran{0};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(crew)

BOOST_AUTO_TEST_CASE(a_task_runs_when_it_is_woken_and_when_its_time_has_come) {
  Crew crew({1, std::nullopt, {}});
  Quick once, often;
  often.delay = milliseconds(1);
  BOOST_TEST(crew.threads() == 0);
  crew.wake(once);
  once.ran.acquire();
  BOOST_TEST(once.all_woken.load());
  crew.wake(often);
  for (int i = 0; i < 20; ++i) often.ran.acquire();
  BOOST_TEST(!often.all_woken.load());
  BOOST_TEST(!once.ran.try_acquire());
  crew.wake(once);
  once.ran.acquire();
  crew.remove(once);
  crew.remove(often);
  while (often.ran.try_acquire()) {
  }
  BOOST_TEST(!often.ran.try_acquire_for(milliseconds(20)));
}

BOOST_AUTO_TEST_CASE(one_that_is_woken_while_it_runs_runs_again_and_never_twice_at_a_time) {
  Crew crew({4, milliseconds(0), {}});
  Held task;
  crew.wake(task);
  task.began.acquire();
  crew.wake(task);
  crew.wake(task);
  BOOST_TEST(!task.began.try_acquire_for(milliseconds(20)));
  BOOST_TEST(task.runs == 1);
  task.go_on.release();
  task.began.acquire();
  BOOST_TEST(task.runs == 2);
  BOOST_TEST(task.all_woken.load());
  task.go_on.release();
  crew.remove(task);
  BOOST_TEST(task.runs == 2);
}

BOOST_AUTO_TEST_CASE(removing_waits_for_the_end_of_the_run_and_forgets_that_it_was_woken) {
  Crew crew({1, std::nullopt, {}});
  Held task;
  crew.wake(task);
  task.began.acquire();
  crew.wake(task);
  std::atomic<bool> removed{false};
  std::thread remover([&] {
    crew.remove(task);
    removed = true;
  });
  std::this_thread::sleep_for(milliseconds(20));
  BOOST_TEST(!removed.load());
  task.go_on.release();
  remover.join();
  BOOST_TEST(task.runs == 1);
}

// Of what waits, the first one begins first.
BOOST_AUTO_TEST_CASE(no_more_than_a_few_run_at_a_time_where_there_is_no_patience_to_lose) {
  Crew crew({2, std::nullopt, {}});
  std::vector<Held> tasks(4);
  for (Held& task : tasks) crew.wake(task);
  tasks[0].began.acquire();
  tasks[1].began.acquire();
  BOOST_TEST(!tasks[2].began.try_acquire_for(milliseconds(50)));
  crew.remove(tasks[3]);  // before its turn
  tasks[0].go_on.release();
  tasks[2].began.acquire();
  tasks[1].go_on.release();
  tasks[2].go_on.release();
  for (Held& task : tasks) crew.remove(task);
  BOOST_TEST(tasks[3].runs == 0);
}

BOOST_AUTO_TEST_CASE(however_many_stand_still_the_next_one_runs) {
  Crew crew({2, milliseconds(5), milliseconds(1)});
  std::vector<Held> stuck(kMany);
  for (Held& task : stuck) crew.wake(task);
  for (Held& task : stuck) task.began.acquire();
  BOOST_TEST(crew.threads() >= kMany);
  Quick well;
  crew.wake(well);
  well.ran.acquire();
  for (Held& task : stuck) task.go_on.release();
  for (Held& task : stuck) crew.remove(task);
  crew.remove(well);
}

BOOST_AUTO_TEST_SUITE_END()
