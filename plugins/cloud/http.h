// One HTTP request and its response, and what is the same for all of an instance.
#pragma once
#include <streamd/driver.h>
#include <cstdint>
#include <functional>
#include <string>

#include "encoding.h"

namespace streamd::cloud {

// Bytes to send, readable at any offset, again and again. A negative result is minus a code.
struct Body {
  std::uint64_t size = 0;
  std::function<std::int64_t(std::uint64_t offset, void* to, std::size_t cap)> read;
};
Body body_of(std::string bytes);

struct HttpResponse {
  int status = 0;
  Pairs headers;     // names in lower case
  std::string body;  // unless it went into HttpRequest::sink
  // "" when it is not there.
  std::string header(const std::string& name) const;
  bool ok() const { return status >= 200 && status < 300; }
  // Of the whole object, also when this is a part of it; 0 = not told.
  std::uint64_t whole_size() const;
  // How long the store asks us to wait, at most an hour; 0 = not said. `now` in seconds since 1970,
  // for a Retry-After that is a date.
  std::int64_t retry_after_ms(std::int64_t now) const;
};

struct HttpRequest {
  std::string method;
  std::string url;
  Pairs headers;     // without Content-Length, which the body gives
  Body body;         // sent with PUT and POST, also when it is empty
  std::string what;  // for messages: "store a/b"
  // Takes the body of a 2xx response; its code ends the transfer and comes back unchanged.
  std::function<streamd_code(const HttpResponse& head, const char* data, std::size_t size)> sink;
};

// A key as messages show it: 120 characters at most.
std::string shown_key(const std::string& key);

}  // namespace streamd::cloud
