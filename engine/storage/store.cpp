#include "storage/store.h"

#include <algorithm>
#include <utility>

namespace streamd::storage {
namespace {

class ObjectSource final : public ByteSource {
 public:
  ObjectSource(Store& store, std::string key, std::uint64_t size, const Call& call)
      : store_(&store), key_(std::move(key)), size_(size), call_(&call) {}
  std::uint64_t size() const override { return size_; }

  Status read_at(std::uint64_t offset, MutableBytes out) const override {
    if (offset > size_ || out.size() > size_ - offset)
      return make_error(Code::kCorrupt, "read past the end of object " + key_);
    if (out.empty()) return {};
    std::size_t filled = 0;
    const Sink fill = [&](ByteView bytes) -> Status {
      if (bytes.size() > out.size() - filled)
        return make_error(Code::kInternal, "more bytes than asked for from object " + key_);
      std::copy(bytes.begin(), bytes.end(), out.begin() + static_cast<std::ptrdiff_t>(filled));
      filled += bytes.size();
      return {};
    };
    TRY(store_->get(key_, offset, out.size(), fill, *call_));
    if (filled != out.size()) return make_error(Code::kCorrupt, "object " + key_ + " is cut short");
    return {};
  }

 private:
  Store* store_;
  std::string key_;
  std::uint64_t size_;
  const Call* call_;
};

}  // namespace

Result<Bytes> get_all(Store& store, const std::string& key, std::uint64_t limit, const Call& call) {
  Bytes whole;
  const Sink collect = [&](ByteView bytes) -> Status {
    if (bytes.size() > limit - whole.size())
      return make_error(Code::kCorrupt, "object " + key + " is larger than the " +
                                            std::to_string(limit) + " bytes it may have");
    append(whole, bytes);
    return {};
  };
  TRY(store.get(key, 0, kToTheEnd, collect, call));
  return whole;
}

std::unique_ptr<ByteSource> object_source(Store& store, std::string key, std::uint64_t size,
                                          const Call& call) {
  return std::make_unique<ObjectSource>(store, std::move(key), size, call);
}

}  // namespace streamd::storage
