// Zstandard, with the past of the pages as prefix. The only place that knows zstd.
#pragma once
#include <memory>

#include "base/bytes.h"
#include "base/result.h"

namespace streamd::segment {

// One reusable compression context (about 0.5 MiB). Not thread safe.
class Compressor {
 public:
  explicit Compressor(int level);
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
