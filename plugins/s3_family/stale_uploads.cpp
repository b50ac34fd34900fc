// What an upload left behind: parts that nobody sees, and that are billed. Of a machine that died
// in the middle of it: looked for once in the life of an instance, after its first upload in parts.
// Of our own that could not be aborted: tried again after the next put that succeeds.
#include "brief_call.h"
#include "reply.h"
#include "store.h"

namespace streamd::s3 {
namespace {

constexpr std::int64_t kStaleAfter = 2 * 24 * 3600;  // seconds; no upload of ours takes so long
constexpr std::uint32_t kPatienceMs = 10'000;

}  // namespace

// Only beside the key, in what is ours: "a/b/" of "a/b/c". The upload has succeeded, so nothing
// that goes wrong here is told; the next life of the instance looks again.
void Store::clear_stale_uploads(const sdk::Call& call, const std::string& key) {
  const std::size_t slash = key.rfind('/');
  if (slash == std::string::npos) return;
  const BriefCall own(kPatienceMs, &call);
  const sdk::Call brief(own.abi());
  Request look;
  look.method = "GET";
  look.query = {{"uploads", ""}, {"encoding-type", "url"}, {"prefix", key.substr(0, slash + 1)}};
  look.what = "look for old uploads";
  HttpResponse response;
  std::vector<OpenUpload> uploads;
  if (client_.exchange(brief, look, response) != STREAMD_OK ||
      !parse_uploads(response.body, uploads))
    return;
  for (const OpenUpload& upload : uploads) {
    const bool stale =
        upload.began_seconds > 0 && client_.now() - upload.began_seconds > kStaleAfter;
    if (!stale || !upload.key.starts_with(key.substr(0, slash + 1))) continue;
    Request abort;
    abort.method = "DELETE";
    abort.key = upload.key;
    abort.query = {{"uploadId", upload.id}};
    abort.what = "abort an old upload";
    if (client_.exchange(brief, abort, response) == STREAMD_OK)
      call.log(STREAMD_LOG_INFO, "removed an unfinished upload of " + upload.key);
  }
}

void Store::clear_left_behind(const sdk::Call& call) {
  std::vector<std::pair<std::string, std::string>> mine;
  {
    const std::lock_guard lock(left_behind_mutex_);
    mine.swap(left_behind_);
  }
  const BriefCall own(kPatienceMs, &call);
  const sdk::Call brief(own.abi());
  for (const auto& [key, id] : mine) {
    Request abort;
    abort.method = "DELETE";
    abort.key = key;
    abort.query = {{"uploadId", id}};
    abort.what = "abort an upload";
    HttpResponse response;
    if (client_.send(brief, abort, response) == STREAMD_OK &&
        (response.ok() || response.status == 404 || response.status == 403))
      continue;  // gone, or a key that may not: a lifecycle rule is there for that
    const std::lock_guard lock(left_behind_mutex_);
    left_behind_.emplace_back(key, id);
  }
}

}  // namespace streamd::s3
