// Keys as file names and back. Pure; docs/adr/ says why it looks like this.
//
// A key's '/' separate folders, ordinary names stay as they are. What differs:
// - "%XX" stands for a byte that is not safe in a name everywhere: control characters,
//   " % * + : < > ? \ | DEL, a '.' that begins a name, a '.' or ' ' that ends one. So a key never
//   climbs out of the root, and no key meets our own files there, which begin with '.'.
// - An empty name ("a//b", "a/") is "%00".
// - "a" and "a/b" are two objects, but a file and a folder cannot share a name: files have a '.' in
//   their name and folders have none; a file without, a folder with one gets a final '%'.
// - A name over 200 bytes goes on one folder deeper; the pieces before the last end in "%~".
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace streamd::file_driver {

// The path below the root of the object under this key.
std::string object_path(std::string_view key);

// The path below the root of the folder in which all keys that begin with `prefix` lie; prefix is
// "" or ends in '/'. "." for the root itself.
std::string folder_path(std::string_view prefix);

enum class EntryKind { kObject, kFolder, kPiece };

struct Entry {
  EntryKind kind;
  std::string name;  // as in the key, unescaped; of a kPiece the first bytes of the name
};

// What a directory entry is; nothing when no key leads to it (not ours).
std::optional<Entry> decode_entry(std::string_view disk_name, bool is_folder);

}  // namespace streamd::file_driver
