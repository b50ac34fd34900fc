#include "daemon/metrics.h"

#include <map>

#include "daemon/exposition.h"
#include "daemon/process_figures.h"

namespace streamd::daemon {
namespace {

using replicate::DatabaseStatus;
using replicate::ReplicaStatus;
using enum MetricType;
using Databases = std::vector<Observation>;

template <class Value>
struct Family {
  const char* name;
  MetricType type;
  const char* help;
  Value value;
};
using OfDatabase = Family<std::uint64_t (*)(const Observation&)>;
using OfReplica = Family<std::uint64_t (*)(const ReplicaStatus&, const DatabaseStatus&)>;
using Times = Family<Micros (*)(const ReplicaStatus&)>;

const OfDatabase kOfDatabase[] = {
    {"streamd_database_followed", kGauge, "Whether the database's log is being followed.",
     [](const Observation& seen) { return std::uint64_t{is_followed(seen.status)}; }},
    {"streamd_database_captured_txid", kGauge, "Newest transaction that was seen.",
     [](const Observation& seen) { return seen.status.captured.value; }},
    {"streamd_database_durable_txid", kGauge, "Newest transaction that is durable in the spool.",
     [](const Observation& seen) { return seen.status.durable.value; }},
    {"streamd_database_size_bytes", kGauge, "Size of the database.",
     [](const Observation& seen) {
       return std::uint64_t{seen.status.pages} * seen.status.page_size;
     }},
    {"streamd_database_wal_bytes", kGauge, "Size of the write-ahead log that is in use.",
     [](const Observation& seen) { return seen.status.log_bytes; }},
    {"streamd_database_spool_bytes", kGauge, "What waits on the local disk for a replica.",
     [](const Observation& seen) { return seen.status.spool_bytes; }},
    {"streamd_database_spool_limit_bytes", kGauge, "The option spool-max-size; 0 is no limit.",
     [](const Observation& seen) { return seen.spool_max_bytes; }},
    {"streamd_database_generations_begun_total", kCounter,
     "Generations that this process has begun.",
     [](const Observation& seen) { return seen.status.generations_begun; }},
    {"streamd_database_comparisons_total", kCounter,
     "Times that all pages were compared to find what was missed.",
     [](const Observation& seen) { return seen.status.comparisons; }},
    {"streamd_capture_frames_total", kCounter, "Frames of the log that were captured.",
     [](const Observation& seen) { return seen.status.capture.frames; }},
    {"streamd_capture_transactions_total", kCounter, "Transactions that were captured.",
     [](const Observation& seen) { return seen.status.capture.commits; }},
    {"streamd_capture_live_breaks_total", kCounter,
     "Times that somebody bypassed SQLite's locks; the pages were compared.",
     [](const Observation& seen) { return seen.status.capture.live_breaks; }},
    {"streamd_capture_broken_chains_total", kCounter,
     "Wrong checksums that SQLite wrote into the log; what they cover was captured.",
     [](const Observation& seen) { return seen.status.capture.broken_chains; }},
    {"streamd_capture_damaged_indexes_total", kCounter,
     "Times that the index of the log claimed more than the log has.",
     [](const Observation& seen) { return seen.status.capture.damaged_index; }},
    {"streamd_capture_checkpointer_waits_total", kCounter,
     "Checkpoints of others that waited for the capture, and were let through.",
     [](const Observation& seen) { return seen.status.capture.waiter_hops; }},
};

const OfReplica kOfReplica[] = {
    {"streamd_replica_up", kGauge, "Whether the last thing that was tried there worked.",
     [](const ReplicaStatus& replica, const DatabaseStatus&) {
       return std::uint64_t{concern_of(replica) != Concern::kGreat};
     }},
    {"streamd_replica_restorable", kGauge,
     "Whether a moment of the generation can be restored from there.",
     [](const ReplicaStatus& replica, const DatabaseStatus&) {
       return std::uint64_t{is_restorable(replica)};
     }},
    {"streamd_replica_acknowledged_txid", kGauge, "Newest transaction that can be restored there.",
     [](const ReplicaStatus& replica, const DatabaseStatus&) {
       return replica.acknowledged.value;
     }},
    {"streamd_replica_lag_transactions", kGauge, "Transactions that are not there yet.",
     [](const ReplicaStatus& replica, const DatabaseStatus& database) {
       return transactions_behind(replica, database);
     }},
    {"streamd_replica_lag_bytes", kGauge, "Bytes in the spool that are not there yet.",
     [](const ReplicaStatus& replica, const DatabaseStatus&) { return replica.bytes_waiting; }},
    {"streamd_replica_objects_sent_total", kCounter, "Objects that were stored there.",
     [](const ReplicaStatus& replica, const DatabaseStatus&) { return replica.objects_sent; }},
    {"streamd_replica_sent_bytes_total", kCounter, "Bytes of objects that were stored there.",
     [](const ReplicaStatus& replica, const DatabaseStatus&) { return replica.bytes_sent; }},
    {"streamd_replica_snapshots_total", kCounter, "Snapshots that were taken there.",
     [](const ReplicaStatus& replica, const DatabaseStatus&) { return replica.snapshots_taken; }},
    {"streamd_replica_deltas_total", kCounter,
     "Outages longer than the spool that were made good by one delta.",
     [](const ReplicaStatus& replica, const DatabaseStatus&) { return replica.catch_ups; }},
};

const Times kTimes[] = {
    {"streamd_replica_acknowledged_timestamp_seconds", kGauge,
     "When the newest transaction that can be restored there was seen.",
     [](const ReplicaStatus& replica) { return replica.acknowledged_time; }},
    {"streamd_replica_last_success_timestamp_seconds", kGauge,
     "When something was stored there last.",
     [](const ReplicaStatus& replica) { return replica.last_success; }},
    {"streamd_replica_last_snapshot_timestamp_seconds", kGauge,
     "The moment that the newest snapshot shows.",
     [](const ReplicaStatus& replica) { return replica.snapshot_time; }},
};

template <class Each>
void for_replicas(const Databases& databases, Each each) {
  for (const Observation& seen : databases)
    for (std::size_t i = 0; i < seen.status.replicas.size(); ++i) each(seen, i);
}

void add_databases(Exposition& out, const Databases& databases) {
  for (const OfDatabase& family : kOfDatabase) {
    out.family(family.name, family.type, family.help);
    for (const Observation& seen : databases)
      out.sample({{"database", seen.status.path}}, family.value(seen));
  }
  out.family("streamd_database_state", kGauge, "1 for the state that the database is in.");
  for (const Observation& seen : databases)
    out.sample({{"database", seen.status.path}, {"state", state_name(seen.status)}}, 1.0);
  out.family("streamd_database_info", kGauge, "1, with the name and the generation.");
  for (const Observation& seen : databases)
    out.sample({{"database", seen.status.path},
                {"name", seen.status.name},
                {"generation", to_text(seen.status.generation)}},
               1.0);
  out.family("streamd_database_standstill_seconds", kGauge,
             "How long the capture has made no progress inside one step.");
  for (const Observation& seen : databases)
    out.sample({{"database", seen.status.path}},
               std::chrono::duration<double>(seen.status.stands_still).count());
  out.family("streamd_database_last_transaction_timestamp_seconds", kGauge,
             "When the newest transaction was seen.");
  for (const Observation& seen : databases)
    out.time({{"database", seen.status.path}}, seen.status.captured_time);
}

void add_locks(Exposition& out, const Databases& databases) {
  out.family("streamd_capture_log_resets_total", kCounter,
             "Times that the log was handed back to SQLite; forced: under the write lock.");
  for (const Observation& seen : databases) {
    const sqlite::CaptureStats& stats = seen.status.capture;
    out.sample({{"database", seen.status.path}, {"kind", "optimistic"}}, stats.optimistic_resets);
    out.sample({{"database", seen.status.path}, {"kind", "forced"}}, stats.forced_resets);
  }
  out.family("streamd_capture_log_reset_attempts_total", kCounter,
             "Checkpoints that were tried to hand the log back.");
  for (const Observation& seen : databases) {
    const sqlite::CaptureStats& stats = seen.status.capture;
    out.sample({{"database", seen.status.path}, {"kind", "optimistic"}}, stats.optimistic_tries);
    out.sample({{"database", seen.status.path}, {"kind", "forced"}}, stats.forced_tries);
  }
  out.family("streamd_capture_write_lock_seconds", kHistogram,
             "How long the application's write lock was held for a forced reset.");
  for (const Observation& seen : databases) {
    const sqlite::CaptureStats& stats = seen.status.capture;
    out.histogram({{"database", seen.status.path}}, sqlite::kWriteLockBounds, stats.write_locks,
                  std::chrono::microseconds(stats.total_write_lock));
  }
}

void add_replicas(Exposition& out, const Databases& databases, Micros now) {
  for (const OfReplica& family : kOfReplica) {
    out.family(family.name, family.type, family.help);
    for_replicas(databases, [&](const Observation& seen, std::size_t i) {
      const ReplicaStatus& replica = seen.status.replicas[i];
      out.sample({{"database", seen.status.path}, {"replica", replica.name}},
                 family.value(replica, seen.status));
    });
  }
  for (const Times& family : kTimes) {
    out.family(family.name, family.type, family.help);
    for_replicas(databases, [&](const Observation& seen, std::size_t i) {
      const ReplicaStatus& replica = seen.status.replicas[i];
      out.time({{"database", seen.status.path}, {"replica", replica.name}}, family.value(replica));
    });
  }
  out.family("streamd_replica_lag_seconds", kGauge,
             "How long the oldest transaction that is not there yet has waited.");
  for_replicas(databases, [&](const Observation& seen, std::size_t i) {
    const ReplicaStatus& replica = seen.status.replicas[i];
    out.sample({{"database", seen.status.path}, {"replica", replica.name}},
               std::chrono::duration<double>(lag_of(replica, now)).count());
  });
  out.family("streamd_replica_state", kGauge, "1 for the state that the replica is in.");
  for_replicas(databases, [&](const Observation& seen, std::size_t i) {
    const ReplicaStatus& replica = seen.status.replicas[i];
    out.sample({{"database", seen.status.path},
                {"replica", replica.name},
                {"state", replicate::state_name(replica.state)}},
               1.0);
  });
}

// Nothing of a replica that no drill has proven.
void add_proofs(Exposition& out, const Databases& databases) {
  const auto for_proofs = [&](auto each) {
    for_replicas(databases, [&](const Observation& seen, std::size_t i) {
      if (const auto drill = drill_of(seen, i); drill && drill->proof.proven != 0)
        each(seen.status, seen.status.replicas[i], drill->proof);
    });
  };
  out.family("streamd_replica_verified_txid", kGauge, "Newest transaction that a drill restored.");
  for_proofs([&](const auto& database, const auto& replica, const state::Proof& proof) {
    out.sample({{"database", database.path}, {"replica", replica.name}}, proof.txid.value);
  });
  out.family("streamd_replica_verified_moment_timestamp_seconds", kGauge,
             "When that transaction was seen.");
  for_proofs([&](const auto& database, const auto& replica, const state::Proof& proof) {
    out.time({{"database", database.path}, {"replica", replica.name}}, proof.seen);
  });
  out.family("streamd_replica_verified_timestamp_seconds", kGauge, "When that restore ended.");
  for_proofs([&](const auto& database, const auto& replica, const state::Proof& proof) {
    out.time({{"database", database.path}, {"replica", replica.name}}, proof.proven);
  });
  out.family("streamd_replica_verified_failing", kGauge,
             "Whether the last drill failed, or none has succeeded for long.");
  for_replicas(databases, [&](const Observation& seen, std::size_t i) {
    if (const auto drill = drill_of(seen, i))
      out.sample({{"database", seen.status.path}, {"replica", seen.status.replicas[i].name}},
                 std::uint64_t{drill->problem.has_value()});
  });
}

// Calls each(database, replica, operation, counts) for what was used at all.
template <class Each>
void for_operations(const Databases& databases, Each each) {
  for_replicas(databases, [&](const Observation& seen, std::size_t i) {
    if (i >= seen.stores.size()) return;
    for (std::size_t number = 0; number < storage::kOperations; ++number) {
      const storage::OperationCounts& counts = seen.stores[i].counts[number];
      const char* operation = operation_name(static_cast<storage::Operation>(number));
      if (counts.calls != 0) each(seen, seen.status.replicas[i], operation, counts);
    }
  });
}

void add_stores(Exposition& out, const Databases& databases) {
  out.family("streamd_store_requests_total", kCounter,
             "Operations on the storage that ended, well or not, every attempt.");
  for_operations(databases, [&](const auto& seen, const auto& replica, const char* operation,
                                const auto& counts) {
    out.sample(
        {{"database", seen.status.path}, {"replica", replica.name}, {"operation", operation}},
        counts.calls);
  });
  out.family("streamd_store_bytes_total", kCounter, "Content that was stored or delivered.");
  for_operations(databases, [&](const auto& seen, const auto& replica, const char* operation,
                                const auto& counts) {
    out.sample(
        {{"database", seen.status.path}, {"replica", replica.name}, {"operation", operation}},
        counts.bytes);
  });
  out.family("streamd_store_errors_total", kCounter, "Attempts that failed, by what went wrong.");
  for_operations(databases, [&](const auto& seen, const auto& replica, const char* operation,
                                const auto& counts) {
    for (const auto& [code, count] : counts.errors)
      out.sample({{"database", seen.status.path},
                  {"replica", replica.name},
                  {"operation", operation},
                  {"code", code_name(code)}},
                 count);
  });
}

// Of all databases together: a histogram for each replica of thousands would be most of the page.
void add_latencies(Exposition& out, const Databases& databases) {
  std::map<std::pair<std::string, std::size_t>, storage::OperationCounts> sums;
  for (const Observation& seen : databases)
    for (const StoreUse& store : seen.stores)
      for (std::size_t number = 0; number < storage::kOperations; ++number) {
        const storage::OperationCounts& counts = store.counts[number];
        if (counts.calls == 0) continue;
        storage::OperationCounts& sum = sums[{store.driver, number}];
        sum.total_time += counts.total_time;
        for (std::size_t i = 0; i < sum.latency.size(); ++i) sum.latency[i] += counts.latency[i];
      }
  out.family("streamd_store_request_duration_seconds", kHistogram,
             "How long attempts took, by driver and operation.");
  for (const auto& [key, sum] : sums)
    out.histogram({{"driver", key.first},
                   {"operation", operation_name(static_cast<storage::Operation>(key.second))}},
                  storage::kLatencyBounds, sum.latency, sum.total_time);
}

void add_process(Exposition& out) {
  const ProcessFigures figures = process_figures();
  out.family("process_cpu_seconds_total", kCounter, "Processor time that was used.");
  out.sample({}, figures.cpu_seconds);
  out.family("process_start_time_seconds", kGauge, "When the process was started.");
  out.sample({}, figures.start_time);
  out.family("process_resident_memory_bytes", kGauge, "Memory that is in use.");
  out.sample({}, figures.resident_bytes);
  out.family("process_virtual_memory_bytes", kGauge, "Address space that is in use.");
  out.sample({}, figures.virtual_bytes);
  out.family("process_open_fds", kGauge, "Open descriptors.");
  out.sample({}, figures.open_files);
  out.family("process_max_fds", kGauge, "Most descriptors that may be open.");
  out.sample({}, figures.most_open_files);
  out.family("process_threads", kGauge, "Threads.");
  out.sample({}, figures.threads);
}

void add_daemon(Exposition& out, const Databases& databases, const DaemonFigures& daemon) {
  out.family("streamd_build_info", kGauge, "1, with the version.");
  out.sample({{"version", daemon.version}}, 1.0);
  out.family("streamd_databases", kGauge, "Databases that are configured.");
  out.sample({}, std::uint64_t{databases.size()});
  out.family("streamd_events_lost_total", kCounter,
             "Events and heartbeats that were dropped because too many waited.");
  out.sample({}, daemon.events_lost);
  out.family("streamd_events_failed_total", kCounter,
             "Events and heartbeats that could not be told.");
  out.sample({}, daemon.events_failed);
  out.family("streamd_folder_readable", kGauge,
             "Whether a watched folder can be read; else its databases are not known.");
  for (const FolderStatus& folder : daemon.folders)
    out.sample({{"directory", folder.directory}}, std::uint64_t{!folder.error.has_value()});
}

}  // namespace

std::string metrics_text(const Databases& databases, const DaemonFigures& daemon, Micros now) {
  Exposition out;
  add_daemon(out, databases, daemon);
  add_databases(out, databases);
  add_locks(out, databases);
  add_replicas(out, databases, now);
  add_proofs(out, databases);
  add_stores(out, databases);
  add_latencies(out, databases);
  add_process(out);
  return out.text();
}

}  // namespace streamd::daemon
