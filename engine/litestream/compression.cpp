#include "litestream/compression.h"

#include <lz4.h>
#include <lz4frame.h>

namespace streamd::litestream {

Result<FrameDecoder> FrameDecoder::create() {
  LZ4F_dctx* context = nullptr;
  const LZ4F_errorCode_t made = LZ4F_createDecompressionContext(&context, LZ4F_VERSION);
  if (LZ4F_isError(made))
    return make_error(Code::kInternal,
                      std::string("begin to decompress: ") + LZ4F_getErrorName(made));
  return FrameDecoder(context);
}

FrameDecoder::~FrameDecoder() {
  if (context_ != nullptr) LZ4F_freeDecompressionContext(context_);
}

Result<FrameDecoder::Step> FrameDecoder::decode(ByteView in, MutableBytes out) {
  Step step{in.size(), out.size(), false};
  const std::size_t wanted =
      LZ4F_decompress(context_, out.data(), &step.made, in.data(), &step.taken, nullptr);
  if (LZ4F_isError(wanted)) {
    start_over();  // the context is of no use otherwise
    return make_error(Code::kCorrupt,
                      std::string("it does not decompress: ") + LZ4F_getErrorName(wanted));
  }
  step.ended = wanted == 0;
  return step;
}

void FrameDecoder::start_over() {
  LZ4F_resetDecompressionContext(context_);
}

std::size_t largest_block(std::size_t raw) {
  return static_cast<std::size_t>(LZ4_compressBound(static_cast<int>(raw)));
}

Status decode_block(ByteView in, MutableBytes out) {
  const int made = LZ4_decompress_safe(reinterpret_cast<const char*>(in.data()),
                                       reinterpret_cast<char*>(out.data()),
                                       static_cast<int>(in.size()), static_cast<int>(out.size()));
  if (made < 0 || static_cast<std::size_t>(made) != out.size())
    return make_error(Code::kCorrupt, "it does not decompress to a page");
  return {};
}

}  // namespace streamd::litestream
