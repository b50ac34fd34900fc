// Which transaction a target means in one replica. Pure.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "catalog/timeline.h"
#include "restore/target.h"

namespace streamd::restore {

struct Moment {
  GenerationId generation{};
  Txid txid{};
  std::vector<std::string> notes{};  // what a person should know about the choice
};

// What names cannot tell because they carry only the last transaction's time, and that in
// milliseconds: the times of every transaction of one object.
struct SeenTransaction {
  Txid txid{};
  Micros not_before = 0, seen = 0;
};
using SeenTables = std::map<std::string, std::vector<SeenTransaction>>;  // by object key

// An object whose transactions' times decide where a time target falls.
struct Boundary {
  std::string key;         // a snapshot, or the last piece of a segment
  std::uint64_t size = 0;  // bytes
  GenerationId generation{};
  Txid first{}, last{};  // the transactions that names leave open and whose times it tells
  bool operator==(const Boundary&) const = default;
};
// Empty for targets other than ByTime. Usually one or two. A clock that steps back and forth again
// within one object goes unseen: its name only shows where it ended.
std::vector<Boundary> boundaries(const catalog::Timeline& timeline, const Target& target);

// `tables` holds what the boundaries say. Errors: kNoBackup (nothing is there), kNotRestorable (a
// backup was begun), kOutsideWindow (says what can be restored, or the edges of the hole), kCorrupt
// (objects are there, but the chain that leads to them is broken).
Result<Moment> resolve(const catalog::Timeline& timeline, const Target& target,
                       const SeenTables& tables);

}  // namespace streamd::restore
