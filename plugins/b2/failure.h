// What a response that is no success means for the host: the one place that decides.
#pragma once
#include <streamd/driver.hpp>
#include <string>

#include "http.h"

namespace streamd::b2 {
using namespace cloud;

// By the store's own word first, then by the status. `code` may be "".
streamd_code code_of(int status, const std::string& code);

// "cannot <what>: <code>: <message>", with status, provider's code and retry-after.
streamd_code fail_response(const sdk::Call& call, const std::string& what,
                           const HttpResponse& response);

// The store says that no file can have this name.
bool is_refused_name(const HttpResponse& response);

// The token that the request was sent with is no longer good: a new one may be.
bool is_expired(const HttpResponse& response);

// What an upload URL's answer (or its silence: status 0) means for that URL.
enum class UrlFate {
  kGood,    // of use for the next upload
  kGone,    // not; the failure is the request's own
  kReplace  // not, and the same upload may go through another one, at once
};
UrlFate url_fate(const HttpResponse& response);

}  // namespace streamd::b2
