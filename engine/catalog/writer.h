// writers/<n>.json: who writes to a replica, from the day it claimed it. The highest n is the
// writer. Written once, never changed.
#pragma once
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "catalog/ids.h"

namespace streamd::catalog {

struct Writer {
  Uuid claim;              // drawn for every claim: two of them are never the same
  Uuid instance;           // of the local state
  std::string host, path;  // the machine's name and the database's path there
  std::string boot;        // which start of that machine's kernel
  std::string lock;        // device and inode of the database's lock file, "2049:131"
  GenerationId generation;
  Micros since = 0;  // whole milliseconds
  bool operator==(const Writer&) const = default;

  // The same database file of the same machine: its lock lets one daemon live at a time.
  bool same_place(const Writer& other) const {
    return !host.empty() && host == other.host && path == other.path;
  }
};

std::string encode_writer(const Writer& writer);  // JSON, for people to read
// kCorrupt, or kUnsupported for a newer format. `name` is the object's, for the message.
Result<Writer> parse_writer(std::string_view text, const std::string& name);

}  // namespace streamd::catalog
