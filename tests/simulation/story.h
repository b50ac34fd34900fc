// What happens in one run: who does what when, drawn from a seed.
#pragma once
#include <cstdint>
#include <string>

namespace simulation {

struct Outcome {
  std::uint64_t commits = 0, restores = 0, by_time = 0, walked = 0, kills = 0, stops = 0,
                failures = 0, jumps = 0, takeovers = 0, objects = 0, holes = 0;
};

// Of the only task. Works in `folder`; lasts for so many virtual seconds.
Outcome run_story(const std::string& folder, std::uint64_t seed, double seconds);

}  // namespace simulation
