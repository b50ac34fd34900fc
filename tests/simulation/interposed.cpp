// The functions of the C library by which threads wait for each other or for time, in front of the
// library's own: what the program and its libraries call is what is defined here. Threads that are
// no tasks get the real ones.
#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <sys/random.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <map>

#include "scheduler.h"

using namespace simulation;

namespace {

constexpr Nanos kSecond = 1'000'000'000;

template <class Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

Nanos of(const timespec& time) {
  return time.tv_sec * kSecond + time.tv_nsec;
}

bool is_wall(clockid_t clock) {
  return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
}

bool is_monotonic(clockid_t clock) {
  return clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_COARSE ||
         clock == CLOCK_MONOTONIC_RAW || clock == CLOCK_BOOTTIME;
}

int sleep_for(Nanos time) {
  sleep_until(elapsed() + time);
  return 0;
}

// Of a moment by one of the clocks, as virtual time.
Nanos deadline(clockid_t clock, const timespec& time) {
  return elapsed() + (of(time) - (is_wall(clock) ? wall() : monotonic()));
}

struct Start {
  Task* task;
  void* (*routine)(void*);
  void* argument;
};

void* main_of_task(void* raw) {
  const Start start = *static_cast<Start*>(raw);
  delete static_cast<Start*>(raw);
  run_task(*start.task);
  void* result = start.routine(start.argument);
  end_task(*start.task);
  return result;
}

std::map<pthread_t, Task*>& threads() {
  static std::map<pthread_t, Task*> all;
  return all;
}

int unlock(pthread_mutex_t* mutex) {
  static auto* const real_unlock = real<int(pthread_mutex_t*)>("pthread_mutex_unlock");
  const int result = real_unlock(mutex);
  if (is_task()) wake(mutex, true);
  return result;
}

int lock(pthread_mutex_t* mutex) {
  static auto* const try_lock = real<int(pthread_mutex_t*)>("pthread_mutex_trylock");
  int result = 0;
  while ((result = try_lock(mutex)) == EBUSY) wait_for(mutex, INT64_MAX);
  return result;
}

int wait_on(pthread_cond_t* condition, pthread_mutex_t* mutex, Nanos until) {
  unlock(mutex);
  const bool woken = wait_for(condition, until);
  lock(mutex);
  return woken ? 0 : ETIMEDOUT;
}

}  // namespace

#pragma GCC visibility push(default)
extern "C" {

int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*routine)(void*),
                   void* argument) {
  static auto* const create =
      real<int(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*)>("pthread_create");
  if (!is_task()) return create(thread, attributes, routine, argument);
  Task* const task = new_task();
  const int result = create(thread, attributes, main_of_task, new Start{task, routine, argument});
  if (result != 0) fail("a thread cannot be made");
  threads()[*thread] = task;
  yield_now_and_then();
  return 0;
}

int pthread_join(pthread_t thread, void** result) {
  static auto* const join = real<int(pthread_t, void**)>("pthread_join");
  if (is_task())
    if (const auto found = threads().find(thread); found != threads().end()) {
      wait_for_end(*found->second);
      threads().erase(found);
    }
  return join(thread, result);
}

int pthread_mutex_lock(pthread_mutex_t* mutex) {
  static auto* const real_lock = real<int(pthread_mutex_t*)>("pthread_mutex_lock");
  if (!is_task()) return real_lock(mutex);
  yield_now_and_then();
  return lock(mutex);
}

int pthread_mutex_unlock(pthread_mutex_t* mutex) {
  return unlock(mutex);
}

int pthread_cond_wait(pthread_cond_t* condition, pthread_mutex_t* mutex) {
  static auto* const wait = real<int(pthread_cond_t*, pthread_mutex_t*)>("pthread_cond_wait");
  return is_task() ? wait_on(condition, mutex, INT64_MAX) : wait(condition, mutex);
}

int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock,
                           const timespec* until) {
  static auto* const wait =
      real<int(pthread_cond_t*, pthread_mutex_t*, clockid_t, const timespec*)>(
          "pthread_cond_clockwait");
  return is_task() ? wait_on(condition, mutex, deadline(clock, *until))
                   : wait(condition, mutex, clock, until);
}

int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex,
                           const timespec* until) {
  static auto* const wait =
      real<int(pthread_cond_t*, pthread_mutex_t*, const timespec*)>("pthread_cond_timedwait");
  return is_task() ? wait_on(condition, mutex, deadline(CLOCK_REALTIME, *until))
                   : wait(condition, mutex, until);
}

int pthread_cond_signal(pthread_cond_t* condition) {
  static auto* const signal = real<int(pthread_cond_t*)>("pthread_cond_signal");
  if (!is_task()) return signal(condition);
  wake(condition, false);
  return 0;
}

int pthread_cond_broadcast(pthread_cond_t* condition) {
  static auto* const broadcast = real<int(pthread_cond_t*)>("pthread_cond_broadcast");
  if (!is_task()) return broadcast(condition);
  wake(condition, true);
  return 0;
}

int clock_gettime(clockid_t clock, timespec* time) {
  static auto* const get = real<int(clockid_t, timespec*)>("clock_gettime");
  if (!is_task() || (!is_wall(clock) && !is_monotonic(clock))) return get(clock, time);
  const Nanos now = is_wall(clock) ? wall() : monotonic();
  *time = {static_cast<time_t>(now / kSecond), static_cast<long>(now % kSecond)};
  return 0;
}

int gettimeofday(timeval* time, void* zone) {
  static auto* const get = real<int(timeval*, void*)>("gettimeofday");
  if (!is_task()) return get(time, zone);
  const Nanos now = wall();
  *time = {static_cast<time_t>(now / kSecond), static_cast<suseconds_t>(now % kSecond / 1000)};
  return 0;
}

time_t time(time_t* out) {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (out != nullptr) *out = now.tv_sec;
  return now.tv_sec;
}

int nanosleep(const timespec* time, timespec* left) {
  static auto* const sleep = real<int(const timespec*, timespec*)>("nanosleep");
  return is_task() ? sleep_for(of(*time)) : sleep(time, left);
}

int clock_nanosleep(clockid_t clock, int flags, const timespec* time, timespec* left) {
  static auto* const sleep =
      real<int(clockid_t, int, const timespec*, timespec*)>("clock_nanosleep");
  if (!is_task()) return sleep(clock, flags, time, left);
  sleep_until((flags & TIMER_ABSTIME) != 0 ? deadline(clock, *time) : elapsed() + of(*time));
  return 0;
}

int usleep(useconds_t micros) {
  static auto* const sleep = real<int(useconds_t)>("usleep");
  return is_task() ? sleep_for(Nanos{micros} * 1000) : sleep(micros);
}

int sched_yield() {
  if (is_task()) yield();
  return 0;
}

int ppoll(pollfd* files, nfds_t count, const timespec* timeout, const sigset_t* mask) {
  static auto* const wait = real<int(pollfd*, nfds_t, const timespec*, const sigset_t*)>("ppoll");
  if (!is_task()) return wait(files, count, timeout, mask);
  return wait_for_files(files, count, timeout == nullptr ? INT64_MAX : elapsed() + of(*timeout));
}

ssize_t getrandom(void* out, size_t size, unsigned flags) {
  static auto* const get = real<ssize_t(void*, size_t, unsigned)>("getrandom");
  if (!is_task()) return get(out, size, flags);
  fill_randomly(out, size);
  return static_cast<ssize_t>(size);
}

// Nothing here loses what was not synced: the disk only has to be asked in other tests.
int fsync(int) {
  if (is_task()) yield_now_and_then();
  return 0;
}
int fdatasync(int file) {
  return fsync(file);
}
int sync_file_range(int, off64_t, off64_t, unsigned) {
  return 0;
}

}  // extern "C"
#pragma GCC visibility pop
