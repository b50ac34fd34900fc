// Reads any object from anywhere, trusting nothing.
#pragma once
#include "base/source.h"
#include "segment/index.h"

namespace streamd::segment {

// Immutable after open; any thread. Borrows the source.
class ObjectReader {
 public:
  // Checks magic, version, header hash, index hash, the hash over all hashes and every number of
  // the index; kCorrupt or kUnsupported. At most three reads: the last 64 KiB, the header, and what
  // a long index has before that. Blocks are not read.
  static Result<ObjectReader> open(const ByteSource& source);

  const ObjectHeader& header() const { return header_; }
  const Index& index() const { return index_; }
  std::uint64_t size() const { return size_; }
  std::uint64_t hash() const { return hash_; }  // over all hashes; SealedObject::hash
  std::size_t blocks() const { return index_.blocks.size(); }
  const Block& block(std::size_t i) const { return index_.blocks[i]; }
  // What decode_block(i) yields, in order: by page, then as they were written.
  std::span<const ImageRef> images(std::size_t i) const { return index_.images_of(block(i)); }
  // The distinct pages whose images before the block's run, concatenated in this order, are the
  // block's bases. Empty for a block that stands alone.
  std::span<const PageNo> base_pages(std::size_t i) const { return index_.bases_of(block(i)); }

  // The stored bytes of a block, verified. Who fetches neighbouring blocks in one read cuts them
  // himself at block(i).offset, block(i).stored.
  Result<Bytes> read_block(std::size_t i) const;
  // `stored` is verified again (it may come from the caller's own read), `bases` against the hash
  // on record, and `out`, block(i).raw bytes, receives the images. kCorrupt on any mismatch. Runs
  // are decoded in order; the blocks of one run in any order and in parallel, provided the bases of
  // all of them are taken before any of their images is applied.
  Status decode_block(std::size_t i, ByteView stored, ByteView bases, MutableBytes out) const;
  // The stored bytes of every block against their hashes: with what open checks, every byte of the
  // object. Reads 4 MiB at a time.
  Status verify_blocks() const;

 private:
  ObjectReader() = default;
  const ByteSource* source_ = nullptr;
  ObjectHeader header_;
  Index index_;
  std::uint64_t size_ = 0, hash_ = 0;
};

// The header alone: one small read. Only its own hash is checked. kCorrupt or kUnsupported.
Result<ObjectHeader> read_header(const ByteSource& source);

enum class Depth : std::uint8_t {
  kIndex,   // what open checks
  kStored,  // and the hash of every block's stored bytes: the whole object is read once
};
Status verify_object(const ByteSource& source, Depth depth);

}  // namespace streamd::segment
