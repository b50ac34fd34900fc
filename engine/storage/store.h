// An object store as the engine sees it: keys and bytes. Implemented by a loaded driver
// (driver_store.h) and by decorators around another Store: prefix, retry, throttle, observe, fault.
//
// Keys: '/'-separated, 1 to 900 bytes, relative to the replica's path once the prefix decorator is
// on. Any thread may call, concurrently. Errors carry the code that decides the policy (retry.h).
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/source.h"

namespace streamd::storage {

struct ObjectStat {
  std::uint64_t size = 0;     // bytes
  std::int64_t mtime_ns = 0;  // Unix time by the store's clock; may be cut to seconds
  std::string etag;           // opaque; empty = none
};

struct Capabilities {
  bool if_absent = false;             // put with if_absent is atomic at the server
  bool ordered_list = false;          // ascending byte order, start_after honoured
  bool strong_list = false;           // a list shows every put that returned before it began
  std::uint32_t max_concurrency = 0;  // 0 = no limit
  std::uint32_t max_remove_batch = 1;
  std::uint64_t max_object_size = 0;  // bytes; 0 = no limit
  std::uint64_t part_size = 0;        // bytes; 0 = no preference
};

// Travels with every operation.
struct Call {
  const Cancel* cancel = nullptr;     // polled at least every 250 ms; may be null
  milliseconds timeout{0};            // for the whole call; 0 = none
  milliseconds idle_timeout{30'000};  // no byte moved for so long: kTimeout; 0 = none
  // Told of a failure that has lasted for some seconds and is tried again. On the calling thread;
  // may be null; must not call the store.
  const std::function<void(const Error&)>* trouble = nullptr;
};

struct PutOptions {
  bool if_absent = false;  // kExists when there is an object under the key
};

// More data; an error stops the transfer and comes back from the operation unchanged. A sink must
// not call the store that calls it: the store may be at its limit of operations.
using Sink = std::function<Status(ByteView)>;
using ListSink = std::function<Status(const std::string& key, const ObjectStat&)>;
constexpr std::uint64_t kToTheEnd = UINT64_MAX;

class Store {
 public:
  virtual ~Store() = default;
  virtual Result<Capabilities> probe(const Call& call) = 0;
  // Whole or nothing. After kTransient or kTimeout the outcome is unknown: stat finds out.
  virtual Result<ObjectStat> put(const std::string& key, const ByteSource& source,
                                 const PutOptions& options, const Call& call) = 0;
  // Bytes [offset, offset + length) into the sink; kCorrupt when the object is shorter than asked
  // for.
  virtual Result<ObjectStat> get(const std::string& key, std::uint64_t offset, std::uint64_t length,
                                 const Sink& sink, const Call& call) = 0;
  virtual Result<ObjectStat> stat(const std::string& key, const Call& call) = 0;
  // Each key with the prefix once; order as ordered_list says. start_after (exclusive) only with
  // ordered_list.
  virtual Status list(const std::string& prefix, const std::string& start_after,
                      const ListSink& sink, const Call& call) = 0;
  // A missing key is no error. Splits into batches itself.
  virtual Status remove(std::span<const std::string> keys, const Call& call) = 0;
};

// The whole object; kCorrupt when it is larger than `limit`.
Result<Bytes> get_all(Store& store, const std::string& key, std::uint64_t limit, const Call& call);

// A stored object as a ByteSource: every read is one ranged get. Borrows the store and the call.
std::unique_ptr<ByteSource> object_source(Store& store, std::string key, std::uint64_t size,
                                          const Call& call);

}  // namespace streamd::storage
