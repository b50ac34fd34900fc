#include "ranged_read.h"

namespace streamd::cloud {

void RangedRead::ask(Pairs& headers) const {
  if (whole()) return;
  std::string range = "bytes=" + std::to_string(request_.offset) + "-";
  if (!to_the_end()) range += std::to_string(request_.offset + request_.length - 1);
  headers.emplace_back("Range", range);
}

streamd_code RangedRead::take(const HttpResponse& head, const char* data, std::size_t size) {
  if (delivered_ == 0) {
    const std::uint64_t all = head.whole_size();
    if (!whole() && head.status != 206)
      return call_.fail(STREAMD_UNSUPPORTED, "cannot %s: the store ignores Range", what_.c_str());
    size_is_told_ = !head.header("content-length").empty() || !whole();
    wanted_ = to_the_end() ? all - request_.offset : request_.length;
    if (request_.offset > all || wanted_ > all - request_.offset) return too_short(all);
  }
  if (size_is_told_ && size > wanted_ - delivered_)
    return call_.fail(STREAMD_INTERNAL, "cannot %s: the store sent more than was asked for",
                      what_.c_str());
  delivered_ += size;
  return sink_.write(sink_.ctx, data, size);
}

streamd_code RangedRead::finish(const HttpResponse& response, std::uint64_t& whole_size) const {
  whole_size = size_is_told_ ? response.whole_size() : delivered_;
  const std::uint64_t wanted = size_is_told_ ? wanted_ : delivered_;
  if (delivered_ < wanted || (delivered_ == 0 && whole_size > request_.offset))
    return call_.fail(STREAMD_TRANSIENT, "cannot %s: the store sent fewer bytes than it said",
                      what_.c_str());
  return STREAMD_OK;
}

streamd_code RangedRead::judge_empty(std::uint64_t size) const {
  if (request_.offset <= size && (to_the_end() || request_.length <= size - request_.offset))
    return STREAMD_OK;
  return too_short(size);
}

streamd_code RangedRead::too_short(std::uint64_t size) const {
  return call_.fail(STREAMD_CORRUPT, "cannot %s: it has %llu bytes, fewer than asked for",
                    what_.c_str(), static_cast<unsigned long long>(size));
}

}  // namespace streamd::cloud
