#include "segment/codec.h"

#include <zstd.h>

#include <new>

#include "segment/limits.h"

namespace streamd::segment {
namespace {

struct FreeCompression {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};
struct FreeDecompression {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

// The window must span prefix and block, at most kBlockBytes each (a 64 KiB page still fits twice).
constexpr int kWindowLog = 18;
static_assert((1u << kWindowLog) >= 2 * kBlockBytes);
// At level 1, enough slots to remember every position of prefix and block that is indexed.
constexpr int kFastHashLog = 16;
// Pages alone at level 1: what is found pays when it is near, and then a small table finds it
// (docs/adr/0009).
constexpr int kAloneHashLog = 11;

}  // namespace

struct Compressor::State {
  std::unique_ptr<ZSTD_CCtx, FreeCompression> context{ZSTD_createCCtx()};
  Bytes out;
};

Compressor::Compressor(int level, Content content) : state_(std::make_unique<State>()) {
  ZSTD_CCtx* context = state_->context.get();
  if (context == nullptr) throw std::bad_alloc();
  ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level);
  ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, kWindowLog);
  if (level == 1)
    ZSTD_CCtx_setParameter(context, ZSTD_c_hashLog,
                           content == Content::kAlone ? kAloneHashLog : kFastHashLog);
  // Length and hash are in the index.
  ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 0);
}
Compressor::~Compressor() = default;
Compressor::Compressor(Compressor&&) noexcept = default;
Compressor& Compressor::operator=(Compressor&&) noexcept = default;

Result<ByteView> Compressor::compress(ByteView raw, ByteView prefix) {
  Bytes& out = state_->out;
  if (const std::size_t bound = ZSTD_compressBound(raw.size()); out.size() < bound)
    out.resize(bound);
  ZSTD_CCtx* context = state_->context.get();
  std::size_t done = ZSTD_CCtx_refPrefix(context, prefix.data(), prefix.size());
  if (!ZSTD_isError(done))
    done = ZSTD_compress2(context, out.data(), out.size(), raw.data(), raw.size());
  if (ZSTD_isError(done))
    return make_error(Code::kInternal,
                      std::string("compress a block of pages: ") + ZSTD_getErrorName(done));
  return ByteView(out).first(done);
}

Status decompress(ByteView stored, ByteView prefix, MutableBytes out) {
  thread_local const std::unique_ptr<ZSTD_DCtx, FreeDecompression> context{ZSTD_createDCtx()};
  if (context == nullptr) throw std::bad_alloc();
  std::size_t done = ZSTD_DCtx_refPrefix(context.get(), prefix.data(), prefix.size());
  if (!ZSTD_isError(done))
    done = ZSTD_decompressDCtx(context.get(), out.data(), out.size(), stored.data(), stored.size());
  if (ZSTD_isError(done))
    return make_error(Code::kCorrupt, std::string("decompress: ") + ZSTD_getErrorName(done));
  if (done != out.size())
    return make_error(Code::kCorrupt, "decompress: fewer bytes than the index says");
  return {};
}

}  // namespace streamd::segment
