// Walks a store's folders in the byte order of keys.
#pragma once
#include <streamd/driver.hpp>
#include <string>

#include "descriptor.h"

namespace streamd::file_driver {

// Delivers each object under `root` that the request asks for. Memory: the names of one folder per
// level. What appears or goes meanwhile may or may not be delivered; what is not ours is passed
// over. Symbolic links are not followed.
streamd_code list_objects(const sdk::Call& call, const Descriptor& root,
                          const std::string& root_path, const streamd_list& request,
                          const streamd_list_sink& sink);

}  // namespace streamd::file_driver
