#include "checker.h"

#include <algorithm>
#include <stdexcept>

#include "base/file.h"
#include "catalog/marker.h"
#include "chain_image.h"

namespace simulation {
namespace {

using namespace streamd;

constexpr Nanos kMilli = 1'000'000;
constexpr Micros kSeenWithin = 3'000'000;  // of a commit that is watched

// Objects that others cover are removed one after the other: what is left of them may lead nowhere.
bool leads_on(const catalog::GenerationTimeline& generation, Txid from, Txid to) {
  if (from >= to) return true;
  const catalog::Snapshot* next = generation.snapshot_at_or_before(from.next());
  if (next != nullptr && next->key.txid == from.next()) return true;
  const auto ways = generation.continuing(from);
  return std::any_of(ways.begin(), ways.end(), [&](const catalog::Segment* way) {
    return way->key.completeness != catalog::Completeness::kLast &&
           leads_on(generation, way->key.last, to);
  });
}

std::string text(const std::pair<GenerationId, Txid>& moment) {
  return "transaction " + to_text(moment.second) + " of " + to_text(moment.first);
}

}  // namespace

void Checker::watched(std::size_t from, std::size_t to) {
  watched_.resize(std::max(watched_.size(), to));
  std::fill(watched_.begin() + static_cast<std::ptrdiff_t>(from),
            watched_.begin() + static_cast<std::ptrdiff_t>(to), true);
}

// A moment shows one commit, whoever is asked, and moments are in the order of the commits.
// `follows`: every transaction is there, so that it is the commit after the moment before.
void Checker::learn(const std::string& where, Moment moment, std::uint64_t image, bool follows) {
  const auto next = known_.lower_bound(moment);
  std::size_t not_before = 0;
  if (next != known_.begin()) {
    const auto& [before, commit] = *std::prev(next);
    not_before = before.first == moment.first ? commit + 1 : commit;
    follows = follows && before.first == moment.first && before.second.next() == moment.second;
  } else {
    follows = false;
  }
  const std::int64_t commit = application_.commit_with(image, not_before);
  if (commit < 0)
    fail(where + ": " + text(moment) + " shows a database that never was, or not at its place");
  const auto index = static_cast<std::size_t>(commit);
  if (next != known_.end() && next->first == moment) {
    if (next->second != index)
      fail(where + ": " + text(moment) + " shows another commit than before");
    return;
  }
  if (next != known_.end() && next->second < index)
    fail(where + ": " + text(moment) + " is later than its successor");
  if (follows && index != not_before)
    fail(where + ": " + text(moment) + " leaves out " + std::to_string(index - not_before) +
         " commits");
  known_.emplace_hint(next, moment, index);
}

void Checker::look(const std::string& replica, Bucket& bucket,
                   const replicate::ReplicaStatus* status, GenerationId generation) {
  const catalog::Timeline timeline = catalog::read_timeline(bucket.listing());
  if (status != nullptr && status->acknowledged != Txid{} && status->snapshot != Txid{} &&
      (status->state == replicate::ReplicaState::kReady ||
       status->state == replicate::ReplicaState::kFailing)) {
    const catalog::GenerationTimeline* ours = timeline.find(generation);
    const Txid newest =
        ours == nullptr || ours->newest() == nullptr ? Txid{} : ours->newest()->last;
    if (newest < status->acknowledged)
      fail(replica + ": acknowledged " + to_text(status->acknowledged) + ", restorable " +
           to_text(newest));
  }
  auto& [looked, promises] = promises_[replica];
  for (const catalog::GenerationTimeline& each : timeline.generations) {
    for (const catalog::Span& span : each.spans)
      for (Txid txid = span.first; txid <= span.last; txid = txid.next())
        promises.try_emplace({each.id, txid}, Promise{looked, false});
    for (const catalog::Snapshot& snapshot : each.snapshots)
      if (each.restorable(snapshot.key.txid))
        if (const auto found = promises.find({each.id, snapshot.key.txid}); found != promises.end())
          found->second.snapshot = true;
  }
  for (auto at = promises.begin(); at != promises.end();) {
    const Nanos age = elapsed() - at->second.since;
    const milliseconds kept = at->second.snapshot ? rules_.retention : rules_.history;
    const catalog::GenerationTimeline* there = timeline.find(at->first.first);
    if (there != nullptr && there->restorable(at->first.second)) {
      ++at;
      continue;
    }
    if (age < kept.count() * kMilli)
      fail(replica + ": " + text(at->first) + " is gone after " +
           std::to_string(age / 1'000'000'000) + " s");
    at = promises.erase(at);
  }
  looked = elapsed();
}

std::int64_t Checker::restored(const std::string& replica, const std::shared_ptr<Bucket>& bucket,
                               const restore::Target& target, restore::RestoreReport& report) {
  BucketStore store(bucket, false);
  const restore::Replica source{&store, replica};
  restore::RestoreOptions options;
  options.out = folder_ + "/restored.db";
  options.target = target;
  const auto done = restore::restore({&source, 1}, options);
  if (!done) {
    if (done.error().code == Code::kOutsideWindow || done.error().code == Code::kNoBackup ||
        done.error().code == Code::kNotRestorable)
      return -1;
    fail(replica + ": restore: " + done.error().message);
  }
  report = *done;
  const auto image = read_file(options.out, kGiB);
  if (!image || !remove_file(options.out)) fail("the restored file cannot be read");
  ++counts_.restores;
  const std::uint64_t hash = image_hash(*image);
  const Moment moment{report.plan.moment.generation, report.plan.moment.txid};
  learn(replica + ": restore", moment, hash, false);
  return static_cast<std::int64_t>(known_.at(moment));
}

// Not later than asked for, and nothing earlier than what was surely seen before that.
void Checker::judge_time(const std::string& where, Micros time, std::int64_t commit,
                         std::size_t newest) const {
  const auto& commits = application_.commits();
  const auto at = static_cast<std::size_t>(commit);
  if (commits[at].wall > time)
    fail(where + ": commit " + std::to_string(at) + " was made after the wanted time");
  for (std::size_t later = at + 1; later <= newest && commits[later].wall + kSeenWithin <= time;
       ++later)
    if (later < watched_.size() && watched_[later])
      fail(where + ": commit " + std::to_string(later) +
           " was made before the wanted time, restored is " + std::to_string(at));
}

void Checker::restore_some(const std::string& replica, const std::shared_ptr<Bucket>& bucket,
                           int times) {
  const catalog::Timeline timeline = catalog::read_timeline(bucket->listing());
  std::vector<std::pair<GenerationId, catalog::Span>> spans;
  for (const catalog::GenerationTimeline& generation : timeline.generations)
    for (const catalog::Span& span : generation.spans) spans.emplace_back(generation.id, span);
  if (spans.empty()) return;
  for (int i = 0; i < times; ++i) {
    const auto& [generation, span] =
        random_.one_in(2) ? spans.back() : spans[random_.below(spans.size())];
    const Txid txid(span.first.value + random_.below(span.last.value - span.first.value + 1));
    restore::RestoreReport report;
    if (restored(replica, bucket, {restore::ByTxid{txid}, generation, false}, report) < 0 ||
        report.plan.moment.txid != txid)
      fail(replica + ": " + text({generation, txid}) + " is listed and cannot be restored");
    if (!times_hold_) continue;
    const auto& commits = application_.commits();
    const Micros time = commits[random_.below(commits.size())].wall + random_.below(4'000'000);
    const std::int64_t newest = restored(replica, bucket, {}, report);
    const std::int64_t commit =
        restored(replica, bucket, {restore::ByTime{time}, {}, false}, report);
    if (commit < 0) continue;
    ++counts_.by_time;
    judge_time(replica + ": restore by time", time, commit, static_cast<std::size_t>(newest));
  }
}

void Checker::holds_commit(const std::string& replica, const std::shared_ptr<Bucket>& bucket,
                           std::size_t commit) {
  restore::RestoreReport report;
  const std::int64_t newest = restored(replica, bucket, {}, report);
  if (newest < static_cast<std::int64_t>(commit))
    fail(replica + ": commit " + std::to_string(commit) + " was said to be safe, the newest is " +
         std::to_string(newest));
}

void Checker::walk(const std::string& replica, Bucket& bucket) {
  const catalog::Timeline timeline = catalog::read_timeline(bucket.listing());
  try {
    for (const catalog::GenerationTimeline& generation : timeline.generations)
      walk(replica, bucket, generation);
  } catch (const std::runtime_error& error) {
    for (const auto& [key, object] : bucket.objects) std::fprintf(stderr, "%s\n", key.c_str());
    fail(replica + ": walk: " + error.what());
  }
}

void Checker::walk(const std::string& replica, Bucket& bucket,
                   const catalog::GenerationTimeline& generation) {
  const auto read = [&](const std::string& key) {
    const auto found = bucket.objects.find(key);
    if (found == bucket.objects.end()) throw std::runtime_error(key + " is missing");
    return *found->second.bytes;
  };
  const Bytes marker = read("streamd.json");
  const segment::ChecksumKey key(
      stress::must(catalog::parse_marker(as_text(marker)), "marker").checksum_key);
  stress::ChainImage chain(read, key);
  const auto enter = [&](const catalog::Snapshot& snapshot) {
    chain.load(snapshot);
    learn(replica + ": walk", {generation.id, snapshot.key.txid}, image_hash(chain.image().bytes),
          false);
    return snapshot.key.txid;
  };
  Txid at;
  for (const catalog::Span& span : generation.spans) {
    const catalog::Snapshot* snapshot = generation.snapshot_at_or_before(span.first);
    if (snapshot != nullptr && snapshot->key.txid == span.first) at = enter(*snapshot);
    while (at < span.last) {
      std::vector<const catalog::Segment*> ways;
      for (const catalog::Segment* way : generation.continuing(at)) {
        if (way->key.completeness != catalog::Completeness::kLast) {
          if (leads_on(generation, way->key.last, span.last)) ways.push_back(way);
          continue;
        }
        stress::ChainImage aside = chain;  // what lies there may not be entered at its end
        aside.apply(*way, [&](Txid txid) {
          learn(replica + ": walk", {generation.id, txid}, image_hash(aside.image().bytes), false);
        });
      }
      const catalog::Snapshot* next = generation.snapshot_at_or_before(at.next());
      if (ways.empty() && next != nullptr && next->key.txid == at.next()) {
        at = enter(*next);
        continue;
      }
      if (ways.empty())
        throw std::runtime_error("the chain ends at " + to_text(at) + " of " +
                                 to_text(generation.id) + " before " + to_text(span.last));
      const catalog::Segment& way = *ways[random_.below(ways.size())];
      const bool all = way.key.completeness == catalog::Completeness::kAll;
      chain.apply(way, [&](Txid txid) {
        ++counts_.transactions_walked;
        learn(replica + ": walk", {generation.id, txid}, image_hash(chain.image().bytes), all);
      });
      at = way.key.last;
      for (const catalog::Snapshot& each : generation.snapshots)
        if (each.key.txid == at) chain.compare(each);
    }
  }
}

}  // namespace simulation
