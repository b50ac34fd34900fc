// Who a database is, across restarts and machines.
#pragma once
#include <optional>
#include <string>

#include "catalog/ids.h"
#include "segment/checksum.h"

namespace streamd::state {

struct Identity {
  Uuid database;                      // the same in every replica's marker
  segment::ChecksumKey checksum_key;  // likewise
  Uuid instance;                      // of this local state: another machine's copy has another one
  GenerationId generation;
};

// nullopt when there is none; kCorrupt when it cannot be read.
Result<std::optional<Identity>> load_identity(const std::string& path);
Status save_identity(const std::string& path, const Identity& identity);

}  // namespace streamd::state
