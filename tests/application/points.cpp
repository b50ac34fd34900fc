#include "points.h"

#include <sqlite3.h>

#include <cstring>
#include <string_view>
#include <utility>

namespace points {
namespace {

thread_local Point armed = Point::kNone;
thread_local std::function<void()> reached;
thread_local bool commit_frame_written = false;  // and the index not yet told
sqlite3_vfs* below = nullptr;

void pass(Point point) {
  if (point != armed) return;
  armed = Point::kNone;
  std::exchange(reached, nullptr)();
}

// What SQLite allocates for a file: ours, then the one below.
struct File {
  sqlite3_file base;
  bool is_log = false;
  bool commit_header =
      false;  // the frame header written last says that its page ends a transaction
  bool barrier_passed = false;
};
sqlite3_file* real(sqlite3_file* file) {
  return reinterpret_cast<sqlite3_file*>(reinterpret_cast<File*>(file) + 1);
}
const sqlite3_io_methods* methods(sqlite3_file* file) {
  return real(file)->pMethods;
}

// SQLite writes a frame as its header (24 bytes), then its page.
int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
  auto* ours = reinterpret_cast<File*>(file);
  const int code = methods(file)->xWrite(real(file), bytes, size, offset);
  if (!ours->is_log || code != SQLITE_OK) return code;
  if (size == 24) {
    const std::uint8_t zeros[4] = {};
    ours->commit_header = std::memcmp(static_cast<const char*>(bytes) + 4, zeros, 4) != 0;
  } else if (size >= 512 && ours->commit_header) {
    ours->commit_header = false;
    commit_frame_written = true;
    pass(Point::kCommitFrame);
  }
  return code;
}

// After a commit frame the next barrier stands between the two copies of the new header.
void barrier(sqlite3_file* file) {
  methods(file)->xShmBarrier(real(file));
  pass(Point::kIndexHeader);
  if (std::exchange(commit_frame_written, false)) pass(Point::kTornHeader);
}

// A checkpointer drops what it had mapped when the header it has just read is new to it.
int unfetch(sqlite3_file* file, sqlite3_int64 offset, void* mapped) {
  const int code = methods(file)->xUnfetch(real(file), offset, mapped);
  if (mapped == nullptr) pass(Point::kCheckpointBegun);
  return code;
}

int close(sqlite3_file* file) {
  const int code = methods(file)->xClose(real(file));
  file->pMethods = nullptr;
  return code;
}

const sqlite3_io_methods kMethods = {
    3,
    close,
    [](sqlite3_file* f, void* to, int n, sqlite3_int64 at) {
      return methods(f)->xRead(real(f), to, n, at);
    },
    write,
    [](sqlite3_file* f, sqlite3_int64 size) { return methods(f)->xTruncate(real(f), size); },
    [](sqlite3_file* f, int flags) { return methods(f)->xSync(real(f), flags); },
    [](sqlite3_file* f, sqlite3_int64* size) { return methods(f)->xFileSize(real(f), size); },
    [](sqlite3_file* f, int level) { return methods(f)->xLock(real(f), level); },
    [](sqlite3_file* f, int level) { return methods(f)->xUnlock(real(f), level); },
    [](sqlite3_file* f, int* out) { return methods(f)->xCheckReservedLock(real(f), out); },
    [](sqlite3_file* f, int op, void* arg) { return methods(f)->xFileControl(real(f), op, arg); },
    [](sqlite3_file* f) { return methods(f)->xSectorSize(real(f)); },
    [](sqlite3_file* f) { return methods(f)->xDeviceCharacteristics(real(f)); },
    [](sqlite3_file* f, int region, int size, int extend, void volatile** to) {
      return methods(f)->xShmMap(real(f), region, size, extend, to);
    },
    [](sqlite3_file* f, int first, int count, int flags) {
      pass(Point::kIndexLock);
      return methods(f)->xShmLock(real(f), first, count, flags);
    },
    barrier,
    [](sqlite3_file* f, int remove) { return methods(f)->xShmUnmap(real(f), remove); },
    [](sqlite3_file* f, sqlite3_int64 at, int n, void** to) {
      return methods(f)->xFetch(real(f), at, n, to);
    },
    unfetch,
};

int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out) {
  auto* ours = new (file) File();
  const int code = below->xOpen(below, name, real(file), flags, out);
  // The journals of a database without a shared index (temporary files) have older methods.
  ours->base.pMethods = real(file)->pMethods != nullptr ? &kMethods : nullptr;
  ours->is_log = (flags & SQLITE_OPEN_WAL) != 0;
  return code;
}

}  // namespace

void install() {
  below = sqlite3_vfs_find(nullptr);
  static sqlite3_vfs ours = *below;
  ours.zName = "points";
  ours.szOsFile = static_cast<int>(sizeof(File)) + below->szOsFile;
  ours.xOpen = open;
  sqlite3_vfs_register(&ours, 1);
}

void arm(Point point, std::function<void()> action) {
  armed = point;
  reached = std::move(action);
  commit_frame_written = false;
}

}  // namespace points
