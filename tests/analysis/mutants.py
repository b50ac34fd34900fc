"""Plants bugs, one at a time, in a copy of the source, and says which test notices each:
    mutants.py COPY [NAME...]     COPY: a clone with a configured build/dev
Prints a row for each; exit code 1 when one was not noticed. What the simulation finds is in tests/simulation/plant.py.
"""
import pathlib
import subprocess
import sys
import time

DURABLE = "faults.power_cut|unit.state|faults.interposer|unit.base"
RESTORE = "unit.restore|end_to_end.main_path|end_to_end.security_files"

# name: (file, what stands there, what it becomes, the tests that might notice)
BUGS = {
    "spool-not-synced": ("engine/state/spool.cpp",
        "for (segment::SealedObject& piece : pieces) TRY(piece.file.sync());", "", DURABLE),
    "spool-name-not-synced": ("engine/state/spool.cpp", "if (named) named = sync_folder(folder_);", "", DURABLE),
    "replaced-file-not-synced": ("engine/base/file.cpp",
        "    TRY(file.sync());\n    file.close();\n    return rename_file", "    file.close();\n    return rename_file", DURABLE),
    "position-before-ledger": ("engine/replicate/recorder.cpp",
        "  TRY(ledger_.sync());\n  return state::save_tip", "  return state::save_tip", DURABLE + "|unit.replicate"),
    "short-write-is-whole": ("engine/base/file.cpp",
        "    bytes = bytes.subspan(static_cast<std::size_t>(put));", "    bytes = {};", "unit.base|faults"),
    "short-read-is-whole": ("engine/base/file.cpp",
        "  if (TRY(read_some_at(offset, out)) == out.size()) return {};", "  TRY(read_some_at(offset, out));\n  return {};", "unit"),
    "lock-page-one-off": ("engine/wal/page.h", "return PageNo((1u << 30) / page_size + 1);", "return PageNo((1u << 30) / page_size + 2);",
        "unit.wal|unit.segment|unit.restore|unit.litestream"),
    "snapshot-has-lock-page": ("engine/replicate/snapshot.cpp", "      if (PageNo(page) == lock_page(page_size_)) continue;", "",
        "unit.replicate"),
    "object-not-synced": ("plugins/file/upload.cpp", "::fsync(temporary.file.get()) != 0 || ", "", "conformance|unit.file|faults.power_cut"),
    "object-name-not-synced": ("plugins/file/upload.cpp", "if (::fsync(target.get()) == 0) return STREAMD_OK;", "return STREAMD_OK;",
        "conformance|unit.file|faults.power_cut"),
    "list-repeats-its-start": ("plugins/file/listing.cpp", "key.starts_with(prefix_) && key > start_after_", "key.starts_with(prefix_) && key >= start_after_",
        "conformance|unit.file"),
    "list-ends-after-a-page": ("plugins/s3_family/reply.cpp", 'page.more = text_of(list, "IsTruncated") == "true";', 'page.more = text_of(list, "IsTruncated") == "1";',
        "conformance|unit.s3_family"),
    "nonce-used-twice": ("engine/crypt/container.cpp", "store_le(nonce.data(), number);", "store_le(nonce.data(), number / 2);", "unit.crypt|end_to_end.encryption"),
    "cut-container-is-whole": ("engine/crypt/container.cpp", "nonce[8] = last ? 1 : 0;", "nonce[8] = last ? 0 : 0;", "unit.crypt"),
    "grace-forgotten": ("engine/retention/policy.cpp", "decision.fate == Fate::kWait && !before.verdicts[i].needed", "decision.fate == Fate::kWait",
        "unit.retention|end_to_end.retention"),
    "part-of-kept-snapshot-goes": ("engine/retention/policy.cpp", "  hold_parts(decisions, parts);\n", "  (void)hold_parts;\n", "unit.retention"),
    "kept-object-is-garbage": ("engine/replicate/opening.cpp", "    return std::any_of(replicas_.begin(), replicas_.end(),\n                       [&](const auto& replica) { return replica->needs",
        "    return std::all_of(replicas_.begin(), replicas_.end(),\n                       [&](const auto& replica) { return replica->needs", "unit.replicate|end_to_end.main_path"),
    "restore-not-compared": ("engine/restore/apply.cpp", "  if (hashes_.checksum() != checksum)\n", "  if (false && hashes_.checksum() != checksum)\n", RESTORE),
    "restored-file-not-synced": ("engine/restore/place.cpp", "  TRY(scratch.file().sync());\n", "", RESTORE + "|faults"),
    "restore-over-a-newcomer": ("engine/restore/place.cpp", "  if (!TRY(allowed()))  // it appeared meanwhile", "  if (false)", RESTORE),
    "cut-get-is-whole": ("engine/storage/driver_store.cpp", "  if (cut)\n", "  if (false && cut)\n", "unit.storage|unit.restore"),
    "frame-of-another-log": ("engine/wal/chain.cpp", "header.salts != position.salts || header.page.value == 0", "header.page.value == 0", "unit.wal|unit.sqlite"),
    "chain-not-compared": ("engine/wal/chain.cpp", "  if (chain != header.chain) return false;\n", "", "unit.wal|unit.sqlite"),
    "claim-not-looked-at": ("engine/replicate/fence.cpp", "  if (clock_.mono() - checked_ < interval_) return {};", "  if (checked_ != MonoTime{}) return {};", "unit.replicate|end_to_end.writers"),
    "damaged-object-is-sent": ("engine/replicate/sending.cpp", "    if (whole) continue;\n", "    if (whole || !whole) continue;\n", "unit.replicate"),
    "joined-without-its-last": ("engine/replicate/sending.cpp", "    TRY(joining.add(TRY(segment::ObjectReader::open(source))));",
        "    if (object != objects.back() || objects.size() < 3) TRY(joining.add(TRY(segment::ObjectReader::open(source))));", "unit.replicate|end_to_end.main_path"),
    "replaced-name-not-synced": ("engine/base/file.cpp", "  return sync_folder(folder_of(path));\n}\n\nStatus rename_file", "  return {};\n}\n\nStatus rename_file",
        "unit.base"),
    "position-not-synced": ("engine/state/tip.cpp", "  return file.sync();", "  return {};", "unit.state"),
    "spool-folder-not-synced": ("engine/state/spool.cpp", "  TRY(sync_folder(\n      folder_));", "", "unit.state"),
    "swap-not-synced": ("engine/restore/swap.cpp", "  TRY(sync_folder(folder_of(request.target)));\n  TRY(remove_file(", "  TRY(remove_file(", "unit.restore"),
    "before-not-compared": ("engine/restore/advance.cpp", "if (before == reached_.checksum)", "if (before == reached_.checksum || true)", "unit.restore"),
    "merged-size-of-the-first": ("engine/segment/concatenate.cpp", "  merged_.pages_after = header.pages_after;\n", "", "unit.segment"),
    "part-of-wrong-size": ("engine/verify/judge.cpp", "there != nullptr && there->size == part.bytes", "there != nullptr", "unit.verify"),
    "spool-all-goes": ("engine/replicate/opening.cpp", "    if (bytes <= keep) break;\n", "    if (bytes == 0 && keep == 0) break;\n", "unit.replicate"),
    "minutes-without-sign": ("engine/apps/time_argument.cpp", "sign * (hours * 60 + minutes)", "(sign * hours * 60 + minutes)", "unit.apps"),
    "part-without-etag": ("plugins/s3_family/multipart.cpp", "if (etags_[part.index].empty())", "if (false)", "unit.s3_family"),
    "completed-with-an-error": ("plugins/s3_family/multipart.cpp", "if (!parse_error(response.body).code.empty())", "if (false)", "unit.s3_family"),
    "hidden-file-is-an-object": ("plugins/b2/list.cpp", 'file.action == "upload" && ', "", "unit.b2"),
    "exchanged-key-opens": ("engine/crypt/generation_key.cpp", "if (key->id() == id) return", "if (key->id() == id || true) return", "unit.crypt"),
    "socket-open-before-its-mode": ("engine/daemon/unix_socket.cpp", "::fchmod(listener.fd(), 0600)", "::fchmod(listener.fd(), 0666)", "unit.daemon"),
    "folder-behind-its-names": ("engine/config/folder.cpp", "if (errno == EACCES)", "if (errno == EIO)", "end_to_end.watched_folder"),
    "last-commit-not-waited-for": ("engine/daemon/wait.cpp", "pipeline.wait_for(txid, replica, until, cancel)",
        "pipeline.wait_for(txid.value > 1 ? txid.prior() : txid, replica, until, cancel)", "end_to_end.control_socket"),
    "second-word-not-turned": ("engine/wal/format.cpp", "      second = __builtin_bswap32(second);\n", "", "unit.wal"),
    "one-salt-compared": ("engine/wal/chain.cpp", "if (header.salts != position.salts || header.page",
        "if (header.salts.first() != position.salts.first() || header.page", "unit.wal"),
    "pin-on-slot-0": ("engine/sqlite/pin.cpp", "  return now.salts == header.salts && !went_back && backfilled != header.last_frame;",
        "  return now.salts == header.salts || !went_back || backfilled != header.last_frame;", "unit.sqlite"),
    "snapshot-looked-at-once": ("engine/sqlite/pin.cpp", "    header = TRY(look());\n    if (before == header) return true;", "    header = before;\n    return true;", "unit.sqlite"),
    "old-pin-goes-first": ("engine/sqlite/pin.cpp", "  Status captured = capture_to(header);\n  if (captured) captured = close_run();",
        "  session_->reader(pin_reader_).end();\n  Status captured = capture_to(header);\n  if (captured) captured = close_run();", "unit.sqlite"),
    "zero-before-durable": ("engine/sqlite/pin.cpp", "if (durable_ != captured_ || !lock_zero(header))", "if (!lock_zero(header))", "unit.sqlite"),
    "header-of-another-log": ("engine/sqlite/capture.cpp", "if (!log || log->salts != header.salts)\n", "if (!log)\n", "unit.sqlite"),
    "left-before-its-clock": ("engine/sqlite/session.cpp", "    if (left) sleep_until_the_clock_moved_on(*left);\n", "    (void)sleep_until_the_clock_moved_on;\n", "unit.sqlite"),
    "rest-without-slot-0": ("engine/sqlite/session.cpp", "  if (!fresh.lock_shared(IndexLock::kRead0))\n", "  lock_holder_.unlock_shared(IndexLock::kRead0);\n  if (!fresh.lock_shared(IndexLock::kRead0))\n", "unit.sqlite"),
    "any-writer-is-a-waiter": ("engine/sqlite/reset.cpp", " && checkpoint_pid == write_pid;", ";", "unit.sqlite"),
    "delta-without-last-page": ("engine/replicate/catch_up.cpp", "number <= tip.pages;", "number < tip.pages;", "unit.replicate"),
    "last-piece-not-sent": ("engine/replicate/sending.cpp", "i < object.paths.size(); ++i)", "i + (i > 0 ? 1 : 0) < object.paths.size(); ++i)", "unit.replicate"),
    "parts-stay-on-file": ("engine/replicate/part_table.cpp", "  return file_.truncate(slot_offset(number));", "  return {};", "unit.replicate"),
    "parts-of-a-larger-database": ("engine/replicate/snapshot.cpp", "  TRY(table_.forget_from(pages > per_part ? parts_of(pages, per_part) : 0));\n", "", "unit.replicate"),
    "shortened-object-is-whole": ("plugins/file/driver.cpp", "if (n == 0) return call.fail(STREAMD_CORRUPT, \"an object became shorter while it was read\");", "if (n == 0) return STREAMD_OK;", "unit.file_driver"),
}


def targets(tests):
    """What has to be built for them: everything unless all are units."""
    names = tests.split("|")
    return ["--target", *(name.replace(".", "_") for name in names)] if all(name.startswith("unit.") for name in names) else []


def noticed_by(copy, tests):
    """Names of the tests that fail."""
    ran = subprocess.run(["ctest", "--test-dir", str(copy / "build/dev"), "-j2", "-R", f"^({tests})", "-LE", "soak|sanitizer|bench",
                          "--stop-on-failure", "--timeout", "300"], capture_output=True, text=True, check=False)
    lines = ran.stdout.splitlines()
    failed = lines[lines.index("The following tests FAILED:") + 1:] if "The following tests FAILED:" in lines else []
    return [line.split(" - ")[1].split(" (")[0] for line in failed if " - " in line]


def plant(copy, name):
    file, there, instead, tests = BUGS[name]
    path = copy / file
    original = path.read_text(encoding="utf-8")
    assert original.count(there) == 1, f"{name}: {file} has {original.count(there)} of: {there}"
    began = time.monotonic()
    path.write_text(original.replace(there, instead), encoding="utf-8")
    try:
        built = subprocess.run(["cmake", "--build", str(copy / "build/dev"), *targets(tests)], capture_output=True, text=True, check=False)
        failed = ["the compiler"] if built.returncode != 0 else noticed_by(copy, tests)
    finally:
        path.write_text(original, encoding="utf-8")
    print(f"| `{name}` | {', '.join(failed) or '**nobody**'} | {time.monotonic() - began:.0f} s |", flush=True)
    return bool(failed)


def main():
    copy = pathlib.Path(sys.argv[1]).resolve()
    assert copy != pathlib.Path(__file__).resolve().parents[2], "not in the tree that this program belongs to"
    outcomes = [plant(copy, name) for name in sys.argv[2:] or BUGS]
    sys.exit(0 if all(outcomes) else 1)


if __name__ == "__main__":
    main()
