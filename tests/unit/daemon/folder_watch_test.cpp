// Who watches folders looks when it is told to, not only when a name changes or its slow look is
// due.
#include "daemon/folder_watch.h"

#include <boost/test/unit_test.hpp>
#include <condition_variable>
#include <mutex>

using namespace streamd;

BOOST_AUTO_TEST_SUITE(folder_watch)

BOOST_AUTO_TEST_CASE(it_looks_at_once_and_whenever_it_is_told) {
  std::mutex mutex;
  std::condition_variable more;
  int looks = 0;
  const auto watch = daemon::FolderWatch::start([&] {
                       const std::lock_guard lock(mutex);
                       ++looks;
                       more.notify_all();
                       return daemon::FolderWatch::Look();
                     }).value();
  const auto came_to = [&](int number) {  // well before the slow look after half a minute
    std::unique_lock lock(mutex);
    return more.wait_for(lock, std::chrono::seconds(20), [&] { return looks >= number; });
  };
  BOOST_TEST(came_to(1));
  watch->look_again();
  BOOST_TEST(came_to(2));
  watch->look_again();
  BOOST_TEST(came_to(3));
}

BOOST_AUTO_TEST_SUITE_END()
