// Places inside SQLite where this process can be made to stop or die, reached through a VFS of our
// own that hands everything on to the system's.
#pragma once
#include <functional>

namespace points {

enum class Point {
  kNone,
  kCheckpointBegun,  // a checkpointer holds its lock and has read a header that was new to it
  kCommitFrame,      // the commit frame is in the log, the index does not know it
  kTornHeader,       // one of the two copies of the index's header is new
};

// Registers the VFS as the default. Call before the first connection.
void install();
// `reached` is called at the next passage, once.
void arm(Point point, std::function<void()> reached);

}  // namespace points
