// Real threads of which only one runs at a time. Which one is decided by chance, from a seed, at
// every point where the system could have decided otherwise: a lock, a wait, a sleep, the beginning
// and end of a thread, an operation on a file or a store. When nobody can run, the clock is put
// forward to the next deadline, so that hours pass in seconds.
//
// interposed.cpp puts this under the C library's functions: the code of the product does not know
// of it.
#pragma once
#include <poll.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace simulation {

using Nanos = std::int64_t;  // of virtual time, since it began

// From now on there is one thread that runs: the calling one, which becomes the first task. Threads
// that tasks begin are tasks. Once in a process.
void begin_scheduling(std::uint64_t seed);
void end_scheduling();  // the calling task is the only one that is left
bool is_task();         // the calling thread

// For tasks.
void yield();               // others may go first
void yield_now_and_then();  // at one of four calls
void sleep_until(Nanos time);
// Until wake(object), or until `time`; false: it was the time. INT64_MAX = for ever.
bool wait_for(const void* object, Nanos time);
void wake(const void* object, bool all);
// Until one of them is ready; what poll(2) would return.
int wait_for_files(pollfd* files, nfds_t count, Nanos time);

struct Task;
Task* new_task();           // for a thread that is about to begin
void run_task(Task& task);  // the first call of its thread: returns when its turn has come
void end_task(Task& task);  // the last call of its thread
void wait_for_end(Task& task);

Nanos elapsed();              // virtual time
Nanos monotonic();            // the same from another beginning; each look costs a microsecond
Nanos wall();                 // likewise Unix time, by a clock that jumps
void jump(Nanos by);          // only the wall clock
std::uint64_t random_bits();  // the same ones for a seed
void fill_randomly(void* out, std::size_t size);

// What happened, as one number: two runs of a seed must agree.
void note(std::string_view event);
std::uint64_t digest();
std::uint64_t switches();

// Ends the process: said with the seed, and with what the tasks wait for.
[[noreturn]] void fail(std::string_view why);

}  // namespace simulation
