#include "remove.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "failure.h"
#include "name.h"
#include "store.h"

namespace streamd::b2 {
namespace {

constexpr std::size_t kPage = 1000;
constexpr std::size_t kMostPages = 10'000;  // that a walk takes, whatever the store says
constexpr std::size_t kParallel = 4;        // deletions of one call

std::string common_prefix(const std::string& a, const std::string& b) {
  const auto end = std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first;
  const std::string_view common(a.data(), static_cast<std::size_t>(end - a.begin()));
  return std::string(beginning_of_name(common));
}

}  // namespace

streamd_code Removal::ask_page(const std::string& prefix, const std::string& name,
                               const std::string& id, std::size_t left, FilePage& page) {
  const Request ask{what_, {"deleteFiles", "listFiles"}, prefix, [&](const Session& session) {
                      nlohmann::json given = {{"bucketId", session.bucket_id},
                                              {"maxFileCount", std::min(kPage, 2 * left + 8)},
                                              {"prefix", prefix},
                                              {"startFileName", name}};
                      if (!id.empty()) given["startFileId"] = id;
                      return Client::api_request(session, "b2_list_file_versions", given.dump(),
                                                 what_);
                    }};
  HttpResponse response;
  if (const auto code = client_.exchange(call_, ask, response); code != STREAMD_OK) return code;
  if (!parse_files(response.body, page))
    return call_.fail(STREAMD_TRANSIENT, "cannot %s: the answer is no list", what_.c_str());
  return STREAMD_OK;
}

// One walk over the versions between the first and the last key, leaping over what lies between
// two keys when a page ends there: as cheap for a thousand neighbours as for three strangers.
streamd_code Removal::find_versions(const Codes& keys) {
  const std::string prefix = common_prefix(keys.begin()->first, keys.rbegin()->first);
  std::string name = keys.begin()->first, id;
  std::size_t pages = 0;
  for (auto at = keys.begin(); at != keys.end();) {
    if (const streamd_code code = call_.check(); code != STREAMD_OK) return code;
    FilePage page;
    const auto left = static_cast<std::size_t>(std::distance(at, keys.end()));
    if (const auto code = ask_page(prefix, name, id, left, page); code != STREAMD_OK) return code;
    for (const FileVersion& file : page.files) {
      // A large file that is not finished belongs to whoever sends it.
      if (file.action == "start" || file.id.empty() || !keys.contains(file.name)) continue;
      if (jobs_.empty() || jobs_.back()->name != file.name) {
        jobs_.push_back(std::make_unique<Job>());
        jobs_.back()->name = file.name;
      }
      jobs_.back()->ids.push_back(file.id);
    }
    if (page.next_name.empty()) return STREAMD_OK;
    at = keys.lower_bound(page.next_name);
    if (at == keys.end()) return STREAMD_OK;
    if ((page.next_name == name && page.next_id == id) || ++pages == kMostPages)
      return call_.fail(STREAMD_INTERNAL, "cannot %s: the store repeats a page", what_.c_str());
    name = at->first;
    id = name == page.next_name ? page.next_id : "";
  }
  return STREAMD_OK;
}

streamd_code Removal::start(Wire& wire, Lane& lane) {
  HttpRequest made;
  const nlohmann::json given = {{"fileName", lane.job->name}, {"fileId", lane.job->ids.back()}};
  const Request drop{what_, {"deleteFiles"}, lane.job->name, [&](const Session& session) {
                       return Client::api_request(session, "b2_delete_file_version", given.dump(),
                                                  what_);
                     }};
  if (const auto code = client_.prepare(call_, drop, made, lane.used); code != STREAMD_OK)
    return code;
  lane.transfer = std::make_unique<Transfer>(client_.settings().network, call_, std::move(made));
  wire.start(*lane.transfer);
  return STREAMD_OK;
}

// OK also means: to be tried again, its version is still in the job.
streamd_code Removal::settle(Lane& lane) {
  const std::unique_ptr<Transfer> transfer = std::move(lane.transfer);
  if (const auto code = transfer->result(); code != STREAMD_OK) return code;
  const HttpResponse& response = transfer->response();
  if (!response.ok()) {
    if (client_.learn(call_, lane.used, response) && lane.job->attempt++ == 1) return STREAMD_OK;
    const streamd_code code = fail_response(call_, what_, response);
    if (code != STREAMD_NOT_FOUND) return code;  // somebody else was faster
  }
  lane.job->ids.pop_back();
  return STREAMD_OK;
}

// Of each file the oldest version first: what is visible must not be something older meanwhile.
streamd_code Removal::delete_all(Codes& keys) {
  Wire wire(client_.connections());  // outlives the lanes
  std::vector<Lane> lanes(std::min(kParallel, jobs_.size()));
  std::size_t next = 0;
  for (;;) {
    bool busy = false;
    for (Lane& lane : lanes) {
      if (lane.job == nullptr && next < jobs_.size()) lane.job = std::move(jobs_[next++]);
      if (lane.job == nullptr) continue;
      busy = true;
      if (lane.transfer != nullptr) continue;
      if (const auto code = start(wire, lane); code != STREAMD_OK) return code;
    }
    if (!busy) return STREAMD_OK;
    Transfer* done = nullptr;
    if (const auto code = wire.step(call_, done); code != STREAMD_OK) return code;
    if (done == nullptr) continue;
    Lane& lane = *std::find_if(lanes.begin(), lanes.end(),
                               [done](const Lane& one) { return one.transfer.get() == done; });
    const streamd_code code = settle(lane);
    if (code != STREAMD_OK || lane.job->ids.empty()) {
      keys[lane.job->name] = code;
      lane.job.reset();
    }
  }
}

streamd_code Removal::run(Codes& keys) {
  if (keys.empty()) return STREAMD_OK;
  const streamd_code searched = find_versions(keys);
  for (auto& [name, code] : keys) code = searched;
  if (searched != STREAMD_OK) return searched;
  for (const auto& job : jobs_) keys[job->name] = STREAMD_TRANSIENT;  // until it is done
  const streamd_code stopped = delete_all(keys);
  streamd_code first = STREAMD_OK;
  for (auto& [name, code] : keys) {
    if (stopped != STREAMD_OK && code == STREAMD_TRANSIENT) code = stopped;
    if (first == STREAMD_OK) first = code;
  }
  return first;
}

streamd_code Store::remove(const sdk::Call& call, const char* const* keys, std::size_t count,
                           streamd_code* each) {
  if (count > kLargestBatch)
    return call.fail(STREAMD_UNSUPPORTED, "%zu keys are more than %u", count, kLargestBatch);
  if (const streamd_code code = call.check(); code != STREAMD_OK) return code;
  std::map<std::string, streamd_code> wanted;
  for (std::size_t i = 0; i < count; ++i)
    if (why_no_name(keys[i]) == nullptr) wanted[keys[i]] = STREAMD_OK;
  if (wanted.empty()) {
    if (each != nullptr) std::fill_n(each, count, STREAMD_OK);
    return STREAMD_OK;
  }
  const std::string what =
      count == 1 ? on("remove", keys[0])
                 : "remove " + std::to_string(count) + " objects in " + client_.settings().bucket;
  const streamd_code first = Removal(client_, call, what).run(wanted);
  for (std::size_t i = 0; each != nullptr && i < count; ++i) {
    const auto found = wanted.find(keys[i]);
    each[i] = found == wanted.end() ? streamd_code{STREAMD_OK} : found->second;
  }
  return first;
}

}  // namespace streamd::b2
