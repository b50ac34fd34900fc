// Zstandard, with the past of the pages as prefix. The only place that knows zstd.
#pragma once
#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "base/result.h"

namespace streamd::segment {

// What the blocks of a compressor are like: pages after their past, almost all of which is found
// there, or pages alone, where searching costs more than it finds.
enum class Content : std::uint8_t { kAfterPast, kAlone };

// One reusable compression context (about 0.5 MiB). Not thread safe.
class Compressor {
 public:
  explicit Compressor(int level, Content content = Content::kAfterPast);
  ~Compressor();
  Compressor(Compressor&&) noexcept;
  Compressor& operator=(Compressor&&) noexcept;
  // One frame; matches reach back over the whole prefix. The view is good until the next call.
  Result<ByteView> compress(ByteView raw, ByteView prefix);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Exactly out.size() bytes, else kCorrupt. Any thread: each keeps a context of its own.
Status decompress(ByteView stored, ByteView prefix, MutableBytes out);

}  // namespace streamd::segment
