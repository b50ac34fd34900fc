#include "credentials.h"

namespace streamd::s3 {
namespace {

constexpr std::int64_t kRefreshBefore = 300;  // seconds

}  // namespace

streamd_code CredentialChain::search(const sdk::Call& call) {
  std::string looked_in;
  for (const auto& source : sources_) {
    if (chosen_ != nullptr && source.get() != chosen_) continue;
    Credentials found;
    if (const streamd_code code = source->load(call, found); code != STREAMD_OK) return code;
    if (found.complete()) {
      chosen_ = source.get();
      known_ = std::move(found);
      return STREAMD_OK;
    }
    looked_in += (looked_in.empty() ? "" : ", ") + std::string(source->name());
  }
  return call.fail(STREAMD_AUTH, "no credentials found; looked in %s", looked_in.c_str());
}

streamd_code CredentialChain::get(const sdk::Call& call, std::int64_t now, Credentials& found) {
  CallLock::Held held;
  if (const streamd_code code = lock_.take(call, held); code != STREAMD_OK) return code;
  const bool due = known_.expires_seconds != 0 && now >= known_.expires_seconds - kRefreshBefore;
  if (!known_.complete() || due) {
    const streamd_code code = search(call);
    const bool still_good = known_.complete() && now < known_.expires_seconds;
    if (code != STREAMD_OK && !still_good) return code;
  }
  found = known_;
  return STREAMD_OK;
}

bool CredentialChain::expire(const sdk::Call& call, const Credentials& refused) {
  CallLock::Held held;
  if (lock_.take(call, held) != STREAMD_OK) return false;
  if (chosen_ == nullptr || !known_.same_keys(refused)) return true;
  Credentials found;
  if (chosen_->load(call, found) != STREAMD_OK) {
    known_ = {};  // the next get says why
    return true;
  }
  if (!found.complete() || found.same_keys(refused)) return false;
  known_ = std::move(found);
  return true;
}

}  // namespace streamd::s3
