#include "daemon/event_watch.h"

#include "daemon/status_json.h"

namespace streamd::daemon {

using replicate::DatabaseStatus;
using replicate::ReplicaState;
using replicate::ReplicaStatus;

const char* event_name(EventKind kind) {
  switch (kind) {
    case EventKind::kFailing:
      return "failing";
    case EventKind::kRecovered:
      return "recovered";
    case EventKind::kGenerationStarted:
      return "generation-started";
    case EventKind::kTakenOver:
      return "taken-over";
    case EventKind::kDrillFailed:
      return "drill-failed";
    case EventKind::kSnapshotTaken:
      break;
  }
  return "snapshot-taken";
}

Json to_json(const Event& event, const std::string& host) {
  const Json replica = event.replica.empty() ? Json() : Json(event.replica);
  return Json::object({{"event", event_name(event.kind)},
                       {"time", time_json(event.time)},
                       {"host", host},
                       {"database", event.database},
                       {"name", event.name},
                       {"replica", replica},
                       {"state", event.state},
                       {"generation", to_text(event.generation)},
                       {"txid", event.txid.value},
                       {"error", to_json(event.error)}});
}

std::optional<EventKind> EventWatch::judge(Trouble& trouble, bool wrong, MonoTime mono) {
  if (!wrong) {
    trouble.since.reset();
    if (!std::exchange(trouble.told, false)) return std::nullopt;
    return EventKind::kRecovered;
  }
  if (!trouble.since) trouble.since = mono;
  if (trouble.told || mono - *trouble.since < kPatience) return std::nullopt;
  trouble.told = true;
  return EventKind::kFailing;
}

void EventWatch::look_at(const ReplicaStatus& replica, const std::optional<DrillStatus>& drill,
                         MonoTime mono, const Event& as, std::vector<Event>& events) {
  Event event = as;
  event.replica = replica.name;
  event.state = replicate::state_name(replica.state);
  event.txid = replica.acknowledged;
  event.error = replica.error;
  const auto tell = [&](EventKind kind) {
    event.kind = kind;
    events.push_back(event);
  };
  Seen& seen = replicas_[replica.name];
  const bool taken = replica.state == ReplicaState::kTakenOver;
  if (taken && !seen.taken_over) tell(EventKind::kTakenOver);
  seen.taken_over = taken;
  // One that is taken over has told so, and has not recovered from what was wrong before.
  const bool wrong = concern_of(replica) == Concern::kGreat;
  if (const auto kind = taken ? std::nullopt : judge(seen.trouble, wrong, mono)) tell(*kind);
  if (replica.snapshots_taken < seen.snapshots) seen.snapshots = 0;
  if (replica.snapshots_taken > seen.snapshots) tell(EventKind::kSnapshotTaken);
  seen.snapshots = replica.snapshots_taken;
  const bool drill_failed = drill && drill->problem;
  if (drill_failed && !seen.drill_failed) {
    event.error = drill->problem;
    tell(EventKind::kDrillFailed);
  }
  seen.drill_failed = drill_failed;
}

std::vector<Event> EventWatch::look(const Observation& seen, MonoTime mono, Micros wall) {
  const DatabaseStatus& now = seen.status;
  std::vector<Event> events;
  Event event;
  event.time = wall;
  event.database = now.path;
  event.name = now.name;
  event.state = state_name(now);
  event.generation = now.generation;
  event.txid = now.captured;
  event.error = now.error;
  const auto tell = [&](EventKind kind) {
    event.kind = kind;
    events.push_back(event);
  };
  if (now.generations_begun < generations_) generations_ = 0;  // it was started again
  if (now.generations_begun > generations_) tell(EventKind::kGenerationStarted);
  generations_ = now.generations_begun;
  const bool waits = now.error && now.error->code == Code::kWaiting;
  if (const auto kind = judge(trouble_, now.error && !waits, mono)) tell(*kind);
  for (std::size_t i = 0; i < now.replicas.size(); ++i)
    look_at(now.replicas[i], drill_of(seen, i), mono, event, events);
  return events;
}

}  // namespace streamd::daemon
