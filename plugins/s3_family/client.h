// Signs requests and sends them: once more with a corrected clock, fresh credentials or
// Content-MD5, when the store says that these were wrong or missing. All other trying again is the
// host's.
#pragma once
#include <atomic>
#include <streamd/driver.hpp>
#include <string>

#include "credentials.h"
#include "settings.h"
#include "shared.h"
#include "wire.h"

namespace streamd::s3 {

// An operation on the bucket or on one of its objects.
struct Request {
  std::string method;
  std::string key;  // "" = the bucket itself
  Pairs query;      // decoded
  Pairs headers;
  Body body;
  std::string payload_hash;  // SHA-256 in hex; "" = of no bytes
  std::string what;          // for messages: "store a/b"
  std::function<streamd_code(const HttpResponse& head, const char* data, std::size_t size)> sink;
};

// A request as it goes out, and what it was signed with.
struct SignedRequest {
  HttpRequest http;
  Credentials credentials;
  std::int64_t signed_at = 0;  // seconds since 1970, by the store's clock as far as it is known
};

std::int64_t system_clock_seconds();

// Any thread.
class Client {
 public:
  using Clock = std::int64_t (*)();  // seconds since 1970
  Client(Settings settings, std::unique_ptr<CredentialChain> credentials,
         Clock clock = system_clock_seconds)
      : settings_(std::move(settings)), credentials_(std::move(credentials)), clock_(clock) {}

  const Settings& settings() const { return settings_; }
  Connections& connections() { return connections_; }
  std::int64_t now() const;  // seconds since 1970, by the store's clock as far as it is known

  // Signs with the time of now (and reads the body when its MD5 is wanted): to be called right
  // before it is sent, and again before each retry.
  streamd_code sign(const sdk::Call& call, const Request& request, SignedRequest& out);
  // Learns from a response; true when the same request, signed anew, may be accepted.
  bool learn(const sdk::Call& call, const SignedRequest& sent, const HttpResponse& response);

  // OK = there is a response, of whatever status.
  streamd_code send(const sdk::Call& call, const Request& request, HttpResponse& response);
  // OK = the response is a 2xx one.
  streamd_code exchange(const sdk::Call& call, const Request& request, HttpResponse& response);
  streamd_code fail(const sdk::Call& call, const Request& request, const HttpResponse& response);

 private:
  bool learn_md5(const sdk::Call& call, const SignedRequest& sent, const HttpResponse& response);

  Settings settings_;
  std::unique_ptr<CredentialChain> credentials_;
  Connections connections_;
  const Clock clock_;
  std::atomic<std::int64_t> clock_offset_{0};  // seconds that the store is ahead of us
  std::atomic<bool> sends_md5_{false};         // with each put: the bucket wants it
};

}  // namespace streamd::s3
