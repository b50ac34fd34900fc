#include "verify/repair.h"

#include <algorithm>

#include "restore/replica.h"

namespace streamd::verify {
namespace {

class Repair {
 public:
  Repair(const RepairSide& target, const RepairSide& source, const RepairOptions& options)
      : target_(target), source_(source), options_(options) {
    call_.cancel = options.cancel;
  }
  Result<RepairReport> run();

 private:
  Result<VerifyReport> look(Micros stale_before);
  Status same_database();
  Status plan();
  Result<bool> read_planned();
  Status copy(const Copy& what, bool if_absent);
  Status copy_marker();
  Status read_back(const std::vector<Copy>& copies);

  const RepairSide& target_;
  const RepairSide& source_;
  const RepairOptions& options_;
  storage::Call call_;
  RepairReport report_;
  std::optional<catalog::Marker> marker_;  // of the source
  Listing source_listing_;
  std::vector<Finding> source_findings_;
  std::set<std::string> read_;  // of the source, in this run
};

Result<VerifyReport> Repair::look(Micros stale_before) {
  VerifyOptions how;
  how.stale_before = stale_before;
  how.parallel = options_.parallel;
  how.cancel = options_.cancel;
  how.progress = options_.progress;
  how.clock = options_.clock;
  auto report = verify(target_.store, target_.memory, how);
  if (!report) return std::move(report.error()).with_context("replica " + target_.name);
  if (report->interrupted)
    return std::move(*report->interrupted).with_context("replica " + target_.name);
  return report;
}

// A marker that is gone comes from the other replica, when objects here are of that database.
Status Repair::same_database() {
  const auto differ = make_error(
      Code::kDiverged,
      "replicas " + target_.name + " and " + source_.name + " are not of the same database",
      "nothing was changed");
  if (report_.before.marker) {
    const bool same = report_.before.marker->database == marker_->database &&
                      report_.before.marker->checksum_key == marker_->checksum_key;
    return same ? Status() : differ;
  }
  report_.marker = true;
  for (const catalog::Listed& object : report_.before.listing.objects) {
    const auto source = storage::object_source(target_.store, object.key, object.size, call_);
    const auto header = segment::read_header(*source);
    if (!header) continue;
    return header->database == marker_->database ? Status() : differ;
  }
  return make_error(Code::kCorrupt,
                    "replica " + target_.name + ": no object tells whose database it is",
                    "nothing was changed; begin with an empty place instead");
}

// True when something was read that was not known: the plan may be another one now.
Result<bool> Repair::read_planned() {
  bool news = false;
  for (const Copy& what : report_.plan.copies) {
    if (!read_.insert(what.key).second) continue;
    news = true;
    const auto at = std::lower_bound(
        source_listing_.objects.begin(), source_listing_.objects.end(), what.key,
        [](const catalog::Listed& one, const std::string& key) { return one.key < key; });
    const auto index = static_cast<std::size_t>(at - source_listing_.objects.begin());
    auto facts = read_facts(source_.store, source_listing_, index, &*marker_, call_);
    if (!facts && facts.error().code != Code::kNotFound) return facts.error();
    if (facts && facts->damage.empty()) {
      facts->read = options_.clock->wall_micros();
      source_.memory[what.key] = std::move(*facts);
    } else {
      source_findings_.push_back({Fault::kDamaged, what.key, "", {}});
    }
  }
  return news;
}

Status Repair::plan() {
  do {
    report_.plan = plan_repair({report_.before.listing, target_.memory, report_.before.findings},
                               {source_listing_, source_.memory, source_findings_});
  } while (TRY(read_planned()));
  return {};
}

Status Repair::copy(const Copy& what, bool if_absent) {
  const auto content = storage::object_source(source_.store, what.key, what.size, call_);
  storage::PutOptions how;
  how.if_absent = if_absent && !what.replaces;
  const auto put = target_.store.put(what.key, *content, how, call_);
  if (!put && put.error().code != Code::kExists)  // somebody else was faster: it is read below
    return Error(put.error()).with_context("copy object " + what.key);
  ++report_.copied;
  report_.bytes_copied += what.size;
  return {};
}

Status Repair::copy_marker() {
  const std::string text = catalog::encode_marker(*marker_);
  const MemorySource content(as_bytes(text));
  TRY(target_.store.put(to_text(catalog::MarkerKey{}), content, {}, call_));
  ++report_.copied;
  return {};
}

// What lies there now must be whole and say what the original says.
Status Repair::read_back(const std::vector<Copy>& copies) {
  const Listing now = TRY(list_objects(target_.store, call_));
  for (const Copy& what : copies) {
    const auto at = std::lower_bound(
        now.objects.begin(), now.objects.end(), what.key,
        [](const catalog::Listed& one, const std::string& key) { return one.key < key; });
    const auto index = static_cast<std::size_t>(at - now.objects.begin());
    const bool listed = at != now.objects.end() && at->key == what.key;
    if (!listed) continue;  // pruned meanwhile; the judgement afterwards tells
    Facts facts = TRY(read_facts(target_.store, now, index, &*marker_, call_));
    facts.read = options_.clock->wall_micros();
    const Facts& original = source_.memory.at(what.key);
    const bool same = facts.damage.empty() && facts.before == original.before &&
                      facts.after == original.after && facts.parts == original.parts;
    target_.memory[what.key] = std::move(facts);
    if (!same)
      return make_error(
          Code::kCorrupt, "object " + what.key + " was copied, but reads back otherwise",
          "the storage of replica " + target_.name + " does not keep what it is given");
  }
  return {};
}

Result<RepairReport> Repair::run() {
  report_.before = TRY(look(options_.all ? kReadAll : 0));
  if (report_.before.findings.empty()) return std::move(report_);
  auto inventory = restore::take_inventory(source_.store, call_);
  if (!inventory) return std::move(inventory.error()).with_context("replica " + source_.name);
  if (!inventory->marker)
    return make_error(Code::kNoBackup, "replica " + source_.name + ": there is no backup in it");
  marker_ = inventory->marker;
  TRY(same_database());
  source_listing_ = TRY(list_objects(source_.store, call_));
  TRY(source_.store.probe(call_));  // until then it takes one call at a time
  const bool if_absent = TRY(target_.store.probe(call_)).if_absent;
  TRY(plan());
  if (options_.dry_run) return std::move(report_);
  if (report_.marker) TRY(copy_marker());
  for (const Copy& what : report_.plan.copies) TRY(copy(what, if_absent));
  TRY(read_back(report_.plan.copies));
  if (report_.changed()) report_.after = TRY(look(0));
  return std::move(report_);
}

}  // namespace

Result<RepairReport> repair(const RepairSide& target, const RepairSide& source,
                            const RepairOptions& options) {
  return Repair(target, source, options).run();
}

}  // namespace streamd::verify
