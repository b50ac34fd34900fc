// What a database looked like, out of a replica's objects: through the engine's reader of objects,
// and nothing of its restore. Throws std::runtime_error on whatever is not as it should be.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "catalog/timeline.h"
#include "segment/checksum.h"
#include "segment/reader.h"

namespace stress {

struct Image {
  std::uint32_t page_size = 0;
  streamd::Bytes bytes;
  streamd::MutableBytes page(streamd::PageNo page);  // grows
  void cut(std::uint32_t pages);
};

class ChainImage {
 public:
  using Read = std::function<streamd::Bytes(const std::string& key)>;  // may throw
  ChainImage(Read read, streamd::segment::ChecksumKey key) : read_(std::move(read)), key_(key) {}

  const Image& image() const { return image_; }
  void load(const streamd::catalog::Snapshot& snapshot);
  // The image shows the moment of this snapshot already.
  void compare(const streamd::catalog::Snapshot& snapshot);
  // A segment that continues it; `moment` is called after each transaction, for one without all of
  // them once.
  void apply(const streamd::catalog::Segment& segment,
             const std::function<void(streamd::Txid)>& moment);

 private:
  using Images = std::vector<std::pair<streamd::PageNo, streamd::Bytes>>;
  Image read_snapshot(const streamd::catalog::Snapshot& snapshot);
  std::size_t decode_run(const streamd::segment::ObjectReader& reader, std::size_t first,
                         Image& scratch, std::map<std::uint32_t, Images>& transactions);
  void check(Image& image, std::uint64_t wanted, const std::string& what) const;

  const Read read_;
  const streamd::segment::ChecksumKey key_;
  Image image_;
};

template <class T>
T must(streamd::Result<T> result, const std::string& what) {
  if (!result) throw std::runtime_error(what + ": " + result.error().message);
  return std::move(result).take();
}

}  // namespace stress
