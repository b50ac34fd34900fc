// Authorizes, and asks the API: once more with a new authorization when the store says that the
// old one has expired. All other trying again is the host's, but for upload URLs.
#pragma once
#include <functional>
#include <memory>
#include <streamd/driver.hpp>
#include <string>
#include <vector>

#include "call_lock.h"
#include "http.h"
#include "reply.h"
#include "settings.h"
#include "wire.h"

namespace streamd::b2 {

using SessionPointer = std::shared_ptr<const Session>;

// A request that needs an authorization, and what the key must be allowed to do for it.
struct Request {
  std::string what;  // for messages: "store a/b in bucket"
  std::vector<const char*> capabilities;
  std::string name;  // of the file, or a prefix of names; the key may be restricted
  std::function<HttpRequest(const Session&)> make;
};

// Any thread.
class Client {
 public:
  explicit Client(Settings settings) : settings_(std::move(settings)) {}

  const Settings& settings() const { return settings_; }
  Connections& connections() { return connections_; }

  // The authorization, got if there is none yet; bucket_id is the configured bucket's.
  streamd_code session(const sdk::Call& call, const std::string& what, SessionPointer& out);
  // The request as it goes out. PERMISSION, naming what is missing, when the key may not do it.
  streamd_code prepare(const sdk::Call& call, const Request& request, HttpRequest& out,
                       SessionPointer& used);
  // True when the response says that `used` has expired: the same request, prepared anew, may be
  // accepted.
  bool learn(const sdk::Call& call, const SessionPointer& used, const HttpResponse& response);

  // OK = there is a response, of whatever status.
  streamd_code send(const sdk::Call& call, const Request& request, HttpResponse& response);
  // OK = the response is a 2xx one.
  streamd_code exchange(const sdk::Call& call, const Request& request, HttpResponse& response);

  // A POST of JSON to the API: b2_list_file_names, ...
  static HttpRequest api_request(const Session& session, const char* name, const std::string& json,
                                 const std::string& what);

 private:
  streamd_code authorize(const sdk::Call& call, const std::string& what, Session& found);
  streamd_code find_bucket(const sdk::Call& call, const std::string& what, Session& found);
  streamd_code transfer(const sdk::Call& call, const HttpRequest& request, HttpResponse& response);

  const Settings settings_;
  Connections connections_;
  CallLock lock_;  // of what follows, held while the store is asked
  SessionPointer known_;
};

}  // namespace streamd::b2
