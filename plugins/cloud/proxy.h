// A proxy as its URL says, taken apart. Pure.
#pragma once
#include <string>

namespace streamd::cloud {

// libcurl quotes a URL that it does not like, so it gets one without user and password.
struct Proxy {
  std::string url;  // "" = as the environment says
  std::string user, password;
};

// "host:port", "http://user:password@host:port", and the other schemes that libcurl knows; in user
// and password other characters are percent-encoded. False when the text is no such URL: it may
// have a password at any place, so nobody is to be told what it is.
bool parse_proxy(const std::string& text, Proxy& proxy);

}  // namespace streamd::cloud
