// Places inside SQLite where this process can be made to stop, die, or let another one act, reached
// through a VFS of our own that hands everything on to the system's.
#pragma once
#include <functional>

namespace points {

enum class Point {
  kNone,
  kCheckpointBegun,  // a checkpointer holds its lock and has read a header that was new to it
  kCommitFrame,      // the commit frame is in the log, the index does not know it
  kTornHeader,       // one of the two copies of the index's header is new
  kIndexLock,        // a lock of the index is about to be taken or given back
  kIndexHeader,      // between the two copies of the index's header, of who reads or writes them
};

// Registers the VFS as the default. Call before the first connection.
void install();
// `reached` is called at this thread's next passage, once; it may arm again.
void arm(Point point, std::function<void()> reached);

}  // namespace points
