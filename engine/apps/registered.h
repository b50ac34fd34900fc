// Databases that were registered with a running daemon: conf.d/registered.toml beside the
// configuration, a file like the others there that only this writes.
#pragma once
#include <string>

#include "config/model.h"

namespace streamd::apps {

std::string registered_file(const std::string& configuration);

// The file's new text. kUsage: it is not in there.
std::string with_database(const std::string& text, const config::Database& database);
Result<std::string> without_database(const std::string& text, const config::Database& database);

}  // namespace streamd::apps
