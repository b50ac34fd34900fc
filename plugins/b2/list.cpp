// What is in the bucket, in the order of its bytes.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "failure.h"
#include "name.h"
#include "store.h"

namespace streamd::b2 {
namespace {

constexpr std::uint32_t kPage = 1000;  // as many as one billed transaction gives
constexpr int kMostEmptyPages = 1000;  // in a row; hidden files make some, but not for ever

}  // namespace

streamd_code Store::list(const sdk::Call& call, const streamd_list& request,
                         const streamd_list_sink& sink) {
  const std::string prefix = request.prefix, after = request.start_after;
  // What no name can have is left to us.
  const std::string their_prefix(beginning_of_name(prefix));
  std::string next(beginning_of_name(after));
  const std::uint32_t page_size =
      request.page_hint == 0 ? kPage : std::min(request.page_hint, kPage);
  const std::string what = on("list", request.prefix);
  int empty = 0;
  do {
    if (const streamd_code code = call.check(); code != STREAMD_OK) return code;
    const Request ask{what, {"listFiles"}, prefix, [&](const Session& session) {
                        nlohmann::json given = {{"bucketId", session.bucket_id},
                                                {"maxFileCount", page_size},
                                                {"prefix", their_prefix}};
                        if (!next.empty()) given["startFileName"] = next;
                        return Client::api_request(session, "b2_list_file_names", given.dump(),
                                                   what);
                      }};
    HttpResponse response;
    if (const auto code = client_.exchange(call, ask, response); code != STREAMD_OK) return code;
    FilePage page;
    if (!parse_files(response.body, page))
      return call.fail(STREAMD_TRANSIENT, "cannot %s: the answer is no list", what.c_str());
    for (const FileVersion& file : page.files) {
      const bool wanted =
          file.action == "upload" && file.name > after && file.name.starts_with(prefix);
      if (!wanted) continue;
      if (const streamd_code code = call.check(); code != STREAMD_OK) return code;
      const streamd_object found =
          sdk::make_object(file.size, nanoseconds_of_ms(file.timestamp_ms), etag_of(file.id));
      if (const auto code = sink.item(sink.ctx, file.name.c_str(), &found); code != STREAMD_OK)
        return code;
      call.progress();
    }
    empty = page.files.empty() ? empty + 1 : 0;
    if ((!page.next_name.empty() && page.next_name <= next) || empty > kMostEmptyPages)
      return call.fail(STREAMD_INTERNAL, "cannot %s: the store repeats a page", what.c_str());
    next = page.next_name;
  } while (!next.empty());
  return STREAMD_OK;
}

}  // namespace streamd::b2
