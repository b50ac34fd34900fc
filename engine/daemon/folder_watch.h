// Watches folders for databases that come and go.
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace streamd::daemon {

class FolderWatch {
 public:
  struct Look {
    std::vector<std::string> folders;      // to be watched from now on
    std::optional<milliseconds> again_in;  // earlier than the slow look
  };
  // `look` is called on a thread of its own: at once, soon after a name came or went in one of the
  // folders, and now and then in any case (a network's file system tells nothing). kIo when the
  // system has no inotify instance left.
  static Result<std::unique_ptr<FolderWatch>> start(std::function<Look()> look);
  ~FolderWatch();
  void look_again();  // any thread: there may be other folders to watch

 private:
  FolderWatch(int inotify_fd, int event_fd, std::function<Look()> look);
  void main();
  void watch(const std::vector<std::string>& folders);
  bool wait(milliseconds time);
  bool told();
  bool names_changed();
  const int inotify_fd_, event_fd_;
  const std::function<Look()> look_;
  bool said_ = false;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace streamd::daemon
