// libcurl makes the socket pair that wakes a multi handle without O_CLOEXEC and tells nobody its
// numbers. The ABI wants every descriptor of a driver closed on exec, so it is looked for.
#pragma once
#include <curl/curl.h>

namespace streamd::cloud {

// Marks the socket pair of a multi handle that has no transfer yet.
void close_on_exec(CURLM* multi);

}  // namespace streamd::cloud
