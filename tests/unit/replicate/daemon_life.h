// A daemon's life for one database in this process, and what its replicas give back.
#pragma once
#include <boost/test/unit_test.hpp>

#include "../sqlite/live_database.h"
#include "memory_store.h"
#include "replicate/pipeline.h"
#include "restore/restore.h"

namespace streamd::replicate {

inline MonoTime in(milliseconds time) {
  return std::chrono::steady_clock::now() + time;
}
inline constexpr milliseconds kPatience{60'000};  // a slow machine is no failure

template <class T>
T require(Result<T> result) {
  BOOST_REQUIRE_MESSAGE(result.has_value(), (result ? std::string() : result.error().message));
  return std::move(result).take();
}

class Daemon {
 public:
  Daemon(LiveDatabase& database, const std::vector<std::shared_ptr<MemoryStore>>& stores,
         milliseconds snapshot_interval = std::chrono::hours(24), std::uint64_t spool_max = 0,
         const std::function<void(DatabaseSettings&)>& tune = {}, std::uint64_t hard_limit = 0) {
    DatabaseSettings settings;
    settings.spool_max_bytes = spool_max;
    settings.log_hard_limit = hard_limit;
    settings.path = database.path();
    settings.name = "app";
    settings.capture.idle = settings.capture.alone = settings.capture.quiet = milliseconds(20);
    for (std::size_t i = 0; i < stores.size(); ++i)
      settings.replicas.push_back(
          {"r" + std::to_string(i), "memory", milliseconds(20), snapshot_interval, stores[i]});
    if (tune) tune(settings);
    loop_ = require(Loop::start());
    pipeline_ = require(Pipeline::create(std::move(settings), system_clock()));
    pipeline_->start(*loop_);
  }
  Txid sync(const std::string& replica = "") {
    const Txid txid = require(pipeline_->sync(in(kPatience), never_));
    require(pipeline_->wait_for(txid, replica, in(kPatience), never_));
    return txid;
  }
  Pipeline& operator*() { return *pipeline_; }
  Pipeline* operator->() { return pipeline_.get(); }
  Status stop() { return pipeline_->stop(in(kPatience)); }

 private:
  const Cancel never_;
  std::unique_ptr<Loop> loop_;
  std::unique_ptr<Pipeline> pipeline_;
};

inline Bytes restored(MemoryStore& store, LiveDatabase& database, std::optional<Txid> txid = {}) {
  restore::RestoreOptions options;
  options.out = database.folder_file("restored.db");
  if (txid) options.target.moment = restore::ByTxid{*txid};
  const restore::Replica replica{&store, "r"};
  require(restore::restore({&replica, 1}, options));
  Bytes bytes = require(read_file(options.out, kGiB));
  BOOST_REQUIRE(remove_file(options.out));
  return bytes;
}

inline int segments(const MemoryStore& store) {
  int count = 0;
  for (const std::string& key : store.keys()) count += key.find("/segments/") != std::string::npos;
  return count;
}

}  // namespace streamd::replicate
