// How the database file was. `left`: when the daemon ended as the last who had it open, the log was
// merged and removed, so that no position in a log can tell whether anything happened since.
// `checked`: when its pages, with the log on top, were known to be those that the ledger knows.
#pragma once
#include <optional>
#include <string>

#include "base/file.h"
#include "catalog/ids.h"

namespace streamd::state {

struct Left {
  GenerationId generation;
  Txid txid;          // left: the file holds exactly this transaction
  FileIdentity file;  // whoever writes to it changes this
};

// nullopt when there is none that can be read.
std::optional<Left> load_left(const std::string& path);
Status save_left(const std::string& path, const Left& left);
// In place and not synced: one that a power cut has torn is none.
Status note_left(const std::string& path, const Left& left);

}  // namespace streamd::state
