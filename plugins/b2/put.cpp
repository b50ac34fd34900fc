// Storing an object: in one request, or as a large file.
#include <nlohmann/json.hpp>

#include "brief_call.h"
#include "failure.h"
#include "large_file.h"
#include "name.h"
#include "store.h"

namespace streamd::b2 {
namespace {

constexpr std::int64_t kStaleAfterMs = 2 * 24 * 3600 * 1000;  // no upload of ours takes so long
constexpr std::uint32_t kPatienceMs = 10'000;

}  // namespace

streamd_code Store::put(const sdk::Call& call, const streamd_put& request,
                        const streamd_source& source, streamd_object& out) {
  if ((request.flags & ~STREAMD_PUT_IF_ABSENT) != 0)
    return call.fail(STREAMD_UNSUPPORTED, "unknown flags of put: %#x", request.flags);
  if (const streamd_code code = call.check(); code != STREAMD_OK) return code;
  const std::string what = on("store", request.key);
  if (request.flags != 0)
    return call.fail(STREAMD_UNSUPPORTED, "cannot %s if absent: B2 has no such put", what.c_str());
  if (const char* why = why_no_name(request.key); why != nullptr)
    return call.fail(STREAMD_UNSUPPORTED, "cannot %s: B2 does not take this name, %s", what.c_str(),
                     why);
  if (source.size > kLargestObject)
    return call.fail(STREAMD_UNSUPPORTED, "cannot %s: %llu bytes are too many", what.c_str(),
                     static_cast<unsigned long long>(source.size));
  SessionPointer session;
  if (const auto code = client_.session(call, what, session); code != STREAMD_OK) return code;
  const bool large = source.size > std::max(client_.settings().part_size, session->minimum_part);
  FileVersion stored;
  const streamd_code code = large ? LargeFile(client_, call, request.key, what, source).run(stored)
                                  : upload(client_, urls_, call, request.key, what, source, stored);
  if (code != STREAMD_OK) return code;
  drop_replaced(call, request.key, stored);
  if (large && !unfinished_seen_.exchange(true))
    clear_stale_files(call, request.key, stored.timestamp_ms);
  out = sdk::make_object(source.size, nanoseconds_of_ms(stored.timestamp_ms), etag_of(stored.id));
  return STREAMD_OK;
}

// A put over an object of ours makes a version that nobody reads and everybody pays. The put has
// succeeded, so nothing that goes wrong here is told: remove() removes all there is.
void Store::drop_replaced(const sdk::Call& call, const std::string& key,
                          const FileVersion& stored) {
  const auto replaced = newest_.replace(key, stored);
  if (!replaced.has_value()) return;
  const BriefCall own(kPatienceMs, &call);
  const sdk::Call brief(own.abi());
  const std::string what = "remove a replaced version";
  const Request drop{what, {"deleteFiles"}, key, [&](const Session& session) {
                       const nlohmann::json given = {{"fileName", key}, {"fileId", replaced->id}};
                       return Client::api_request(session, "b2_delete_file_version", given.dump(),
                                                  what);
                     }};
  HttpResponse response;
  client_.send(brief, drop, response);
}

// What a machine that died in the middle of an upload left behind: parts that nobody sees, and that
// are billed. Looked for once in the life of an instance, after its first large file, beside the
// key, in what is ours: "a/b/" of "a/b/c". `now_ms` by the store's clock.
void Store::clear_stale_files(const sdk::Call& call, const std::string& key, std::int64_t now_ms) {
  const std::size_t slash = key.rfind('/');
  if (slash == std::string::npos) return;
  const std::string folder = key.substr(0, slash + 1), what = "look for unfinished files";
  const BriefCall own(kPatienceMs, &call);
  const sdk::Call brief(own.abi());
  const Request look{
      what, {"listFiles"}, folder, [&](const Session& session) {
        const nlohmann::json given = {
            {"bucketId", session.bucket_id}, {"namePrefix", folder}, {"maxFileCount", 100}};
        return Client::api_request(session, "b2_list_unfinished_large_files", given.dump(), what);
      }};
  HttpResponse response;
  FilePage page;
  if (client_.exchange(brief, look, response) != STREAMD_OK || !parse_files(response.body, page))
    return;
  for (const FileVersion& file : page.files) {
    if (now_ms - file.timestamp_ms <= kStaleAfterMs || !file.name.starts_with(folder)) continue;
    const Request cancel{what, {"writeFiles"}, file.name, [&](const Session& session) {
                           const nlohmann::json given = {{"fileId", file.id}};
                           return Client::api_request(session, "b2_cancel_large_file", given.dump(),
                                                      what);
                         }};
    if (client_.exchange(brief, cancel, response) == STREAMD_OK)
      call.log(STREAMD_LOG_INFO, "removed an unfinished upload of " + file.name);
  }
}

}  // namespace streamd::b2
