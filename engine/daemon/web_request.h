// A short request to a web address, http or https.
#pragma once
#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace streamd::daemon {

// GET without a body, POST of JSON with one. Certificates are checked against the system's; a
// redirection is not followed. An answer other than 2xx is an error. The address may hold a secret
// and is never in an error: only its host is. All of it takes no longer than `limit`, and ends soon
// once `hurry` says so: kTimeout. Only the system's resolver is not interrupted.
Status web_request(const std::string& url, const std::string& json, milliseconds limit,
                   const Cancel& hurry);

}  // namespace streamd::daemon
