#include "multipart.h"

#include <algorithm>

#include "body_hash.h"
#include "brief_call.h"
#include "digest.h"
#include "reply.h"
#include "store.h"

namespace streamd::s3 {
namespace {

constexpr std::uint64_t kMostParts = 10'000;
constexpr std::uint64_t kMiB = 1u << 20;
constexpr int kAttempts = 4;  // of one part; the whole object is the host's to try again
constexpr std::uint32_t kAbortMs = 2000;

}  // namespace

struct Multipart::Part {
  std::size_t index;
  int attempt;
  Request request;
  SignedRequest made;
  std::unique_ptr<Transfer> transfer;
};

Multipart::Multipart(Client& client, const sdk::Call& call, std::string key, std::string what,
                     const streamd_source& source)
    : client_(client),
      call_(call),
      key_(std::move(key)),
      what_(std::move(what)),
      source_(source),
      part_size_(client.settings().part_size) {
  const std::uint64_t needed = (source.size + kMostParts - 1) / kMostParts;
  if (needed > part_size_) part_size_ = (needed + kMiB - 1) / kMiB * kMiB;
  etags_.resize((source.size + part_size_ - 1) / part_size_);
}

Multipart::~Multipart() = default;

std::uint64_t Multipart::size_of(std::size_t index) const {
  return std::min(part_size_, source_.size - index * part_size_);
}

streamd_code Multipart::run(streamd_object& out) {
  if (const streamd_code code = begin(); code != STREAMD_OK) return code;
  streamd_code code = send_parts();
  if (code == STREAMD_OK) code = complete(out);
  if (code != STREAMD_OK) abort();
  return code;
}

streamd_code Multipart::begin() {
  const Settings& settings = client_.settings();
  Request request;
  request.method = "POST";
  request.key = key_;
  request.query = {{"uploads", ""}};
  request.what = what_;
  for (const Pairs* more : {&settings.store_headers, &settings.customer_headers})
    request.headers.insert(request.headers.end(), more->begin(), more->end());
  HttpResponse response;
  if (const auto code = client_.exchange(call_, request, response); code != STREAMD_OK) return code;
  id_ = parse_upload_id(response.body);
  if (id_.empty())
    return call_.fail(STREAMD_INTERNAL, "cannot %s: the store gave no upload id", what_.c_str());
  return STREAMD_OK;
}

streamd_code Multipart::send_parts() {
  Wire wire(client_.connections());
  for (std::size_t i = 0; i < etags_.size(); ++i) waiting_.push_back({i, 1, {}});
  // Parts must go before the wire does.
  struct Clear {
    std::list<std::unique_ptr<Part>>& parts;
    ~Clear() { parts.clear(); }
  } clear{running_};
  while (!waiting_.empty() || !running_.empty()) {
    while (!waiting_.empty() && running_.size() < client_.settings().parallel_parts &&
           waiting_.front().not_before <= Clock::now()) {
      const Waiting next = waiting_.front();
      waiting_.pop_front();
      if (const auto code = start(wire, next.index, next.attempt); code != STREAMD_OK) return code;
    }
    if (running_.empty()) call_.progress();  // a pause of ours is no stall
    Transfer* done = nullptr;
    if (const auto code = wire.step(call_, done); code != STREAMD_OK) return code;
    if (done == nullptr) continue;
    const auto at = std::find_if(running_.begin(), running_.end(),
                                 [done](const auto& part) { return part->transfer.get() == done; });
    const std::unique_ptr<Part> part = std::move(*at);
    running_.erase(at);
    if (const auto code = settle(*part); code != STREAMD_OK) return code;
  }
  return STREAMD_OK;
}

streamd_code Multipart::start(Wire& wire, std::size_t index, int attempt) {
  auto part = std::make_unique<Part>();
  part->index = index;
  part->attempt = attempt;
  Request& request = part->request;
  request.method = "PUT";
  request.key = key_;
  request.query = {{"partNumber", std::to_string(index + 1)}, {"uploadId", id_}};
  request.headers = client_.settings().customer_headers;
  request.what = what_ + ", part " + std::to_string(index + 1);
  request.body = body_of_source(source_, index * part_size_, size_of(index));
  if (const auto code = hash_body(call_, request.body, request.payload_hash); code != STREAMD_OK)
    return code;
  if (const auto code = client_.sign(call_, request, part->made); code != STREAMD_OK) return code;
  part->transfer = std::make_unique<Transfer>(client_.settings().network, call_, part->made.http);
  wire.start(*part->transfer);
  running_.push_back(std::move(part));
  return STREAMD_OK;
}

streamd_code Multipart::settle(Part& part) {
  if (const auto code = part.transfer->result(); code != STREAMD_OK)
    return part.transfer->stopped() ? code : try_later(part, code);
  const HttpResponse& response = part.transfer->response();
  const bool renewed = client_.learn(call_, part.made, response);
  if (!response.ok()) {
    const streamd_code code = client_.fail(call_, part.request, response);
    return try_later(part, renewed ? STREAMD_TRANSIENT : code);
  }
  etags_[part.index] = response.header("etag");
  if (etags_[part.index].empty())
    return call_.fail(STREAMD_INTERNAL, "cannot %s: the store gave no ETag",
                      part.request.what.c_str());
  return STREAMD_OK;
}

// A part is ours to try again: sending the whole object once more for each break would never end.
streamd_code Multipart::try_later(const Part& part, streamd_code code) {
  const bool may_pass =
      code == STREAMD_TRANSIENT || code == STREAMD_TIMEOUT || code == STREAMD_THROTTLED;
  if (!may_pass || part.attempt == kAttempts) return code;
  const auto pause =
      std::chrono::milliseconds((code == STREAMD_THROTTLED ? 1000 : 100) << (part.attempt - 1));
  waiting_.push_front({part.index, part.attempt + 1, Clock::now() + pause});
  return STREAMD_OK;
}

streamd_code Multipart::complete(streamd_object& out) {
  Request request;
  request.method = "POST";
  request.key = key_;
  request.query = {{"uploadId", id_}};
  request.headers = {{"Content-Type", "application/xml"}};
  const std::string body = complete_body(etags_);
  request.body = body_of(body);
  request.payload_hash = hex(sha256(body));
  request.what = what_;
  HttpResponse response;
  if (const auto code = client_.exchange(call_, request, response); code != STREAMD_OK) return code;
  // A 200 may have begun before the store knew: an error can be in its body.
  if (!parse_error(response.body).code.empty()) {
    response.status = 500;
    return client_.fail(call_, request, response);
  }
  // Or nothing may be: what broke off after the head stored nothing that we know of.
  if (!says_completed(response.body))
    return call_.fail(STREAMD_TRANSIENT, "cannot %s: the store did not say that it is stored",
                      what_.c_str());
  out = object_of(response);
  out = sdk::make_object(source_.size, out.mtime_ns, parse_etag(response.body));
  return STREAMD_OK;
}

// Also when the host has cancelled or the time is over, so with little time of its own.
void Multipart::abort() {
  const BriefCall own(kAbortMs, nullptr);
  const sdk::Call call(own.abi());
  Request request;
  request.method = "DELETE";
  request.key = key_;
  request.query = {{"uploadId", id_}};
  request.what = what_;
  HttpResponse response;
  if (client_.send(call, request, response) != STREAMD_OK ||
      (!response.ok() && response.status != 404))
    left_behind_ = id_;
}

}  // namespace streamd::s3
