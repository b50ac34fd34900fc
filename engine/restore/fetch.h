// Brings objects here in the order in which they will be used, several reads at a time, within a
// budget of memory.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "restore/batches.h"
#include "restore/plan.h"
#include "storage/store.h"

namespace streamd::restore {

struct FetchOptions {
  unsigned parallel = 8;  // reads at a time
  // Bytes fetched and not yet used; exceeded only by what is needed next.
  std::uint64_t budget = 64 * kMiB;
  std::uint64_t whole_object = 8 * kMiB;  // up to here one request brings all of an object
  std::uint64_t batch = kBatchBytes;      // raw bytes that are decoded at once
  std::uint64_t portion = 2 * kMiB;       // stored bytes of small batches that one request brings
};

struct FetchObject {
  PlannedObject object;
  Wanted wanted{};  // of its transactions
};

// The consumer takes objects in order, and of each its batches in order; one thread. Errors name
// the object; kNotFound when it is gone. A cancellation is noticed within 100 ms.
class Fetcher {
 public:
  // Borrows the store and `cancel` (may be null).
  Fetcher(storage::Store& store, std::vector<FetchObject> objects, const FetchOptions& options,
          const Cancel* cancel);
  ~Fetcher();  // stops what is under way
  Fetcher(const Fetcher&) = delete;
  Fetcher& operator=(const Fetcher&) = delete;

  std::size_t size() const;
  struct Opened {
    const segment::ObjectReader* reader;
    std::span<const Batch> batches;
  };
  // Waits for the header and index of object i, which must be the next one; good until its release.
  Result<Opened> open(std::size_t i);
  // Waits for the stored bytes of a batch of the opened object; good until the next take or the
  // release.
  Result<ByteView> take(std::size_t batch);
  // The opened object is no longer needed.
  void release();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace streamd::restore
