// Finds out what has happened to one database by comparing its status with what it was before.
// Pure.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "daemon/observation.h"

namespace streamd::daemon {

// In the order of config::kEventNames.
enum class EventKind : std::uint8_t {
  kFailing,            // has been wrong for some seconds
  kRecovered,          // is as it should be again
  kGenerationStarted,  // a new sequence began: the old one stays restorable
  kTakenOver,          // another daemon writes to the replica now
  kSnapshotTaken,
  kDrillFailed,  // a restore drill failed, or none has succeeded for long
};
const char* event_name(EventKind kind);

struct Event {
  EventKind kind = EventKind::kFailing;
  Micros time = 0;
  std::string database, name;
  std::string replica;  // empty = the database as a whole
  std::string state;    // of the replica or database
  GenerationId generation;
  Txid txid;
  std::optional<Error> error;
};
Json to_json(const Event& event, const std::string& host);

class EventWatch {
 public:
  // What is wrong for shorter than this is no event.
  static constexpr milliseconds kPatience{5000};

  // Of one database, again and again. What was so before the first look is no event, unless it is
  // wrong.
  std::vector<Event> look(const Observation& seen, MonoTime mono, Micros wall);

 private:
  // Of the database itself, or of a replica.
  struct Trouble {
    std::optional<MonoTime> since;
    bool told = false;
  };
  struct Seen {
    Trouble trouble;
    std::uint64_t snapshots = 0;
    bool taken_over = false, drill_failed = false;
  };
  std::optional<EventKind> judge(Trouble& trouble, bool wrong, MonoTime mono);
  void look_at(const replicate::ReplicaStatus& replica, const std::optional<DrillStatus>& drill,
               MonoTime mono, const Event& as, std::vector<Event>& events);

  Trouble trouble_;
  std::uint64_t generations_ = 0;
  std::map<std::string, Seen> replicas_;
};

}  // namespace streamd::daemon
