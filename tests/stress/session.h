// What every stress client is started with, and when it has to end.
#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>

#include "random.h"

namespace stress {

struct Options {
  std::string database;
  std::uint64_t seed = 1;
  double seconds = 10;
  std::string log;  // file to append acknowledged commits to; empty = none
  std::uint32_t page_size = 4096;
  int auto_vacuum = 0;
  std::string synchronous = "NORMAL";  // bench: as in the pragma
  int pace_us = 0;  // bench: one transaction each so many microseconds; 0 = unpaced
  int rows = 1;     // bench: rows a transaction
};

// SIGTERM asks the process to end after the current step.
void watch_for_stop();
bool stop_requested();

class Session {
 public:
  explicit Session(const Options& options)
      : random(options.seed),
        end_(std::chrono::steady_clock::now() +
             std::chrono::duration_cast<std::chrono::steady_clock::duration>(
                 std::chrono::duration<double>(options.seconds))) {}
  bool over() const { return stop_requested() || std::chrono::steady_clock::now() >= end_; }
  void sleep_up_to_us(std::uint32_t most) {
    std::this_thread::sleep_for(std::chrono::microseconds(random.below(most)));
  }
  Random random;

 private:
  std::chrono::steady_clock::time_point end_;
};

}  // namespace stress
