// The index at the end of an object: where the blocks are, which page images they hold, and what is
// known about them (docs/formats/object.md).
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "segment/header.h"
#include "wal/chain.h"
#include "wal/page.h"

namespace streamd::segment {

enum class Encoding : std::uint8_t { kRaw = 0, kZstd = 1, kZstdPrefix = 2 };

// One image in a block. `transaction` is an ordinal: 0 is the segment's first transaction.
struct ImageRef {
  PageNo page{};
  std::uint32_t transaction = 0;
  bool operator==(const ImageRef&) const = default;
};

struct Block {
  std::uint64_t offset = 0;           // from the start of the object
  std::uint32_t stored = 0, raw = 0;  // bytes
  Encoding encoding = Encoding::kRaw;
  std::uint32_t run = 0;  // from 0, never falling
  std::uint64_t stored_hash = 0;
  std::uint64_t bases_hash = 0;               // 0 without bases
  std::uint32_t first_image = 0, images = 0;  // in Index::images
  std::uint32_t first_base = 0, bases = 0;    // in Index::bases
  bool operator==(const Block&) const = default;
};

struct PageHash {
  PageNo page{};
  std::uint64_t hash = 0;
  bool operator==(const PageHash&) const = default;
};

// As of the end of a transaction.
struct TransactionInfo {
  Micros not_before = 0,
         seen = 0;             // the last look that did not see the commit, and the first that did
  std::uint32_t pages = 0;     // size of the database
  std::uint64_t checksum = 0;  // of the database; 0 where the object says it is unknown
  bool operator==(const TransactionInfo&) const = default;
};

struct ManifestPart {
  std::string key{};        // relative to the replica
  std::uint64_t bytes = 0;  // size of the object
  PageNo first_page{};
  std::uint32_t pages = 0;  // length of the range, the lock page counted
  bool operator==(const ManifestPart&) const = default;
};
struct Manifest {
  std::uint32_t uid = 0, gid = 0, mode = 0;  // of the database file
  std::vector<ManifestPart> parts{};         // by first page
  bool operator==(const Manifest&) const = default;
};

struct Index {
  std::vector<Block> blocks;
  std::vector<ImageRef> images;       // block by block
  std::vector<PageNo> bases;          // block by block: the pages whose past is the block's prefix
  std::vector<PageHash> page_hashes;  // by page: the last image of each
  std::vector<TransactionInfo> transactions;  // of the last (or only) piece of a segment
  std::optional<Manifest> manifest;
  std::optional<wal::Position> position;  // of the capture after the last transaction
  bool operator==(const Index&) const = default;

  std::span<const ImageRef> images_of(const Block& block) const {
    return std::span(images).subspan(block.first_image, block.images);
  }
  std::span<const PageNo> bases_of(const Block& block) const {
    return std::span(bases).subspan(block.first_base, block.bases);
  }
};

// Uncompressed sections. The index must be consistent; kInternal when it exceeds limits.h.
Result<Bytes> encode_index(const ObjectHeader& header, const Index& index);
// `blocks_end` is where the last block must end: the offset of the index. kCorrupt, or kUnsupported
// for an unknown section that must be understood.
Result<Index> decode_index(const ObjectHeader& header, ByteView raw, std::uint64_t blocks_end);

}  // namespace streamd::segment
