// What the system says of this process.
#pragma once
#include <cstdint>

namespace streamd::daemon {

struct ProcessFigures {
  double cpu_seconds = 0, start_time = 0;  // start_time: Unix time
  std::uint64_t resident_bytes = 0, virtual_bytes = 0;
  std::uint64_t open_files = 0, most_open_files = 0, threads = 0;
};
ProcessFigures process_figures();  // what cannot be read is 0

}  // namespace streamd::daemon
