// Which files the interposer looks at, and what may go wrong with them. Everything here makes
// system calls by number: a wrapped function of the C library must not be called from a wrapper.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <string>

namespace faults {

// What a call does to a file. A fault is ordered for one of these (FAULTS_CALL, by name_of).
enum class Call : std::uint8_t {
  kOpen,
  kRead,
  kWrite,
  kSync,
  kTruncate,
  kRename,  // and link
  kRemove,  // of a file or a folder
  kMakeFolder,
  kMap,
  kLook,  // stat, access, the room on a disk, a listing's begin
  // Of SQLite's library (sqlite_calls.cpp); the path is that of the database, with the statement
  // behind it.
  kSqliteOpen,
  kSqlitePrepare,
  kSqliteStep,
  kSqliteCheckpoint,
};
const char* name_of(Call call);

// Absolute; relative paths are resolved against the folder or the working directory.
std::string path_at(int folder, const char* path);
// The name an open file has now; empty when it is no file of a disk, or was removed.
std::string path_of(int fd);
// Below one of the folders that FAULTS_BELOW names (separated by colons)?
bool is_watched(const std::string& path);

std::string setting(const char* name);  // of the environment; empty when it is not set
bool exists(const std::string& path);
// One whole line at the end of a file, whoever else writes there.
void append_line(const std::string& path, const std::string& line);

}  // namespace faults
