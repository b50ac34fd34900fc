// One replica of one database: its own thread, position and health. One that is down never delays
// another, nor the application. Objects are sent in order; the position moves only after the store
// has acknowledged.
#pragma once
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include "catalog/marker.h"
#include "catalog/timeline.h"
#include "replicate/host.h"
#include "storage/store.h"

namespace streamd::replicate {

struct ReplicaSettings {
  std::string name;  // unique in the database; a file name
  milliseconds sync_interval{1000};
  milliseconds snapshot_interval{std::chrono::hours(24)};
  std::string state_folder;  // of this replica
};

// What the first look at the store told.
struct Discovery {
  std::optional<catalog::Marker> marker;
  GenerationId newest;  // none when no generation is there
  Txid highest;         // of any generation
};

enum class ReplicaState : std::uint8_t {
  kConnecting,  // not reached yet in this life
  kBeginning,   // the first snapshot of the generation is under way: not yet restorable
  kReady,       // in step, or sending
  kFailing,     // the last attempt failed; it is tried again
  kRefused,     // needs a person: see the error
};
const char* state_name(ReplicaState state);

struct ReplicaStatus {
  std::string name;
  ReplicaState state = ReplicaState::kConnecting;
  Txid acknowledged;             // restorable there up to this transaction
  Micros acknowledged_time = 0;  // when the capture saw it
  Txid snapshot;                 // the newest one; 0 = none
  Micros snapshot_time = 0, last_success = 0;
  std::uint64_t objects_sent = 0, bytes_sent = 0;
  std::optional<Error> error;  // of the last failure, while failing or refused
};

class Replica {
 public:
  Replica(ReplicaSettings settings, std::shared_ptr<storage::Store> store, ReplicaHost& host,
          const Clock& clock);
  ~Replica();

  void start();
  // The database has decided who it is (again): join under this identity; its tip is what is
  // durable here.
  void join(const state::Identity& identity, const state::Tip& tip, std::uint32_t page_size);
  void poke();   // the spool has something new, or a snapshot is wanted
  void hurry();  // send what is sealed now, whatever the interval says
  void request_snapshot();
  void begin_drain();  // from now on nothing waits for an interval
  // Sends what is sealed until `deadline`, then stops. False = something could not be sent.
  bool drain_and_stop(MonoTime deadline);

  const std::string& name() const { return settings_.name; }
  milliseconds sync_interval() const { return settings_.sync_interval; }
  std::optional<Discovery> discovery() const;
  ReplicaStatus status() const;
  // Free and allowed to send at `now` by its interval: sealing now would be sent now.
  bool wants_object(MonoTime now) const;
  MonoTime next_due() const;
  // Objects up to this transaction are not needed here any more; UINT64_MAX before the first
  // snapshot.
  Txid needless_up_to() const;
  // Waits until everything up to `txid` is restorable there. kTimeout, kCancelled, or the refusal.
  Status wait_for(Txid txid, MonoTime deadline, const Cancel& cancel);

 private:
  struct Joined {
    state::Identity identity;
    state::Tip tip;
    std::uint32_t page_size = 0;
  };
  void main();
  Status discover();
  Status join_store(const Joined& joined);
  Status put_marker(const state::Identity& identity);
  bool work_is_due(MonoTime now) const;
  std::optional<milliseconds> snapshot_due_in() const;
  Status send_next();
  Status send(const std::vector<state::SpoolObjectPtr>& objects);
  Status put_object(const state::SpoolObject& object);
  Status put_joined(const std::vector<state::SpoolObjectPtr>& objects);
  Status put_file(const std::string& key, const std::string& path);
  void acknowledge(Txid txid, Micros time);
  void failed(Error error);
  void snapshot_main();
  Status take_snapshot();
  storage::Call call() const;

  const ReplicaSettings settings_;
  const std::shared_ptr<storage::Store> store_;
  ReplicaHost& host_;
  const Clock& clock_;
  Cancel cancel_;

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  ReplicaStatus status_;
  std::optional<Discovery> discovery_;
  std::optional<Joined> to_join_, joined_;
  std::set<std::string> known_parts_;  // keys of parts that the listing showed
  bool restorable_ = false;            // the generation has a snapshot here
  bool snapshot_wanted_ = false, snapshot_running_ = false;
  std::optional<std::pair<Txid, Micros>> snapshot_moment_;  // T of the manifest being uploaded
  bool poked_ = false, draining_ = false, stopping_ = false, sending_ = false;
  bool if_absent_ = false;  // the store's capability
  MonoTime next_due_{}, retry_at_{};
  int failures_ = 0;
  std::thread thread_, snapshot_thread_;
};

}  // namespace streamd::replicate
