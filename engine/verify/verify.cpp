#include "verify/verify.h"

#include <algorithm>
#include <mutex>

#include "base/file.h"
#include "restore/exact_times.h"
#include "restore/workers.h"
#include "verify/keys.h"
#include "verify/memory.h"
#include "verify/select.h"

namespace streamd::verify {
namespace {

constexpr std::uint64_t kMarkerLimit = 64 * kKiB;

class Verify {
 public:
  Verify(storage::Store& store, Memory& memory, const VerifyOptions& options)
      : store_(store), memory_(memory), options_(options) {
    call_.cancel = options.cancel;
  }
  Result<VerifyReport> run();

 private:
  Status read_marker();
  Status read_objects(const Selection& selection);
  Status read_one(std::size_t object, std::uint64_t total);
  std::vector<Finding> judged() const;
  Status judge_now();
  Status look_at_keys();
  void count();
  bool newest_is_whole() const;

  storage::Store& store_;
  Memory& memory_;
  const VerifyOptions& options_;
  storage::Call call_;
  VerifyReport report_;
  Reached reached_;
  std::optional<Finding> marker_;   // what is wrong with it
  std::set<std::string> vanished_;  // listed, and not there when they were to be read
  std::mutex mutex_;                // of the report, the memory and the set, while workers read
};

Status Verify::read_marker() {
  const std::string key = to_text(catalog::MarkerKey{});
  const auto raw = storage::get_all(store_, key, kMarkerLimit, call_);
  if (raw) {
    const auto marker = catalog::parse_marker(as_text(*raw));
    if (marker)
      report_.marker = *marker;
    else if (marker.error().code == Code::kCorrupt)
      marker_ = Finding{Fault::kDamaged, key, marker.error().message, {}};
    else
      return Error(marker.error()).with_context("read object " + key);
    return {};
  }
  if (raw.error().code == Code::kCorrupt)
    marker_ = Finding{Fault::kDamaged, key, raw.error().message, {}};
  else if (raw.error().code != Code::kNotFound)
    return raw.error();
  return {};
}

Status Verify::read_one(std::size_t object, std::uint64_t total) {
  const catalog::Marker* marker = report_.marker ? &*report_.marker : nullptr;
  auto facts = read_facts(store_, report_.listing, object, marker, call_);
  const std::lock_guard lock(mutex_);
  const catalog::Listed& listed = report_.listing.objects[object];
  if (!facts && facts.error().code != Code::kNotFound) return facts.error();
  if (facts) {
    facts->read = options_.clock->wall_micros();
    memory_[listed.key] = std::move(*facts);
    ++report_.read;
  } else {
    vanished_.insert(listed.key);
  }
  report_.bytes_read += listed.size;
  if (options_.progress) options_.progress(report_.bytes_read, total);
  return {};
}

Status Verify::read_objects(const Selection& selection) {
  restore::Workers workers(std::max(1U, options_.parallel));
  return workers.run(selection.now.size(),
                     [&](std::size_t i) { return read_one(selection.now[i], selection.bytes); });
}

void Verify::count() {
  bool never = false;
  report_.oldest = 0;
  report_.objects = 0;
  report_.bytes = 0;
  for (std::size_t i = 0; i < report_.listing.objects.size(); ++i) {
    const catalog::Listed& listed = report_.listing.objects[i];
    if (std::holds_alternative<catalog::OtherKey>(catalog::parse_key(listed.key))) continue;
    ++report_.objects;
    report_.bytes += listed.size;
    const auto known = memory_.find(listed.key);
    if (known == memory_.end() || !same_object(known->second, report_.listing, i))
      never = true;
    else if (report_.oldest == 0 || known->second.read < report_.oldest)
      report_.oldest = known->second.read;
  }
  if (never) report_.oldest = 0;
}

bool Verify::newest_is_whole() const {
  const auto newest = [](const catalog::Timeline& timeline) {
    const catalog::GenerationTimeline* generation = timeline.newest_restorable();
    return generation == nullptr ? std::pair(GenerationId{}, Txid{})
                                 : std::pair(generation->id, generation->newest()->last);
  };
  const auto named = newest(catalog::read_timeline(report_.listing.objects));
  const auto left =
      newest(catalog::read_timeline(usable(report_.listing, memory_, keys_of(report_.findings))));
  for (const Lost& lost : report_.lost)
    if (lost.generation >= named.first && lost.last >= named.second) return false;
  return named == left && left.second != Txid{};
}

std::vector<Finding> Verify::judged() const {
  std::vector<Finding> findings = judge(report_.listing, memory_);
  catalog::Timeline timeline = catalog::read_timeline(report_.listing.objects);
  restore::round_up_times(timeline);
  if (auto gone = what_is_gone(timeline, reached_, findings)) findings.push_back(std::move(*gone));
  return findings;
}

// What is missing is believed when a second listing shows the same: others may be sending, merging
// and pruning meanwhile, and no listing is of one moment.
Status Verify::judge_now() {
  report_.findings = judged();
  const bool missing =
      !vanished_.empty() ||
      std::any_of(report_.findings.begin(), report_.findings.end(),
                  [](const Finding& finding) { return finding.fault != Fault::kDamaged; });
  if (missing) {
    const std::vector<Finding> first = std::move(report_.findings);
    report_.listing = TRY(list_objects(store_, call_));
    report_.findings = judged();
    std::erase_if(report_.findings, [&](const Finding& now) {
      return now.fault == Fault::kMissing &&
             std::none_of(first.begin(), first.end(), [&](const Finding& then) {
               return then.key == now.key && then.what == now.what;
             });
    });
    for (const std::string& key : vanished_)
      if (report_.listing.find(key) != nullptr)
        report_.findings.push_back({Fault::kMissing, key, "it is listed, but cannot be read",
                                    cost_of(report_.listing, memory_, {key})});
  }
  return {};
}

Status Verify::look_at_keys() {
  if (options_.keys == nullptr) return {};
  for (Finding& finding : TRY(check_keys(store_, report_.listing, *options_.keys, call_)))
    report_.findings.push_back(std::move(finding));
  return {};
}

Result<VerifyReport> Verify::run() {
  reached_ = std::max(options_.reached, reached(memory_));
  // Until a store was asked what it can do it takes one call at a time.
  const auto probed = store_.probe(call_);
  if (!probed && probed.error().code == Code::kCancelled) return probed.error();
  TRY(read_marker());
  report_.listing = TRY(list_objects(store_, call_));
  report_.begun = !report_.listing.objects.empty();
  const bool no_marker = !report_.marker && !marker_ && report_.begun;
  if (no_marker)
    marker_ = Finding{Fault::kMissing,
                      to_text(catalog::MarkerKey{}),
                      "it names the database and the key of its checksums",
                      {}};
  const Selection selection =
      select(report_.listing, memory_, options_.stale_before, options_.budget);
  report_.later = selection.later;
  report_.bytes_later = selection.later_bytes;
  if (Status read = read_objects(selection); !read) report_.interrupted = read.error();
  if (Status judged = judge_now(); !judged && !report_.interrupted)
    report_.interrupted = judged.error();
  if (Status looked = look_at_keys(); !looked && !report_.interrupted)
    report_.interrupted = looked.error();
  forget_others(memory_, report_.listing);
  if (marker_) {
    marker_->lost = difference(catalog::read_timeline(report_.listing.objects), {});
    report_.findings.push_back(*marker_);
  }
  std::stable_sort(report_.findings.begin(), report_.findings.end(),
                   [](const Finding& a, const Finding& b) { return a.key < b.key; });
  report_.lost = marker_ ? marker_->lost : cost_of(report_.listing, memory_, report_.findings);
  count();
  report_.newest_is_whole = newest_is_whole();
  return std::move(report_);
}

}  // namespace

Result<VerifyReport> verify(storage::Store& store, Memory& memory, const VerifyOptions& options) {
  return Verify(store, memory, options).run();
}

Result<VerifyReport> verify_and_keep(storage::Store& store, const std::string& path,
                                     const VerifyOptions& options) {
  Memory memory = path.empty() ? Memory{} : TRY(load_memory(path));
  VerifyReport report = TRY(verify(store, memory, options));
  if (!path.empty()) {
    TRY(make_folders(folder_of(path)));
    TRY(save_memory(path, memory));
  }
  return report;
}

std::optional<Error> summary(const VerifyReport& report) {
  if (report.findings.empty()) return std::nullopt;
  const Finding& first = report.findings.front();
  const std::string object = first.key.empty() ? "" : "object " + first.key + ": ";
  const std::string others = report.findings.size() == 1
                                 ? ""
                                 : " (and " + std::to_string(report.findings.size() - 1) + " more)";
  const char* cost = report.lost.empty() ? "; every moment can still be restored"
                                         : "; some moments cannot be restored any more";
  return make_error(Code::kCorrupt, object + first.what + others + cost,
                    "`streamctl verify DB` says what it costs and what to do");
}

}  // namespace streamd::verify
