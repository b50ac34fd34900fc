// A short request to a web address, http or https.
#pragma once
#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace streamd::daemon {

// GET without a body, POST of JSON with one. Certificates are checked against the system's; a
// redirection is not followed. An answer other than 2xx is an error. The address may hold a secret
// and is never in an error: only its host is.
Status web_request(const std::string& url, const std::string& json, milliseconds limit);

}  // namespace streamd::daemon
