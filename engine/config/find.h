// Which database a word means that somebody said.
#pragma once
#include <string>
#include <vector>

#include "base/result.h"
#include "config/model.h"

namespace streamd::config {

// By its path first (as it is written, or compared as real path), then by its name: the default
// name is that of the file, and several databases may have it. A file here is a path whatever names
// there are. nullptr when there is none; kUsage when several have the name.
Result<const Database*> find_database(const Config& config, const std::string& word);

// The same for what came from elsewhere, where "here" is another folder: only what begins with '/'
// is compared as a real path.
Result<const Database*> find_among(const std::vector<const Database*>& databases,
                                   const std::string& word);

// A word for somebody who is elsewhere: an absolute path where a path is meant, else as it is.
std::string said_elsewhere(const std::string& word);

}  // namespace streamd::config
