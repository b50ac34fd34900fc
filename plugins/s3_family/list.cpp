// What is in the bucket.
#include <algorithm>

#include "reply.h"
#include "store.h"

namespace streamd::s3 {
namespace {

constexpr std::uint32_t kPage = 1000;
constexpr int kMostEmptyPages = 1000;  // in a row; a store may send some, but not for ever

}  // namespace

streamd_code Store::list(const sdk::Call& call, const streamd_list& request,
                         const streamd_list_sink& sink) {
  const bool from_the_first = request.start_after[0] == '\0';
  const bool ordered = client_.settings().profile->ordered_list;
  if (!from_the_first && !ordered)
    return call.fail(STREAMD_UNSUPPORTED, "this store does not list in order");
  const std::uint32_t page_size =
      request.page_hint == 0 ? kPage : std::min(request.page_hint, kPage);
  std::string token, last;
  int empty = 0;
  do {
    if (const streamd_code code = call.check(); code != STREAMD_OK) return code;
    Request get;
    get.method = "GET";
    get.query = {{"list-type", "2"},
                 {"encoding-type", "url"},
                 {"max-keys", std::to_string(page_size)},
                 {"prefix", request.prefix}};
    if (!token.empty())
      get.query.emplace_back("continuation-token", token);
    else if (!from_the_first)
      get.query.emplace_back("start-after", request.start_after);
    get.what = on("list", request.prefix);
    HttpResponse response;
    if (const auto code = client_.exchange(call, get, response); code != STREAMD_OK)
      return code == STREAMD_NOT_FOUND ? missing(call, get, response) : code;
    bucket_seen_ = true;
    ListPage page;
    if (!parse_list(response.body, page))
      return call.fail(STREAMD_TRANSIENT, "cannot %s: the answer is no list", get.what.c_str());
    for (const ListedObject& object : page.objects) {
      if (ordered && !last.empty() && object.key <= last)
        return call.fail(STREAMD_INTERNAL, "cannot %s: the store goes back in its list",
                         get.what.c_str());
      last = object.key;
      if (object.key == kProbeKey) continue;
      if (const streamd_code code = call.check(); code != STREAMD_OK) return code;
      const streamd_object found =
          sdk::make_object(object.size, nanoseconds_of_seconds(object.mtime_seconds), object.etag);
      if (const auto code = sink.item(sink.ctx, object.key.c_str(), &found); code != STREAMD_OK)
        return code;
      call.progress();
    }
    empty = page.objects.empty() ? empty + 1 : 0;
    if ((page.next == token && !token.empty()) || empty > kMostEmptyPages)
      return call.fail(STREAMD_INTERNAL, "cannot %s: the store repeats a page", get.what.c_str());
    token = page.next;
  } while (!token.empty());
  return STREAMD_OK;
}

}  // namespace streamd::s3
