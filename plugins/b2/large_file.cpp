#include "large_file.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "brief_call.h"
#include "failure.h"

namespace streamd::b2 {
namespace {

constexpr std::uint64_t kMostParts = 10'000;
constexpr std::uint64_t kMiB = 1u << 20;
constexpr int kFinishAttempts = 3;
constexpr std::uint32_t kCancelMs = 2000;

bool may_pass(streamd_code code) {
  return code == STREAMD_TRANSIENT || code == STREAMD_TIMEOUT || code == STREAMD_THROTTLED;
}

// Where there is no other upload URL to go to.
std::chrono::milliseconds pause_after(streamd_code code, int attempt) {
  return std::chrono::milliseconds((code == STREAMD_THROTTLED ? 1000 : 100) << (attempt - 1));
}

}  // namespace

std::uint64_t part_size_for(std::uint64_t size, std::uint64_t configured, std::uint64_t minimum) {
  const std::uint64_t least = (size + kMostParts - 1) / kMostParts;
  const std::uint64_t part = std::max(configured, minimum);
  return least <= part ? part : (least + kMiB - 1) / kMiB * kMiB;
}

LargeFile::LargeFile(Client& client, const sdk::Call& call, std::string key, std::string what,
                     const streamd_source& source)
    : client_(client), call_(call), key_(std::move(key)), what_(std::move(what)), source_(source) {}

LargeFile::~LargeFile() = default;

std::uint64_t LargeFile::size_of(std::size_t index) const {
  return std::min(part_size_, source_.size - index * part_size_);
}

std::string LargeFile::part_name(const Lane& lane) const {
  return what_ + ", part " + std::to_string(lane.part->index + 1);
}

// Borrows this.
Request LargeFile::about_file(const char* capability, const char* name, std::string json) const {
  return {what_, {capability}, key_, [this, name, json = std::move(json)](const Session& session) {
            return Client::api_request(session, name, json, what_);
          }};
}

streamd_code LargeFile::run(FileVersion& stored) {
  if (const streamd_code code = begin(); code != STREAMD_OK) return code;
  streamd_code code = send_parts();
  if (code == STREAMD_OK) code = finish(stored);
  if (code != STREAMD_OK) cancel();
  return code;
}

streamd_code LargeFile::begin() {
  SessionPointer session;
  if (const auto code = client_.session(call_, what_, session); code != STREAMD_OK) return code;
  part_size_ = part_size_for(source_.size, client_.settings().part_size, session->minimum_part);
  sha1s_.resize((source_.size + part_size_ - 1) / part_size_);
  const Request ask{what_, {"writeFiles"}, key_, [this](const Session& now) {
                      const nlohmann::json given = {{"bucketId", now.bucket_id},
                                                    {"fileName", key_},
                                                    {"contentType", "application/octet-stream"}};
                      return Client::api_request(now, "b2_start_large_file", given.dump(), what_);
                    }};
  HttpResponse response;
  if (const auto code = client_.exchange(call_, ask, response); code != STREAMD_OK) return code;
  FileVersion begun;
  if (!parse_file(response.body, begun))
    return call_.fail(STREAMD_INTERNAL, "cannot %s: the store gave no file id", what_.c_str());
  id_ = begun.id;
  return STREAMD_OK;
}

streamd_code LargeFile::send_parts() {
  for (std::size_t i = 0; i < sha1s_.size(); ++i) waiting_.push_back({i, 1, {}});
  Wire wire(client_.connections());  // outlives the lanes
  std::vector<Lane> lanes(std::min<std::size_t>(client_.settings().parallel_parts, sha1s_.size()));
  for (;;) {
    bool busy = false;
    for (Lane& lane : lanes) {
      const bool due = !waiting_.empty() && waiting_.front().not_before <= Clock::now();
      if (!lane.part.has_value() && due) {
        lane.part = waiting_.front();
        waiting_.pop_front();
      }
      if (lane.part.has_value() && lane.transfer == nullptr)
        if (const auto code = start(wire, lane); code != STREAMD_OK) return code;
      busy = busy || lane.part.has_value();
    }
    if (!busy && waiting_.empty()) return STREAMD_OK;
    Transfer* done = nullptr;
    if (const auto code = wire.step(call_, done); code != STREAMD_OK) return code;
    if (done == nullptr) continue;
    const auto at = std::find_if(lanes.begin(), lanes.end(),
                                 [done](const Lane& lane) { return lane.transfer.get() == done; });
    if (const auto code = settle(*at); code != STREAMD_OK) return code;
  }
}

streamd_code LargeFile::start(Wire& wire, Lane& lane) {
  HttpRequest made;
  if (!lane.url.has_value()) {
    if (const auto code = ask_for_url(made, lane.used); code != STREAMD_OK) return code;
  } else {
    const std::size_t index = lane.part->index;
    lane.body = std::make_unique<HashedBody>(source_, index * part_size_, size_of(index));
    made = upload_request(*lane.url, {{"X-Bz-Part-Number", std::to_string(index + 1)}},
                          lane.body->body(), part_name(lane));
  }
  lane.transfer = std::make_unique<Transfer>(client_.settings().network, call_, std::move(made));
  wire.start(*lane.transfer);
  return STREAMD_OK;
}

streamd_code LargeFile::ask_for_url(HttpRequest& made, SessionPointer& used) {
  const nlohmann::json given = {{"fileId", id_}};
  return client_.prepare(call_, about_file("writeFiles", "b2_get_upload_part_url", given.dump()),
                         made, used);
}

streamd_code LargeFile::settle(Lane& lane) {
  const std::unique_ptr<Transfer> transfer = std::move(lane.transfer);
  const streamd_code code = transfer->result();
  if (transfer->stopped()) return code;
  const HttpResponse response = code == STREAMD_OK ? transfer->response() : HttpResponse{};
  return lane.used != nullptr ? settle_url(lane, code, response)
                              : settle_part(lane, code, response);
}

streamd_code LargeFile::settle_url(Lane& lane, streamd_code code, const HttpResponse& response) {
  const SessionPointer used = std::move(lane.used);
  lane.used = nullptr;
  if (response.ok()) {
    UploadUrl url;
    const bool tls = client_.settings().endpoint.tls;
    if (!parse_upload_url(response.body, url) || (tls && !url.url.starts_with("https://")))
      return call_.fail(STREAMD_INTERNAL, "cannot %s: the store gave no upload URL", what_.c_str());
    lane.url = std::move(url);  // the part follows
    return STREAMD_OK;
  }
  if (code == STREAMD_OK) {
    const bool renewed = client_.learn(call_, used, response);
    code = fail_response(call_, part_name(lane), response);
    if (renewed) return try_later(lane, true, std::chrono::milliseconds(0), code);
  }
  return try_later(lane, may_pass(code), pause_after(code, lane.part->attempt), code);
}

streamd_code LargeFile::settle_part(Lane& lane, streamd_code code, const HttpResponse& response) {
  if (response.ok()) {
    FileVersion part;
    parse_file(response.body, part);
    if (part.sha1 == lane.body->sha1()) {
      sha1s_[lane.part->index] = part.sha1;
      lane.part.reset();
      return STREAMD_OK;
    }
    lane.url.reset();
    code = call_.fail(STREAMD_CORRUPT, "cannot %s: the store has other bytes than were sent",
                      part_name(lane).c_str());
    return try_later(lane, true, std::chrono::milliseconds(0), code);
  }
  const UrlFate fate = url_fate(response);
  if (fate != UrlFate::kGood) lane.url.reset();
  if (code == STREAMD_OK) code = fail_response(call_, part_name(lane), response);
  if (fate == UrlFate::kReplace) return try_later(lane, true, std::chrono::milliseconds(0), code);
  return try_later(lane, may_pass(code), pause_after(code, lane.part->attempt), code);
}

// A part is ours to try again: sending the whole object once more for each break would never end.
streamd_code LargeFile::try_later(Lane& lane, bool again, std::chrono::milliseconds pause,
                                  streamd_code code) {
  if (!again || lane.part->attempt == kUploadAttempts) return code;
  waiting_.push_front({lane.part->index, lane.part->attempt + 1, Clock::now() + pause});
  lane.part.reset();
  return STREAMD_OK;
}

// The answer to a finish may get lost, and the next one is then an error (libcurl sends it by
// itself when a kept connection breaks): what became of the file is asked.
streamd_code LargeFile::finish(FileVersion& stored) {
  const nlohmann::json given = {{"fileId", id_}, {"partSha1Array", sha1s_}};
  const Request ask = about_file("writeFiles", "b2_finish_large_file", given.dump());
  for (int attempt = 1;; ++attempt) {
    HttpResponse response;
    const streamd_code code = client_.exchange(call_, ask, response);
    if (code == STREAMD_OK && parse_file(response.body, stored)) return STREAMD_OK;
    if (code == STREAMD_CANCELLED || call_.check() != STREAMD_OK) return code;
    if (response.status == 400 && is_finished(stored)) return STREAMD_OK;
    const bool unknown = code == STREAMD_OK || code == STREAMD_TRANSIENT || code == STREAMD_TIMEOUT;
    if (!unknown || attempt == kFinishAttempts)
      return code != STREAMD_OK
                 ? code
                 : call_.fail(STREAMD_TRANSIENT, "cannot %s: the answer is no file", what_.c_str());
  }
}

bool LargeFile::is_finished(FileVersion& stored) {
  const BriefCall own(kCancelMs, &call_);
  const sdk::Call call(own.abi());
  const nlohmann::json given = {{"fileId", id_}};
  HttpResponse response;
  const Request ask = about_file("readFiles", "b2_get_file_info", given.dump());
  return client_.exchange(call, ask, response) == STREAMD_OK && parse_file(response.body, stored) &&
         stored.action == "upload";
}

// Also when the host has cancelled or the time is over, so with little time of its own.
void LargeFile::cancel() {
  const BriefCall own(kCancelMs, nullptr);
  const sdk::Call call(own.abi());
  const nlohmann::json given = {{"fileId", id_}};
  HttpResponse response;
  client_.send(call, about_file("writeFiles", "b2_cancel_large_file", given.dump()), response);
}

}  // namespace streamd::b2
