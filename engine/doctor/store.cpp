#include "doctor/store.h"

#include <fmt/core.h>

#include "base/hash.h"
#include "base/source.h"
#include "catalog/marker.h"
#include "catalog/timeline.h"

namespace streamd::doctor {
namespace {

constexpr Micros kSecond = 1'000'000;
constexpr Micros kTolerated = 60 * kSecond, kRefused = 300 * kSecond;
constexpr std::string_view kText = "written by streamctl doctor; it may be removed\n";

Error cannot(const char* what, const Error& error) {
  return Error(error).with_context(what);
}

Status check_content(storage::Store& store, const std::string& key, const storage::Call& call) {
  const auto back = storage::get_all(store, key, 4096, call);
  if (!back) return cannot("reading is not possible", back.error());
  if (as_text(*back) == kText) return {};
  return make_error(Code::kCorrupt, "what was read is not what was written",
                    "something between here and the store changes objects: look for a proxy");
}

Status check_listing(storage::Store& store, const std::string& key, const storage::Call& call) {
  bool seen = false;
  const auto note = [&](const std::string& listed, const storage::ObjectStat&) -> Status {
    seen = seen || listed == key;
    return {};
  };
  if (const Status listed = store.list(key, "", note, call); !listed)
    return cannot("listing is not possible", listed.error());
  if (seen) return {};
  return make_error(Code::kTransient, "a list does not show an object that was just written",
                    "the store may need a moment; a restore could miss the newest objects");
}

// Everything a backup does, once.
Status exercise(storage::Store& store, const std::string& key, const std::string& subject,
                const Clock& clock, const storage::Call& call, Findings& findings) {
  const MemorySource source(as_bytes(kText));
  const auto put = store.put(key, source, {}, call);
  if (!put) return cannot("writing is not possible", put.error());
  const auto stat = store.stat(key, call);
  if (!stat) return cannot("asking for an object is not possible", stat.error());
  if (stat->mtime_ns != 0)
    judge_clock(subject, stat->mtime_ns / 1000 - clock.wall_micros(), findings);
  TRY(check_content(store, key, call));
  return check_listing(store, key, call);
}

std::string abilities(const storage::Capabilities& can) {
  return fmt::format("put-if-absent {}, ordered lists {}, lists show every put {}",
                     can.if_absent ? "yes" : "no", can.ordered_list ? "yes" : "no",
                     can.strong_list ? "yes" : "no");
}

Result<catalog::Timeline> read_names(storage::Store& store, const storage::Call& call) {
  std::vector<catalog::Listed> listing;
  const auto note = [&](const std::string& key, const storage::ObjectStat& stat) -> Status {
    listing.push_back({key, stat.size, stat.mtime_ns});
    return {};
  };
  TRY(store.list("", "", note, call));
  return catalog::read_timeline(listing);
}

void judge_content(const catalog::Timeline& timeline, const std::string& subject,
                   Findings& findings) {
  const catalog::GenerationTimeline* generation = timeline.newest_restorable();
  if (generation != nullptr) {
    const catalog::Span* newest = generation->newest();
    findings.ok(subject, fmt::format("it can restore up to transaction {} of {}",
                                     newest->last.value, format_time(newest->last_time)));
    return;
  }
  if (timeline.begun())
    findings.problem(subject,
                     make_error(Code::kNotRestorable,
                                "a backup was begun there, but no moment of it can be restored yet",
                                "let streamd run until its first snapshot is taken"));
  else
    findings.warning(subject, "it holds no backup yet", "start streamd: the first one begins then");
}

std::string described(const storage::ExpiryRule& rule) {
  return fmt::format("the storage{} {} below '{}' {}: backups there break",
                     rule.name.empty() ? "" : ", by its rule '" + rule.name + "',",
                     rule.archives ? "archives objects" : "removes objects", rule.prefix,
                     rule.days == 0 ? "by a date" : fmt::format("after {} days", rule.days));
}

}  // namespace

void judge_clock(const std::string& subject, Micros ahead, Findings& findings) {
  const Micros off = ahead < 0 ? -ahead : ahead;
  const std::string text = fmt::format("the store's clock is {} s {} this machine's", off / kSecond,
                                       ahead < 0 ? "behind" : "ahead of");
  if (off <= kTolerated)
    findings.ok(subject, "the store's clock agrees with this machine's");
  else if (off <= kRefused)
    findings.warning(subject, text, "set this machine's clock: run systemd-timesyncd or chrony");
  else
    findings.problem(subject, make_error(Code::kInvalidConfig, text,
                                         "set this machine's clock: nothing is pruned while they "
                                         "differ by more than 5 minutes"));
}

void judge_expiry(const std::string& subject, const std::string& prefix,
                  const Result<std::vector<storage::ExpiryRule>>& rules, Findings& findings) {
  if (!rules) {
    if (rules.error().code != Code::kUnsupported)
      findings.note(subject,
                    "whether the storage removes objects by rules of its own cannot be seen: " +
                        rules.error().message,
                    "let the key look at the bucket's rules (docs/providers.md), or look yourself "
                    "in the provider's console");
    return;
  }
  const std::string ours = prefix.empty() ? "" : prefix + "/";
  bool clean = true;
  for (const storage::ExpiryRule& rule : *rules) {
    if (!rule.prefix.starts_with(ours) && !ours.starts_with(rule.prefix)) continue;
    clean = false;
    findings.problem(subject,
                     make_error(Code::kInvalidConfig, described(rule),
                                "take the rule away, or leave what is below '" + ours +
                                    "' out of it: streamd removes what is no longer needed"));
  }
  if (clean) findings.ok(subject, "no rule of the storage removes objects there");
}

void check_store(storage::Store& store, const std::string& subject, const Clock& clock,
                 const storage::Call& call, Findings& findings) {
  const auto can = store.probe(call);
  if (!can) {
    findings.problem(subject, can.error());
    return;
  }
  const std::string key = fmt::format(".streamd-doctor-{:016x}", random_u64());
  const Status works = exercise(store, key, subject, clock, call, findings);
  const std::string keys[] = {key};
  const Status removed = store.remove(keys, call);
  if (!works) {
    findings.problem(subject, works.error());
    return;
  }
  findings.ok(subject, "it can be written, read and listed; " + abilities(*can));
  if (!removed)
    findings.warning(subject, "nothing can be removed there: " + removed.error().message,
                     "give streamd's key the right to delete, or let somebody else prune (prune)");
  const auto timeline = read_names(store, call);
  if (timeline)
    judge_content(*timeline, subject, findings);
  else
    findings.problem(subject, timeline.error());
}

}  // namespace streamd::doctor
