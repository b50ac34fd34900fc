#include "daemon/folder_watch.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

#include "base/log.h"

namespace streamd::daemon {
namespace {

constexpr milliseconds kSlowLook{30'000};
constexpr milliseconds kSettle{200};  // many come together

// What SQLite and streamd make and remove beside a database says nothing.
bool is_news(std::string_view name) {
  return !name.starts_with('.') && !name.ends_with("-wal") && !name.ends_with("-shm") &&
         !name.ends_with("-journal");
}

}  // namespace

Result<std::unique_ptr<FolderWatch>> FolderWatch::start(std::function<Look()> look) {
  const int inotify_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (inotify_fd < 0)
    return errno_error(errno, "watch folders").with_hint("raise fs.inotify.max_user_instances");
  const int event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (event_fd < 0) {
    const Error error = errno_error(errno, "make an event descriptor");
    close(inotify_fd);
    return error;
  }
  return std::unique_ptr<FolderWatch>(new FolderWatch(inotify_fd, event_fd, std::move(look)));
}

FolderWatch::FolderWatch(int inotify_fd, int event_fd, std::function<Look()> look)
    : inotify_fd_(inotify_fd),
      event_fd_(event_fd),
      look_(std::move(look)),
      thread_([this] { main(); }) {}

FolderWatch::~FolderWatch() {
  stopping_ = true;
  eventfd_write(event_fd_, 1);
  thread_.join();
  close(inotify_fd_);
  close(event_fd_);
}

void FolderWatch::look_again() {
  eventfd_write(event_fd_, 1);
}

// The watches come before the look: what appears in between is seen by one of them.
void FolderWatch::main() {
  Look look = look_();
  watch(look.folders);
  if (!look.folders.empty()) look = look_();
  while (!stopping_) {
    watch(look.folders);
    const bool news = wait(look.again_in.value_or(kSlowLook));
    if (stopping_) return;
    if (news) {
      wait(kSettle);
      (void)names_changed();
    }
    look = look_();
  }
}

void FolderWatch::watch(const std::vector<std::string>& folders) {
  constexpr std::uint32_t kEvents =
      IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF;
  for (const std::string& folder : folders) {
    if (inotify_add_watch(inotify_fd_, folder.c_str(), kEvents | IN_ONLYDIR) >= 0) continue;
    if (errno != ENOSPC || said_) continue;  // others are gone, and come again
    said_ = true;
    log_warn("no watch is left for a folder: new databases are found by the slow look",
             {{"folder", folder}, {"hint", "raise fs.inotify.max_user_watches"}});
  }
}

// True when a name came or went, or somebody said so, before the time was over.
bool FolderWatch::wait(milliseconds time) {
  const MonoTime until = std::chrono::steady_clock::now() + time;
  for (;;) {
    const auto left =
        std::chrono::duration_cast<milliseconds>(until - std::chrono::steady_clock::now());
    if (stopping_ || left.count() <= 0) return false;
    pollfd descriptors[] = {{inotify_fd_, POLLIN, 0}, {event_fd_, POLLIN, 0}};
    if (poll(descriptors, 2, static_cast<int>(left.count())) <= 0) continue;
    const bool was_told = told();
    if (names_changed() || was_told) return true;
  }
}

bool FolderWatch::told() {
  eventfd_t times = 0;
  return eventfd_read(event_fd_, &times) == 0;
}

bool FolderWatch::names_changed() {
  alignas(inotify_event) char buffer[4096];
  ssize_t got = 0;
  bool news = false;
  while ((got = read(inotify_fd_, buffer, sizeof buffer)) > 0)
    for (const char* at = buffer; at < buffer + got;) {
      const auto* event = reinterpret_cast<const inotify_event*>(at);
      at += sizeof(inotify_event) + event->len;
      news = news || event->len == 0 || is_news(event->name);
    }
  return news;
}

}  // namespace streamd::daemon
