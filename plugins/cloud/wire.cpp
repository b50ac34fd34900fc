#include "wire.h"

#include <new>

#include "close_on_exec.h"

namespace streamd::cloud {
namespace {

constexpr int kPollMs = 100;

}  // namespace

streamd_code start_libcurl(const sdk::Call& call) {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (ready == CURLE_OK) return STREAMD_OK;
  return call.fail(STREAMD_INTERNAL, "libcurl does not start: %s", curl_easy_strerror(ready));
}

Connections::~Connections() {
  for (CURLM* multi : idle_) curl_multi_cleanup(multi);
}

CURLM* Connections::take() {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      CURLM* multi = idle_.back();
      idle_.pop_back();
      return multi;
    }
  }
  CURLM* multi = curl_multi_init();
  if (multi == nullptr) throw std::bad_alloc();
  close_on_exec(multi);
  return multi;
}

void Connections::give_back(CURLM* multi) {
  {
    const std::lock_guard lock(mutex_);
    if (idle_.size() < kMostIdle) {
      idle_.push_back(multi);
      return;
    }
  }
  curl_multi_cleanup(multi);
}

void Wire::start(Transfer& transfer) {
  transfer.join(multi_);
}

streamd_code Wire::step(const sdk::Call& call, Transfer*& done) {
  done = nullptr;
  int running = 0, left = 0;
  if (const CURLMcode failed = curl_multi_perform(multi_, &running); failed != CURLM_OK)
    return call.fail(STREAMD_INTERNAL, "libcurl: %s", curl_multi_strerror(failed));
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    void* owner = nullptr;
    const CURLcode result = message->data.result;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &owner);
    done = static_cast<Transfer*>(owner);
    done->leave(result);
    return STREAMD_OK;
  }
  if (const streamd_code code = call.check(); code != STREAMD_OK) return code;
  curl_multi_poll(multi_, nullptr, 0, kPollMs, nullptr);
  return STREAMD_OK;
}

streamd_code Wire::next(const sdk::Call& call, Transfer*& done) {
  for (done = nullptr; done == nullptr;)
    if (const streamd_code code = step(call, done); code != STREAMD_OK) return code;
  return STREAMD_OK;
}

}  // namespace streamd::cloud
