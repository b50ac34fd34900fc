// One writer: our claim on a replica, and whether it still stands. A claim is one object,
// writers/<n>.json; who has the highest number writes, everybody else stops.
#pragma once
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "catalog/writer.h"
#include "storage/store.h"

namespace streamd::replicate {

struct LastClaim {
  std::uint32_t number = 0;               // 0 = nobody has ever claimed it
  std::optional<catalog::Writer> writer;  // nullopt: nobody, or it cannot be read
};
// One list of writers/ and one get.
Result<LastClaim> last_claim(storage::Store& store, const storage::Call& call);

// "streamd on host box (/data/app.db) since 2026-11-22T19:25:49.123Z"
std::string describe(const LastClaim& claim);

// Any thread.
class Fence {
 public:
  // How old an answer may be when something is put: two writers are noticed within this time and
  // one upload.
  static constexpr milliseconds kInterval{3000};

  Fence(std::string replica, milliseconds interval, const Clock& clock)
      : replica_(std::move(replica)), interval_(interval), clock_(clock) {}

  // The claim is there already, of an earlier life.
  void keep(const LastClaim& claim, bool if_absent);
  // Puts the claim with this number. kBusy when somebody else was faster: look again.
  Status claim(storage::Store& store, std::uint32_t number, const catalog::Writer& writer,
               bool if_absent, const storage::Call& call);
  // Before every upload: kFenced when somebody else has claimed the replica since, from then on for
  // good. Asks the store when its last answer is older than the interval.
  Status check(storage::Store& store, const storage::Call& call);
  // The store can put atomically where nothing is.
  bool if_absent() const;

 private:
  Status look(storage::Store& store, const storage::Call& call);
  void hold(std::uint32_t number, const catalog::Writer& writer, bool if_absent);

  const std::string replica_;
  const milliseconds interval_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::uint32_t number_ = 0;  // 0 = no claim yet
  catalog::Writer writer_;
  bool if_absent_ = false;
  MonoTime checked_{};
  std::optional<Error> lost_;
};

// Every put asks the fence first and never takes another writer's object away.
class FencedStore final : public storage::Store {
 public:
  FencedStore(storage::Store& inner, Fence& fence) : inner_(inner), fence_(fence) {}
  Result<storage::Capabilities> probe(const storage::Call& call) override;
  Result<storage::ObjectStat> put(const std::string& key, const ByteSource& source,
                                  const storage::PutOptions& options,
                                  const storage::Call& call) override;
  Result<storage::ObjectStat> get(const std::string& key, std::uint64_t offset,
                                  std::uint64_t length, const storage::Sink& sink,
                                  const storage::Call& call) override;
  Result<storage::ObjectStat> stat(const std::string& key, const storage::Call& call) override;
  Status list(const std::string& prefix, const std::string& start_after,
              const storage::ListSink& sink, const storage::Call& call) override;
  Status remove(std::span<const std::string> keys, const storage::Call& call) override;

 private:
  Result<bool> may_replace(const std::string& key, const ByteSource& source,
                           const storage::Call& call);
  storage::Store& inner_;
  Fence& fence_;
};

}  // namespace streamd::replicate
