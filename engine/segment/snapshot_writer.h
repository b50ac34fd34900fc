// Parts and manifests: page images that stand alone.
#pragma once
#include <memory>

#include "segment/part_hash.h"
#include "segment/writer.h"

namespace streamd::segment {

struct SnapshotOptions {
  std::uint32_t page_size = 0;
  int level = 3;  // zstd
};

// One page range, exact at one moment. Not thread safe; parts are written in parallel by a writer
// each. Takes an empty file.
class PartWriter {
 public:
  static Result<PartWriter> create(File file, const SnapshotOptions& options);
  ~PartWriter();
  PartWriter(PartWriter&&) noexcept;
  PartWriter& operator=(PartWriter&&) noexcept;

  // Ascending pages, never the lock page (kInternal). `hash` is its page_hash.
  Status add_page(PageNo page, ByteView image, std::uint64_t hash);
  std::uint64_t raw_bytes() const;

  struct Sealed {
    SealedObject object;
    catalog::PartHash hash;  // for the name
  };
  // `header`: generation, uuids, first = last = t_k, times; kind, page size and piece are filled
  // in. Refuses an empty part. The writer is used up.
  Result<Sealed> seal(const ObjectHeader& header);

 private:
  struct State;
  explicit PartWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// What makes a snapshot exist: the fix-up pages and the list of parts. Not thread safe.
class ManifestWriter {
 public:
  static Result<ManifestWriter> create(File file, const SnapshotOptions& options);
  ~ManifestWriter();
  ManifestWriter(ManifestWriter&&) noexcept;
  ManifestWriter& operator=(ManifestWriter&&) noexcept;

  // The image as of T of a page that lies in no part or changed after its part was read. Ascending.
  Status add_page(PageNo page, ByteView image, std::uint64_t hash);
  std::uint64_t raw_bytes() const;

  // `header` as for a part, with T, pages_after and checksum_after. The parts are sorted here.
  // Refuses (kInternal) a manifest whose parts and pages leave out a page up to pages_after, or
  // overlap. `position` may be null. The writer is used up.
  Result<SealedObject> seal(const ObjectHeader& header, Manifest manifest,
                            const wal::Position* position);

 private:
  struct State;
  explicit ManifestWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace streamd::segment
