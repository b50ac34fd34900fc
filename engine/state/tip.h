// The state after the newest durable transaction. Every sealed object carries it; the file is a
// cache of that, written before the newest object leaves the spool.
#pragma once
#include <optional>
#include <string>

#include "catalog/ids.h"
#include "segment/header.h"
#include "wal/chain.h"

namespace streamd::state {

struct Tip {
  GenerationId generation;
  Txid txid;                    // 0 = nothing captured yet in this generation's history
  bool checksum_known = false;  // false until every page of the database was read once
  std::uint64_t checksum = 0;   // of the whole database
  std::uint32_t page_size = 0, pages = 0;
  Micros seen = 0;         // when the newest transaction was first seen
  wal::Position position;  // where capture stands in the log; not known() after a restore
  bool operator==(const Tip&) const = default;
};

Tip tip_of(const segment::ObjectHeader& header, const wal::Position& position);

// nullopt when there is none, kCorrupt when nothing of it is whole.
Result<std::optional<Tip>> load_tip(const std::string& path);
// Durable when it returns; until then the one before it stays. In place, but for the first time: it
// needs no room on a full disk, and makes no file.
Status save_tip(const std::string& path, const Tip& tip);

}  // namespace streamd::state
