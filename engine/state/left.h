// How the database file was left: when the daemon ended as the last who had it open, the log was
// merged and removed, so that no position in a log can tell whether anything happened since.
#pragma once
#include <optional>
#include <string>

#include "base/file.h"
#include "catalog/ids.h"

namespace streamd::state {

struct Left {
  GenerationId generation;
  Txid txid;          // the file holds exactly this transaction
  FileIdentity file;  // whoever writes to it changes this
};

// nullopt when there is none that can be read.
std::optional<Left> load_left(const std::string& path);
Status save_left(const std::string& path, const Left& left);

}  // namespace streamd::state
