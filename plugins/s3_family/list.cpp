// What is in the bucket.
#include <algorithm>

#include "reply.h"
#include "store.h"

namespace streamd::s3 {
namespace {

constexpr std::uint32_t kPage = 1000;
constexpr int kMostEmptyPages = 1000;  // in a row; a store may send some, but not for ever

// From where on the next page is asked for, and whether that ever ends.
class Pages {
 public:
  explicit Pages(std::string start_after) : after_(std::move(start_after)) {}

  void ask(Pairs& query) const {
    if (!token_.empty())
      query.emplace_back("continuation-token", token_);
    else if (!after_.empty())
      query.emplace_back("start-after", after_);
  }

  // Goes on behind this page; nullptr, or what is wrong with it.
  const char* turn(const ListPage& page, bool ordered) {
    empty_ = page.objects.empty() ? empty_ + 1 : 0;
    if (empty_ > kMostEmptyPages) return "the store repeats a page";
    if (page.next.empty()) {
      // As in the first version of lists: behind the last key.
      if (page.objects.empty() || !ordered)
        return "the store says that there is more, but not where it begins";
      token_.clear();
      after_ = page.objects.back().key;
      return nullptr;
    }
    // One page of every circle is marked once the marks are far enough apart.
    if (page.next == token_ || page.next == marked_) return "the store repeats a page";
    token_ = page.next;
    if (++turned_ == next_mark_) {
      marked_ = token_;
      next_mark_ *= 2;
    }
    return nullptr;
  }

 private:
  std::string token_, after_, marked_;
  std::uint64_t turned_ = 0, next_mark_ = 1;
  int empty_ = 0;
};

}  // namespace

streamd_code Store::list(const sdk::Call& call, const streamd_list& request,
                         const streamd_list_sink& sink) {
  const bool from_the_first = request.start_after[0] == '\0';
  const bool ordered = client_.settings().profile->ordered_list;
  if (!from_the_first && !ordered)
    return call.fail(STREAMD_UNSUPPORTED, "this store does not list in order");
  const std::uint32_t page_size =
      request.page_hint == 0 ? kPage : std::min(request.page_hint, kPage);
  Pages pages(request.start_after);
  std::string last;
  for (bool more = true; more;) {
    if (const streamd_code code = call.check(); code != STREAMD_OK) return code;
    Request get;
    get.method = "GET";
    get.query = {{"list-type", "2"},
                 {"encoding-type", "url"},
                 {"max-keys", std::to_string(page_size)},
                 {"prefix", request.prefix}};
    pages.ask(get.query);
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
    more = page.more;
    if (const char* wrong = more ? pages.turn(page, ordered) : nullptr; wrong != nullptr)
      return call.fail(STREAMD_INTERNAL, "cannot %s: %s", get.what.c_str(), wrong);
  }
  return STREAMD_OK;
}

}  // namespace streamd::s3
