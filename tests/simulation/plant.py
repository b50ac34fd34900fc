"""Plants bugs, one at a time, in a copy of the source, and counts the seeds that find each:
    plant.py build COPY BINARIES [NAME...]   COPY: a clone with a configured build/dev; one program a bug
    plant.py run BINARIES SEEDS HOURS        prints a row for the table in README.md for each
"""
import pathlib
import shutil
import subprocess
import sys
import time

# name: (file below engine/, what stands there, what it becomes)
BUGS = {
    "ack-before-durable": ("replicate/sending.cpp",
        "    TRY(std::move(put));\n", ""),
    "gap-of-one": ("replicate/sending.cpp",
        "queue[count]->header.first <= tip.next())", "queue[count]->header.first <= tip.next().next())"),
    "joined-object-forgets-one": ("replicate/sending.cpp",
        "for (const state::SpoolObjectPtr& object : objects) {\n    const File file",
        "for (const state::SpoolObjectPtr& object : objects) {\n    if (object == objects.back() && objects.size() > 2) break;\n    const File file"),
    "merge-skips-object": ("replicate/merge_job.cpp",
        "    auto file = open_input(key, context);",
        "    if (count == 1 && merge.inputs.size() > 2) { ++count; continue; }\n    auto file = open_input(key, context);"),
    "merge-over-snapshot": ("replicate/merge_job.cpp",
        "std::set<Txid> borders = known.borders;", "std::set<Txid> borders;"),
    "covered-ignores-snapshots": ("catalog/merge_plan.cpp",
        "return inside != nullptr && inside->key.txid >= each.by->key.first;", "return inside == nullptr;"),
    "cover-begins-one-late": ("catalog/merge_plan.cpp",
        "  std::vector<Covered> covered = find_cover(generation);",
        "  std::vector<Covered> covered = find_cover(generation);\n"
        "  for (Covered& each : covered)\n"
        "    for (const auto& [level, segments] : generation.segments)\n"
        "      for (const Segment& other : segments)\n"
        "        if (each.by == each.segment && other.key.first == each.segment->key.last.next()) each.by = &other;"),
    "history-too-short": ("retention/region.cpp",
        "return std::clamp(rules.history, rules.grace,", "return std::clamp(rules.history * 3 / 4, rules.grace,"),
    "window-base-one-late": ("retention/region.cpp",
        "region.exact_from = start->second;", "region.exact_from = start->second.next().next();"),
    "fence-ignored": ("replicate/fence.cpp",
        "  if (lost_) return *lost_;\n  if (number_ == 0)", "  if (number_ != 0) return {};\n  if (number_ == 0)"),
    "shrinking-forgotten": ("replicate/recorder.cpp",
        "  captured_.pages = pages;\n", "  captured_.pages = std::max(captured_.pages, pages);\n"),
    "time-too-early": ("replicate/recorder.cpp",
        "  seen_ = small_step_back ? captured_.seen : seen;",
        "  seen_ = small_step_back ? captured_.seen : seen - 2'000'000;"),
    "time-too-late": ("replicate/recorder.cpp",
        "  seen_ = small_step_back ? captured_.seen : seen;",
        "  seen_ = small_step_back ? captured_.seen : seen + 5'000'000;"),
    "spool-asks-one-replica": ("replicate/opening.cpp",
        "    return std::any_of(replicas_.begin(), replicas_.end(),", "    return std::all_of(replicas_.begin(), replicas_.end(),"),
    "spool-not-replayed": ("replicate/opening.cpp",
        "  TRY(replay_spool());\n  if (tip_.checksum_known", "  if (tip_.checksum_known"),
    "position-ahead": ("replicate/recorder.cpp",
        "  return state::save_tip(path, tip_);", "  return state::save_tip(path, captured_);"),
    "joins-at-the-tip": ("replicate/joining.cpp",
        "  status_.acknowledged = reached == nullptr ? Txid{} : reached->last;",
        "  status_.acknowledged = reached == nullptr ? Txid{} : joined.tip.txid;"),
    "cut-list-is-whole": ("storage/retry_store.cpp",
        "  return run(call, &sink_failed, [&](const Call& once) {\n    return inner_->list(",
        "  return run(call, &sink_failed, [&](const Call& once) -> Status {\n    if (seen.size() + last.size() > 0) return {};\n    return inner_->list("),
    "delta-misses-late-pages": ("replicate/catch_up.cpp",
        "    if (!changed_since_[number]) continue;", "    if (changed_since_[number]) continue;"),
    "restart-taken-for-granted": ("sqlite/attach.cpp",
        "  return last.change + commits == pin_.change;", "  return last.change + commits <= pin_.change + 1000;"),
    "old-log-taken-for-ours": ("sqlite/attach.cpp",
        "  if (last.salts != pin_.salts || last.frame > pin_.last_frame) return false;",
        "  if (last.frame > pin_.last_frame) return false;\n  if (last.salts != pin_.salts) return true;"),
    "log-given-back-early": ("sqlite/pin.cpp",
        "  TRY(make_durable());\n  if (durable_ != captured_ || !lock_zero(header)) return false;",
        "  if (!lock_zero(header)) return false;"),
    "by-time-one-late": ("restore/moment.cpp",
        "      if (transaction.seen <= wanted && generation.restorable(transaction.txid))",
        "      if (transaction.seen <= wanted + 3'000'000 && generation.restorable(transaction.txid))"),
    "restore-stops-one-early": ("restore/plan.cpp",
        "  return static_cast<std::uint32_t>(last.value - segment.key.first.value);",
        "  return static_cast<std::uint32_t>(last.value - segment.key.first.value) - (last > segment.key.first ? 1 : 0);"),
}


def build(copy, binaries, names):
    if copy.resolve() in pathlib.Path(__file__).resolve().parents:
        sys.exit("a bug is planted in a copy, not in the tree that this program belongs to")
    binaries.mkdir(exist_ok=True)
    for name in names or BUGS:
        path, old, new = BUGS[name]
        file = copy / "engine" / path
        original = file.read_text()
        if original.count(old) != 1:
            print(f"{name}: what is to be changed stands there {original.count(old)} times", flush=True)
            continue
        try:
            file.write_text(original.replace(old, new))
            done = subprocess.run(["cmake", "--build", copy / "build/dev", "-j2", "--target", "simulation"],
                                  capture_output=True, text=True, check=False)
        finally:
            file.write_text(original)
        if done.returncode == 0:
            program = binaries / (name + ".new")  # appears at once, for who runs those that are there already
            shutil.copy(copy / "build/dev/tests/simulation/simulation", program)
            program.rename(binaries / name)
        else:
            print(f"{name}: does not build\n{done.stdout[-1500:]}", flush=True)


def run(binaries, seeds, hours):
    for program in sorted(binaries.iterdir()):
        found, first, why, began = 0, None, "", time.monotonic()
        for seed in range(seeds):
            try:
                done = subprocess.run([program, "--seed", str(seed), "--hours", str(hours)],
                                      capture_output=True, text=True, check=False, timeout=300)
                failed, text = done.returncode != 0, done.stdout
            except subprocess.TimeoutExpired:
                failed, text = True, "it hangs"
            if failed:
                found += 1
                if first is None:
                    first, why = seed, text.splitlines()[0] if text else ""
        seconds = time.monotonic() - began
        print(f"| {program.name} | {found} of {seeds} | {why.split('seconds: ')[-1]} | {seconds:.0f} s", flush=True)


def main():
    command, arguments = sys.argv[1], sys.argv[2:]
    if command == "build":
        build(pathlib.Path(arguments[0]), pathlib.Path(arguments[1]), arguments[2:])
    else:
        run(pathlib.Path(arguments[0]), int(arguments[1]), float(arguments[2]))


if __name__ == "__main__":
    main()
