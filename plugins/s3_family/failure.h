// What a response that is no success means for the host: the one place that decides.
#pragma once
#include <streamd/driver.hpp>
#include <string>

#include "shared.h"

namespace streamd::s3 {

// By the store's own word first, then by the status. `code` may be "".
streamd_code code_of(int status, const std::string& code);

// "cannot <what>: <code>: <message>", with status, provider's code, request id and retry-after.
// `now` in seconds since 1970, for a Retry-After that is a date.
streamd_code fail_response(const sdk::Call& call, const std::string& what,
                           const HttpResponse& response, std::int64_t now);

// The store says that what we signed with is expired or no longer known: its source may have other
// credentials by now.
bool is_outdated(const std::string& code);

// A put was refused because its bucket wants Content-MD5, as those with a default retention do.
bool wants_md5(const HttpResponse& response);

}  // namespace streamd::s3
