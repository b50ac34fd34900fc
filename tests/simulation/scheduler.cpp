#include "scheduler.h"

#include <linux/futex.h>
#include <malloc.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <climits>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

#include "base/hash.h"

namespace simulation {

struct Task {
  int number = 0;
  std::atomic<int> turn{0};  // 1: it may run
  bool ended = false, forgotten = false, waiting = false, woken = false;
  const void* waits_for = nullptr;
  pollfd* files = nullptr;
  nfds_t file_count = 0;
  Nanos until = INT64_MAX;
};

namespace {

constexpr Nanos kLook = 1000;
constexpr Nanos kEpoch = 1'790'000'000'000'000'000;  // 2026; any time will do
constexpr Nanos kMonotonicEpoch = 1'000'000'000'000;

// Everything here is only touched by the task whose turn it is.
struct World {
  std::uint64_t seed = 0, random = 0, digest = 0, switches = 0;
  Nanos now = 0, wall_offset = kEpoch;
  std::vector<std::unique_ptr<Task>> tasks;  // in the order in which they began
  std::vector<Task*> ready;
  int numbers = 0;
} world;

thread_local Task* current = nullptr;

std::uint64_t mix(std::uint64_t& state) {  // splitmix64
  state += 0x9E3779B97F4A7C15ull;
  std::uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  return z ^ (z >> 31);
}

void wait_for_turn(Task& task) {
  while (task.turn.exchange(0) == 0) syscall(SYS_futex, &task.turn, FUTEX_WAIT_PRIVATE, 0, nullptr);
}

void give_turn(Task& task) {
  task.turn = 1;
  syscall(SYS_futex, &task.turn, FUTEX_WAKE_PRIVATE, 1);
}

bool can_run(Task& task) {
  if (task.ended) return false;
  if (!task.waiting || task.woken || task.until <= world.now) return true;
  if (task.files == nullptr) return false;
  return ::poll(task.files, task.file_count, 0) > 0;
}

Task& choose() {
  for (;;) {
    world.ready.clear();
    Nanos next = INT64_MAX;
    for (const auto& task : world.tasks) {
      if (can_run(*task))
        world.ready.push_back(task.get());
      else if (!task->ended)
        next = std::min(next, task->until);
    }
    if (!world.ready.empty()) return *world.ready[mix(world.random) % world.ready.size()];
    if (next == INT64_MAX) fail("nobody can ever run again");
    world.now = next;
  }
}

// The calling task waits, or not, as its fields say.
void switch_task() {
  Task& me = *current;
  Task& next = choose();
  if (&next != &me) {
    ++world.switches;
    const std::int64_t what[] = {world.now, next.number};
    world.digest =
        streamd::xxh3({reinterpret_cast<const std::uint8_t*>(what), sizeof what}, world.digest);
    give_turn(next);
    wait_for_turn(me);
  }
  me.waiting = false;
}

void wait_now(const void* object, Nanos until) {
  current->waiting = true;
  current->woken = false;
  current->waits_for = object;
  current->until = until;
  switch_task();
  current->waits_for = nullptr;
  current->until = INT64_MAX;
}

}  // namespace

void begin_scheduling(std::uint64_t seed) {
  mallopt(M_ARENA_MAX, 1);
  cpu_set_t all;
  cpu_set_t one;  // handing over on one processor is the fastest
  CPU_ZERO(&one);
  sched_getaffinity(0, sizeof all, &all);
  for (int i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++i)
    if (CPU_ISSET((i + getpid()) % CPU_SETSIZE, &all)) CPU_SET((i + getpid()) % CPU_SETSIZE, &one);
  sched_setaffinity(0, sizeof one, &one);
  world.seed = world.random = seed;
  current = new_task();
}

void end_scheduling() {
  current = nullptr;
}

bool is_task() {
  return current != nullptr;
}

void yield() {
  switch_task();
}

void yield_now_and_then() {
  if (mix(world.random) % 4 == 0) switch_task();
}

void sleep_until(Nanos time) {
  wait_now(nullptr, time);
}

bool wait_for(const void* object, Nanos time) {
  wait_now(object, time);
  return current->woken;
}

void wake(const void* object, bool all) {
  world.ready.clear();
  for (const auto& task : world.tasks)
    if (task->waiting && !task->woken && task->waits_for == object)
      world.ready.push_back(task.get());
  if (world.ready.empty()) return;
  if (!all) std::swap(world.ready[0], world.ready[mix(world.random) % world.ready.size()]);
  for (Task* task : world.ready) {
    task->woken = true;
    if (!all) return;
  }
}

int wait_for_files(pollfd* files, nfds_t count, Nanos time) {
  current->files = files;
  current->file_count = count;
  wait_now(nullptr, time);
  current->files = nullptr;
  return ::poll(files, count, 0);
}

Task* new_task() {
  std::erase_if(world.tasks, [](const auto& task) { return task->forgotten; });
  world.tasks.push_back(std::make_unique<Task>());
  world.tasks.back()->number = ++world.numbers;
  return world.tasks.back().get();
}

void run_task(Task& task) {
  current = &task;
  wait_for_turn(task);
}

// Whoever waits for the end sees to it that the thread is over, too.
void end_task(Task& task) {
  task.ended = true;
  wake(&task, true);
  Task& next = choose();
  ++world.switches;
  current = nullptr;
  give_turn(next);
}

void wait_for_end(Task& task) {
  while (!task.ended) wait_now(&task, INT64_MAX);
  task.forgotten = true;
}

Nanos elapsed() {
  return world.now;
}

Nanos monotonic() {
  return (world.now += kLook) + kMonotonicEpoch;
}

Nanos wall() {
  return (world.now += kLook) + world.wall_offset;
}

void jump(Nanos by) {
  world.wall_offset += by;
}

std::uint64_t random_bits() {
  return mix(world.random);
}

void fill_randomly(void* out, std::size_t size) {
  auto* bytes = static_cast<std::uint8_t*>(out);
  for (std::size_t at = 0; at < size; at += 8) {
    const std::uint64_t bits = mix(world.random);
    std::memcpy(bytes + at, &bits, std::min<std::size_t>(8, size - at));
  }
}

void note(std::string_view event) {
  const std::int64_t when = world.now;
  world.digest =
      streamd::xxh3({reinterpret_cast<const std::uint8_t*>(&when), sizeof when}, world.digest);
  world.digest = streamd::xxh3({reinterpret_cast<const std::uint8_t*>(event.data()), event.size()},
                               world.digest);
}

std::uint64_t digest() {
  return world.digest;
}

std::uint64_t switches() {
  return world.switches;
}

void fail(std::string_view why) {
  std::printf("FAILED seed %llu after %.3f virtual seconds: %.*s\n",
              static_cast<unsigned long long>(world.seed), static_cast<double>(world.now) / 1e9,
              static_cast<int>(why.size()), why.data());
  std::fflush(stdout);
  _exit(1);
}

}  // namespace simulation
