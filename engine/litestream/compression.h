// LZ4, both ways in which Litestream writes it. Hostile bytes are an error; what may be allocated
// is bounded by LZ4's largest block (4 MiB).
#pragma once
#include "base/bytes.h"
#include "base/result.h"

struct LZ4F_dctx_s;

namespace streamd::litestream {

// One frame after the other, in steps.
class FrameDecoder {
 public:
  static Result<FrameDecoder> create();
  ~FrameDecoder();
  FrameDecoder(FrameDecoder&& other) noexcept : context_(other.context_) {
    other.context_ = nullptr;
  }
  FrameDecoder& operator=(FrameDecoder&&) = delete;

  struct Step {
    std::size_t taken = 0;  // of what was given
    std::size_t made = 0;   // in the room that was given
    bool ended = false;     // the frame is complete and its checksum right; the next one may begin
  };
  // kCorrupt on anything that is no LZ4 frame.
  Result<Step> decode(ByteView in, MutableBytes out);
  void start_over();  // forgets a frame that has begun

 private:
  explicit FrameDecoder(LZ4F_dctx_s* context) : context_(context) {}
  LZ4F_dctx_s* context_;
};

// The most that a block of so many bytes can take, compressed.
std::size_t largest_block(std::size_t raw);
// A bare block that must fill `out` exactly; kCorrupt.
Status decode_block(ByteView in, MutableBytes out);

}  // namespace streamd::litestream
