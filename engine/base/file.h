// The one door to local files: descriptors that close themselves, whole reads and writes, durable
// replacement. A test can make the n-th operation fail (set_file_fault).
//
// NEVER open a database or its -shm through here: closing any descriptor of such a file drops all
// SQLite locks of this process on it. engine/sqlite is the only folder that opens them.
#pragma once
#include <sys/stat.h>
#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace streamd {

enum class FileOp : std::uint8_t { kOpen, kRead, kWrite, kSync, kRename, kRemove, kMakeFolder };
// Called before each operation; a return other than 0 is the errno that it fails with. For tests;
// set it while no other thread uses files. An empty function switches it off.
void set_file_fault(std::function<int(FileOp, const std::string& path)> fault);

// An open file. Movable, one owner; reads at an offset may come from several threads.
class File {
 public:
  File() = default;
  ~File() { close(); }
  File(File&& other) noexcept { *this = std::move(other); }
  File& operator=(File&& other) noexcept;
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  static Result<File> open_read(const std::string& path);
  static Result<File> open_write(const std::string& path, mode_t mode = 0600);  // kept, or created
  static Result<File> create(const std::string& path, mode_t mode = 0600);      // emptied if there
  static Result<File> create_new(const std::string& path, mode_t mode = 0600);  // kExists if there

  bool is_open() const { return fd_ >= 0; }
  int fd() const { return fd_; }
  const std::string& path() const { return path_; }
  void close();

  // Reads exactly out.size() bytes; kCorrupt when the file ends before that.
  Status read_at(std::uint64_t offset, MutableBytes out) const;
  // Reads up to out.size() bytes; fewer only at the end of the file.
  Result<std::size_t> read_some_at(std::uint64_t offset, MutableBytes out) const;
  Status write_at(std::uint64_t offset, ByteView bytes);
  Status truncate(std::uint64_t size);
  Status sync();  // fdatasync
  // What was written starts its way to the disk while the caller goes on, so that sync() has less
  // to wait for. Promises nothing, and says nothing when it fails: sync() will.
  void begin_sync();
  Result<std::uint64_t> size() const;
  Result<struct stat> status() const;
  // flock, exclusive, without waiting; false = another process has it.
  Result<bool> try_lock() const;

 private:
  static Result<File> open(const std::string& path, int flags, mode_t mode);
  int fd_ = -1;
  std::string path_;
};

Result<Bytes> read_file(const std::string& path, std::uint64_t limit = 64 * kMiB);
// Temp file beside it, written, synced, renamed over, folder synced: old or new, never a part.
Status replace_file(const std::string& path, ByteView bytes, mode_t mode = 0600);
// Temp files of replace_file() in `folder`, of names that begin with `beginning`, that a killed
// process has left: older than an hour, so that nobody is about to rename them. What fails stays.
void remove_leftovers(const std::string& folder, const std::string& beginning);
Status rename_file(const std::string& from, const std::string& to);
Status remove_file(const std::string& path);  // a missing one is no error
Status remove_tree(const std::string& path);  // likewise
Status sync_folder(const std::string& path);
Status make_folder(const std::string& path, mode_t mode = 0700);        // one level; may exist
Status make_folders(const std::string& path, mode_t mode = 0700);       // with its parents
Result<std::vector<std::string>> list_folder(const std::string& path);  // names, sorted, no dots
// Bytes of the file system that `path` lies on: all, and what is left for other users than root.
struct DiskSpace {
  std::uint64_t total = 0, available = 0;
};
Result<DiskSpace> disk_space(const std::string& path);
// nullopt when there is nothing at the path.
Result<std::optional<struct stat>> stat_path(const std::string& path);

// Two looks at a file that found the same found the same content: every write, and every
// replacement by another file, changes one of these (once the clock has moved on since the last
// write).
struct FileIdentity {
  std::uint64_t inode = 0, size = 0, mtime_ns = 0, ctime_ns = 0;
  bool operator==(const FileIdentity&) const = default;
};
FileIdentity identity_of(const struct stat& info);

std::string folder_of(const std::string& path);  // "." when it has none
std::string name_of(const std::string& path);
std::string join_path(const std::string& folder, const std::string& name);
// Absolute, symbolic links resolved; the last component, and what it leads to, need not exist.
Result<std::string> canonical_path(const std::string& path);

}  // namespace streamd
