// A store in memory with weather: what the network and a provider do to those who use it.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "catalog/timeline.h"
#include "random.h"
#include "storage/store.h"

namespace simulation {

using streamd::milliseconds;
using streamd::Status;
template <class T>
using Result = streamd::Result<T>;

struct Weather {
  std::uint32_t transient = 0;    // percent of the operations that fail
  std::uint32_t lost_answer = 0;  // percent that take effect and fail
  std::uint32_t cut_list = 0;     // percent of the lists that break off half way
  bool refuses = false;           // changes are not permitted
  bool down = false;
  milliseconds shortest{1}, longest{20};  // of an operation
};

// What lies there, and the weather. Of all tasks, one at a time.
class Bucket {
 public:
  explicit Bucket(std::uint64_t seed) : random(seed) {}

  struct Object {
    std::shared_ptr<const streamd::Bytes> bytes;
    std::int64_t mtime_ns = 0;
  };
  std::map<std::string, Object> objects;
  Weather weather;
  Random random;
  std::uint64_t operations = 0, failures = 0;

  std::vector<streamd::catalog::Listed> listing() const;
};

using streamd::storage::Call;
using streamd::storage::ObjectStat;

// One writer's or reader's way to a bucket.
class BucketStore final : public streamd::storage::Store {
 public:
  // With `weather` false it is as the bucket's owner sees it.
  BucketStore(std::shared_ptr<Bucket> bucket, bool weather)
      : bucket_(std::move(bucket)), weather_(weather) {}
  bool unplugged = false;         // the process at the near end is dead
  std::uint64_t objects_put = 0;  // through this

  Result<streamd::storage::Capabilities> probe(const Call& call) override;
  Result<ObjectStat> put(const std::string& key, const streamd::ByteSource& source,
                         const streamd::storage::PutOptions& options, const Call& call) override;
  Result<ObjectStat> get(const std::string& key, std::uint64_t offset, std::uint64_t length,
                         const streamd::storage::Sink& sink, const Call& call) override;
  Result<ObjectStat> stat(const std::string& key, const Call& call) override;
  Status list(const std::string& prefix, const std::string& start_after,
              const streamd::storage::ListSink& sink, const Call& call) override;
  Status remove(std::span<const std::string> keys, const Call& call) override;

 private:
  Status before(const char* what, const std::string& key, bool changes, const Call& call);
  Status after(const char* what, const std::string& key);
  Result<Bucket::Object> find(const std::string& key) const;

  const std::shared_ptr<Bucket> bucket_;
  const bool weather_;
};

}  // namespace simulation
