// SQLite's locks are POSIX locks: closing any descriptor of a file drops all of them that the
// process has on it. This notes which locks the process takes, and says when a descriptor is closed
// behind SQLite's back.
//
//   FAULTS_LOCKS   a file that gets a line
//                    "behind <path> <the ranges that were locked>", and the stack below it, for
//                    each such close, "held <path>" when the first lock on a file is taken
//
// What SQLite itself does is fine: it closes a database only when it holds nothing on it, and a
// wal-index by the descriptor that the locks were taken with, when all that is left is the lock
// that says "in use".
#pragma once
#include <fcntl.h>

namespace faults {

void note_lock(int fd, const struct flock& lock);  // after it was granted, or given back
void note_close(int fd);                           // before it

}  // namespace faults
