// Builds a segment while the log is read: once, forwards, in bounded memory (docs/adr/0001).
//
//   add_image* end_transaction  ...  flush_run when run_full()  ...  seal
#pragma once
#include <memory>
#include <vector>

#include "base/file.h"
#include "segment/bases.h"
#include "segment/index.h"

namespace streamd::segment {

struct SegmentOptions {
  std::uint32_t page_size = 0;
  std::uint32_t pages_before = 0;      // size of the database before the first transaction
  std::uint64_t run_bytes = 8 * kMiB;  // raw images held in memory
  int level = 1;                       // zstd
};

// A finished object. Written, not synced.
struct SealedObject {
  File file;
  std::uint64_t size = 0;  // bytes
  std::uint64_t hash = 0;  // over all hashes: equal content, equal hash
  ObjectHeader header;     // as written
};

// One open segment. Not thread safe; movable. After an error from a member only destruction makes
// sense: the file holds part of an object.
class SegmentWriter {
 public:
  // Takes the file, which must be empty and open for writing.
  static Result<SegmentWriter> create(File file, const SegmentOptions& options);
  ~SegmentWriter();
  SegmentWriter(SegmentWriter&&) noexcept;
  SegmentWriter& operator=(SegmentWriter&&) noexcept;

  // Copies the image, which belongs to the transaction that the next end_transaction closes. `hash`
  // is its page_hash. kInternal when run_full(), for the lock page and for page 0.
  Status add_image(PageNo page, ByteView image, std::uint64_t hash);
  // Remembers what cannot be restored (a page that is new in the database and was not added); seal
  // and next_piece then refuse.
  void end_transaction(const TransactionInfo& info);

  // Compresses the buffered images now, each against its page's past. Needed when run_full() and
  // whenever the bases that belong to the buffered images are about to go (a reset of the log).
  // Nothing buffered: does nothing.
  Status flush_run(BasePages& bases);

  bool run_full() const;                 // no further image fits
  bool empty() const;                    // nothing was added at all
  bool in_transaction() const;           // images were added since the last end_transaction
  std::uint64_t buffered_bytes() const;  // raw, of the open run
  std::uint64_t raw_bytes() const;       // of all images in the open piece
  std::uint64_t stored_bytes() const;    // of the blocks written to the open piece
  std::uint64_t transactions() const;    // ended ones, over all pieces
  std::uint32_t pieces() const;          // sealed by next_piece

  // Cuts here, in the middle of a transaction or between two: seals what there is as piece
  // pieces() + 1 and goes on in `next`. The header's range, times, sizes, checksums and piece count
  // are unknown yet: rewrite_header puts them right once seal has told.
  Result<SealedObject> next_piece(File next, const ObjectHeader& header, BasePages& bases);

  // Flushes and finishes. From `header` come completeness, level, flags, generation, uuids, txids,
  // checksum_before, key id and salt; the writer fills in kind, page size, piece, times,
  // pages_after and checksum_after. `position` may be null. Refuses (kInternal) what could not be
  // restored: see end_transaction; an open transaction; no transaction; a range that does not match
  // the number of transactions (`last` and `delta`: exactly one was ended). The writer is used up.
  Result<SealedObject> seal(const ObjectHeader& header, const wal::Position* position,
                            BasePages& bases);

 private:
  struct State;
  explicit SegmentWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// The last of the pieces knows the header of all: puts it, with the piece's own number, into the
// others. Their files must be open for writing.
Status complete_pieces(std::vector<SealedObject>& pieces);

// Replaces the header of a sealed object and brings the footer's hash in line; blocks and index
// stay as they are. Kind and page size must not change (kInternal). Returns the new hash over all
// hashes. The file must be open for writing; not synced, and not atomic: an interrupted
// rewrite leaves an object that readers refuse.
Result<std::uint64_t> rewrite_header(File& file, const ObjectHeader& header);

}  // namespace streamd::segment
