#include "replicate/loop.h"

#include <malloc.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <string_view>

#include "base/file.h"

namespace streamd::replicate {
namespace {

constexpr milliseconds kQuiet{500};
constexpr std::chrono::seconds kGiveBack{10};
// How often a thread of this process has read or written; 0 when the kernel does not count. Lines
// like `syscr: 17`.
std::uint64_t calls_of_thread(int thread) {
  auto file = File::open_read("/proc/self/task/" + std::to_string(thread) + "/io");
  std::uint8_t raw[512];
  const auto got = file ? file->read_some_at(0, raw) : Result<std::size_t>(std::size_t{0});
  const std::string_view text(reinterpret_cast<const char*>(raw), got.value_or(0));
  std::uint64_t sum = 0;
  for (const std::string_view name : {"syscr: ", "syscw: "}) {
    const std::size_t at = text.find(name);
    std::uint64_t count = 0;
    if (at == std::string_view::npos) continue;
    std::from_chars(text.data() + at + name.size(), text.data() + text.size(), count);
    sum += count;
  }
  return sum;
}

}  // namespace

Result<std::unique_ptr<Loop>> Loop::start() {
  const int inotify_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (inotify_fd < 0)
    return errno_error(errno, "watch files").with_hint("raise fs.inotify.max_user_instances");
  const int event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (event_fd < 0) {
    const Error error = errno_error(errno, "make an event descriptor");
    close(inotify_fd);
    return error;
  }
  return std::unique_ptr<Loop>(new Loop(inotify_fd, event_fd));
}

Loop::Loop(int inotify_fd, int event_fd)
    : inotify_fd_(inotify_fd), event_fd_(event_fd), thread_([this] { main(); }) {}

Loop::~Loop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  eventfd_write(event_fd_, 1);
  thread_.join();
  close(inotify_fd_);
  close(event_fd_);
}

void Loop::add(Task& task) {
  {
    const std::lock_guard lock(mutex_);
    const MonoTime now = std::chrono::steady_clock::now();
    tasks_[&task].due = now;
    queue_.emplace(now, &task);
  }
  eventfd_write(event_fd_, 1);
}

void Loop::remove(Task& task) {
  std::unique_lock lock(mutex_);
  const auto found = tasks_.find(&task);
  if (found == tasks_.end()) return;
  queue_.erase({found->second.due, &task});
  found->second.removed = true;
  idle_.wait(lock, [&] { return !tasks_.at(&task).running; });
  tasks_.erase(&task);
  std::erase_if(watches_, [&](const auto& entry) {
    if (entry.second != &task) return false;
    inotify_rm_watch(inotify_fd_, entry.first);
    return true;
  });
}

void Loop::wake(Task& task) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = tasks_.find(&task);
    if (found == tasks_.end() || found->second.removed) return;
    found->second.woken = true;
    if (found->second.running) return;  // it will be run again right after
    schedule(&task, MonoTime{});
  }
  eventfd_write(event_fd_, 1);
}

void Loop::schedule(Task* task, MonoTime when) {
  State& state = tasks_.at(task);
  queue_.erase({state.due, task});
  state.due = when;
  queue_.emplace(when, task);
}

// A file that somebody has open loses a link when another is renamed over it: IN_ATTRIB.
int Loop::watch(const std::string& path, Event event, Task& task) {
  const std::uint32_t events =
      event == Event::kWritten ? IN_MODIFY : IN_ATTRIB | IN_MOVE_SELF | IN_DELETE_SELF;
  const int number = inotify_add_watch(inotify_fd_, path.c_str(), events);
  if (number < 0) return -1;
  const std::lock_guard lock(mutex_);
  watches_[number] = &task;
  return number;
}

void Loop::unwatch(int number) {
  if (number < 0) return;
  inotify_rm_watch(inotify_fd_, number);
  const std::lock_guard lock(mutex_);
  watches_.erase(number);
}

Task* Loop::next_due(MonoTime now, bool& woken, MonoTime& until) {
  const std::lock_guard lock(mutex_);
  if (queue_.empty()) {
    until = now + std::chrono::hours(1);
    return nullptr;
  }
  const auto [due, task] = *queue_.begin();
  if (due > now) {
    until = due;
    return nullptr;
  }
  queue_.erase(queue_.begin());
  State& state = tasks_.at(task);
  woken = state.woken;
  state.woken = false;
  state.running = true;
  return task;
}

milliseconds Loop::look_for_progress(MonoTime now) {
  const std::uint64_t turns = turns_;
  const std::uint64_t calls = calls_of_thread(thread_id_);
  if (turns % 2 == 0 || turns != last_look_.turns || calls != last_look_.calls)
    last_look_ = {turns, calls, now};
  const auto still = std::chrono::duration_cast<milliseconds>(now - last_look_.since);
  stands_still_ = still.count();
  return still;
}

void Loop::main() {
  thread_id_ = gettid();
  for (;;) {
    drain_inotify();
    bool woken = false;
    MonoTime until;
    Task* task = next_due(std::chrono::steady_clock::now(), woken, until);
    if (task == nullptr) {
      {
        const std::lock_guard lock(mutex_);
        if (stopping_) return;
      }
      give_back_memory(std::chrono::steady_clock::now(), until);
      wait(until);
      continue;
    }
    ran_ = true;
    ++turns_;
    const MonoTime next = task->run(woken);
    ++turns_;
    const std::lock_guard lock(mutex_);
    State& state = tasks_.at(task);
    state.running = false;
    if (state.removed)
      idle_.notify_all();
    else
      schedule(task, state.woken ? MonoTime{} : next);
  }
}

// What databases freed when they came to rest lies between what others keep; the C library does not
// return it by itself.
void Loop::give_back_memory(MonoTime now, MonoTime until) {
  if (!ran_ || until - now < kQuiet || now - given_back_ < kGiveBack) return;
  malloc_trim(0);
  ran_ = false;
  given_back_ = now;
}

void Loop::wait(MonoTime until) {
  const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(
      until - std::chrono::steady_clock::now());
  if (left.count() <= 0) return;
  const timespec timeout{static_cast<time_t>(left.count() / 1'000'000'000),
                         static_cast<long>(left.count() % 1'000'000'000)};
  pollfd descriptors[] = {{inotify_fd_, POLLIN, 0}, {event_fd_, POLLIN, 0}};
  if (ppoll(descriptors, 2, &timeout, nullptr) <= 0) return;
  eventfd_t ignored = 0;
  if ((descriptors[1].revents & POLLIN) != 0) eventfd_read(event_fd_, &ignored);
}

void Loop::drain_inotify() {
  alignas(inotify_event) char buffer[4096];
  ssize_t got = 0;
  while ((got = read(inotify_fd_, buffer, sizeof buffer)) > 0) {
    const std::lock_guard lock(mutex_);
    for (const char* at = buffer; at < buffer + got;) {
      const auto* event = reinterpret_cast<const inotify_event*>(at);
      at += sizeof(inotify_event) + event->len;
      if ((event->mask & IN_Q_OVERFLOW) != 0)
        wake_all_watching();  // whose events were lost, none knows
      const auto watched = watches_.find(event->wd);
      if (watched != watches_.end()) wake_watching(*watched->second);
    }
  }
}

void Loop::wake_watching(Task& task) {
  State& state = tasks_.at(&task);
  state.woken = true;
  if (!state.running) schedule(&task, MonoTime{});
}

void Loop::wake_all_watching() {
  for (const auto& [number, task] : watches_) wake_watching(*task);
}

}  // namespace streamd::replicate
