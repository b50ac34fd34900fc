// The keys that requests are signed with, and where they come from.
#pragma once
#include <cstdint>
#include <memory>
#include <streamd/driver.hpp>
#include <string>
#include <vector>

#include "call_lock.h"
#include "shared.h"

namespace streamd::s3 {

struct Credentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;         // "" = none
  std::int64_t expires_seconds = 0;  // since 1970; 0 = never
  bool complete() const { return !access_key_id.empty() && !secret_access_key.empty(); }
  bool same_keys(const Credentials& other) const {
    return access_key_id == other.access_key_id && secret_access_key == other.secret_access_key &&
           session_token == other.session_token;
  }
};

// One place where credentials may be. May use the network within the terms of the call.
class CredentialSource {
 public:
  CredentialSource() = default;
  CredentialSource(const CredentialSource&) = delete;
  CredentialSource& operator=(const CredentialSource&) = delete;
  virtual ~CredentialSource() = default;
  virtual const char* name() const = 0;  // for messages: "the environment (AWS_ACCESS_KEY_ID)"
  // OK with incomplete credentials: there are none here, ask the next one. An error ends the
  // search.
  virtual streamd_code load(const sdk::Call& call, Credentials& found) = 0;
};

// Asks the sources in their order, keeps to the first that has something, and asks it again five
// minutes before what it gave expires, and when the store refuses it. Any thread.
class CredentialChain {
 public:
  explicit CredentialChain(std::vector<std::unique_ptr<CredentialSource>> sources)
      : sources_(std::move(sources)) {}
  // `now` in seconds since 1970. AUTH when there are none anywhere.
  streamd_code get(const sdk::Call& call, std::int64_t now, Credentials& found);
  // The store refused these as expired or unknown. True when the next get may give others: somebody
  // has fetched them already, or their source, asked again, has others. False when it has the same.
  bool expire(const sdk::Call& call, const Credentials& refused);

 private:
  streamd_code search(const sdk::Call& call);
  CallLock lock_;  // of all below, held while a source is asked
  std::vector<std::unique_ptr<CredentialSource>> sources_;
  CredentialSource* chosen_ = nullptr;
  Credentials known_;
};

}  // namespace streamd::s3
