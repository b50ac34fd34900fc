"""b2_store.py [TEST...]: the conformance suite on the driver b2, against our fake of Backblaze B2, which other people's clients
judge (tests/support)."""
import os
import subprocess

from harness import case, processes
from harness.b2 import B2, BACKUP
from harness.daemon import toml_value
from harness.waiting import wait_until

LIGHT = ("--large", "16", "--seconds", "2")
SKIPS = {"list.start-after-refused", "atomic.if-absent-race", "atomic.wrong-sha256"}


def driver():
    for folder in os.environ["STREAMD_DRIVER_PATH"].split(":"):
        path = os.path.join(folder, "libstreamd-b2.so")
        if os.path.exists(path):
            return path
    return case.skip("the driver b2 is not built here")


def written(folder, options):
    config = os.path.join(folder, "check.toml")
    with open(config, "w", encoding="utf-8") as output:
        output.writelines(f"{key} = {toml_value(value)}\n" for key, value in {"part-size": "5MiB", **options}.items())
    return config


def suite(config, *words):
    return subprocess.run([os.environ["DRIVER_CHECK"], *words, driver(), config], stdout=subprocess.PIPE, text=True, check=False)


def check(folder, store, objects, skips=SKIPS, **options):
    """The whole suite; nothing stays behind, not even hidden."""
    done = suite(written(folder, store.options(**options)), *LIGHT, "--objects", str(objects))
    print(done.stdout, flush=True)
    assert done.returncode == 0, f"the suite failed with exit code {done.returncode}"
    skipped = {line.split()[1] for line in done.stdout.splitlines() if line.startswith("skip")}
    assert skipped == skips, f"skipped were {sorted(skipped)}"
    assert store.actions() == {}, f"the suite left {list(store.actions().items())[:5]}"


def test_all(folder):
    """With a key for all buckets, which has to look for its own."""
    store = B2(folder)
    store.key = store.fake.keys.add((*BACKUP, "listBuckets"))
    check(folder, store, 2500)
    for call in ("b2_authorize_account", "b2_list_buckets"):  # for each instance, not for each call
        assert 0 < store.fake.calls[call] <= 80, store.fake.calls


def test_tls(folder):
    """With a key that is restricted to the bucket and may not list buckets."""
    store = B2(folder, tls=True)
    check(folder, store, 300, SKIPS | {"contract.wrong-bucket"})
    assert store.fake.calls["b2_list_buckets"] == 0, store.fake.calls


def test_the_older_rules_for_names(folder):
    """Names with "//" and such are refused by some, and said to be unsupported."""
    store = B2(folder, strict_names=True)
    for name in ("basic.key-alphabet", "basic.key-slashes", "basic.key-dots", "basic.remove-batch"):
        done = suite(written(folder, store.options()), "--only", name)
        assert done.returncode == 0, done.stdout


def test_faults_all_the_time(folder):
    """A third of the uploads fails, tokens expire: nobody notices."""
    store = B2(folder)
    for skip in range(1, 60, 3):
        store.fake.faults.add("b2_upload_file", status=(503, 500, 408)[skip % 3], code="service_unavailable", skip=skip)
        store.fake.faults.add("b2_upload_part", status=503, code="service_unavailable", skip=skip)
        store.fake.faults.add("b2_upload_file", cut="before", skip=skip)
    for call in ("b2_list_file_names", "b2_list_file_versions", "b2_delete_file_version", "download", "b2_get_upload_part_url",
                 "b2_start_large_file", "b2_finish_large_file"):
        store.fake.faults.add(call, status=401, code="expired_auth_token", skip=3)
    done = suite(written(folder, store.options()), "--only", "basic", *LIGHT)
    assert done.returncode == 0, done.stdout
    assert store.fake.faults.struck > 20, store.fake.faults.struck
    assert store.actions() == {}, store.actions()


def test_an_upload_url_serves_one_at_a_time(folder):
    store = B2(folder)
    done = suite(written(folder, store.options(**{"max-concurrency": 8})), "--only", "load", "--seconds", "2")
    assert done.returncode == 0, done.stdout
    assert 1 < store.fake.uploads.most_at_once <= 8, store.fake.uploads.most_at_once
    assert store.fake.uploads.given <= 40, "upload URLs are kept and used again"


def test_server_dies(folder):
    """In the middle of everything, over TLS: errors, but no signal and no hang."""
    store = B2(folder, tls=True)
    child = processes.Child([os.environ["DRIVER_CHECK"], "--only", "load", "--seconds", "60", driver(),
                             written(folder, store.options())], os.path.join(folder, "check.log"))
    wait_until(lambda: len(store.actions()) > 20, "objects under load")
    store.fake.die()
    code = child.wait()
    assert code == 1, f"exit code {code}\n{child.output()}"
    assert "fail  load.mixed" in child.output(), child.output()


def test_large_object(folder):
    """Memory does not grow with the object: 256 MiB go there and back."""
    store = B2(folder)
    peaks = []
    for large in ("1", "256"):
        child = subprocess.Popen([os.environ["DRIVER_CHECK"], "--only", "basic.large-object", "--large", large, driver(),
                                  written(folder, store.options(**{"part-size": "16MiB"}))])
        _, status, usage = os.wait4(child.pid, 0)
        assert status == 0, f"the check with {large} MiB failed with status {status}"
        peaks.append(usage.ru_maxrss >> 10)
    print(f"peak memory with 1 MiB and with 256 MiB: {peaks} MiB")
    assert peaks[1] - peaks[0] <= 16, peaks


def test_options_that_make_no_sense(folder):
    cases = (({"bucket": "backups/app"}, "belongs into path"), ({"bucket": "b2"}, "no valid name"),
             ({"endpoint": "http://8.8.8.8"}, "allow-http"), ({"part-size": "1MiB"}, "part-size must be"),
             ({"key-id": "only"}, "both be set"), ({"parallel-parts": 0}, "parallel-parts must be"))
    for options, words in cases:
        done = subprocess.run([os.environ["DRIVER_CHECK"], driver(), written(folder, {"bucket": "my-bucket", **options})],
                              capture_output=True, text=True, check=False)
        assert done.returncode != 0 and words in done.stdout + done.stderr, f"{options}: {done.stdout}{done.stderr}"


if __name__ == "__main__":
    case.run(globals())
