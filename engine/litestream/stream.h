// Brings objects here one after the other, in pieces, several reads at a time: small objects do not
// cost a wait each, and large ones never lie in memory as a whole.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "litestream/inventory.h"

namespace streamd::litestream {

constexpr std::uint64_t kPieceBytes = 4 * kMiB;

// One thread, which takes the objects in their order and all of each.
class ObjectStream {
 public:
  // Borrows the store and `cancel` (may be null).
  ObjectStream(storage::Store& store, const std::vector<Stored>& objects, unsigned parallel,
               const Cancel* cancel, std::uint64_t piece_bytes = kPieceBytes);
  ~ObjectStream();  // stops what is under way
  ObjectStream(const ObjectStream&) = delete;
  ObjectStream& operator=(const ObjectStream&) = delete;

  // Begins the next object; the one before must have been consumed.
  void open();
  // What is here and not yet consumed of the object: empty only at its end. Waits; good until the
  // next call. Errors are the store's.
  Result<ByteView> more();
  void consume(std::size_t bytes);  // of what more() returned
  // Exactly out.size() bytes; kCorrupt when the object ends before.
  Status read(MutableBytes out);
  std::uint64_t remaining() const { return remaining_; }  // bytes of the object not yet consumed
  std::uint64_t fetched() const { return fetched_; }      // bytes taken, of all objects

 private:
  struct State;
  Status next_piece();

  std::unique_ptr<State> state_;
  std::vector<std::uint64_t> sizes_;
  std::size_t opened_ = 0;  // objects
  std::uint64_t remaining_ = 0, fetched_ = 0;
  Bytes piece_;
  std::size_t used_ = 0;  // of the piece
};

}  // namespace streamd::litestream
