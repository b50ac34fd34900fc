"""Disaster recovery from Backblaze B2 by its native API: our fake of it, which other people's clients judge (tests/support)."""
import collections
import os
import time

from harness import case, workload
from harness.b2 import B2, BACKUP, BUCKET, RESTORE
from harness.daemon import Database, Installation
from harness.waiting import wait_until
from end_to_end.installed import lose_machine


CLASSES = {"b2_authorize_account": "C", "b2_list_buckets": "C", "b2_list_file_names": "C", "b2_list_file_versions": "C",
           "b2_list_unfinished_large_files": "C", "download": "B", "b2_get_file_info": "B"}  # all others are A, and free


def replicated(folder, store, megabytes=0, **options):
    """(installation, writer) of a database that goes to the bucket, below schedx/."""
    home = os.path.join(folder, "machine")
    os.makedirs(home)
    replica = {"name": "offsite", "driver": "b2", "path": "schedx", **store.options(**{"part-size": "5MiB", **options})}
    database = Database(os.path.join(home, "app.db"), [replica])
    writer = workload.Writer(database.path)
    writer.connection.execute("CREATE TABLE large(content)")
    writer.connection.executemany("INSERT INTO large VALUES(randomblob(?))", [(1_000_000,)] * megabytes)
    return Installation(home, [database], defaults={"sync-interval": "100ms"}), writer


def expect_restored(installation, writer):
    """What the writer wrote last comes back on a machine that has nothing but the configuration."""
    expected = writer.points[-1]
    writer.close()
    lose_machine(installation)
    database = installation.databases[0]
    installation.streamctl("restore", database.path).expect(0)
    found = workload.check(database.path)
    assert (found.number, found.digest) == (expected.number, expected.digest)


def use_key(installation, key):
    installation.databases[0].replicas[0].update({"key-id": key.id, "application-key": key.secret})
    installation.write_config({}, {"sync-interval": "100ms"})


def write_and_sync(installation, writer):
    writer.transactions(10)
    installation.sync(installation.databases[0])


def state_of(installation):
    return installation.streamctl("status", "--json").expect().json["databases"][0]


def test_a_new_machine_has_it_all(folder):
    """With a key for one folder of one bucket; a restore needs two capabilities of it."""
    store = B2(folder, tls=True, prefix="schedx/")
    installation, writer = replicated(folder, store, megabytes=24)
    installation.start()
    for _ in range(5):
        write_and_sync(installation, writer)
    installation.kill()
    assert store.fake.calls["b2_upload_part"] >= 4, store.fake.calls
    assert all(name.startswith("schedx/") for name in store.actions()) and store.hidden() == 0, store.actions()
    use_key(installation, store.fake.keys.add(RESTORE, [BUCKET], "schedx/"))
    expect_restored(installation, writer)
    # And it goes on from there, in the same generation.
    use_key(installation, store.key)
    again = workload.Writer(installation.databases[0].path, seed=2)
    installation.start()
    write_and_sync(installation, again)
    installation.stop()
    generations = installation.streamctl("generations", installation.databases[0].path, "--json").json["generations"]
    assert len(generations) == 1, generations


def test_tokens_expire_and_uploads_fail(folder):
    store = B2(folder)
    installation, writer = replicated(folder, store, megabytes=12)
    faults = store.fake.faults
    faults.add("b2_upload_part", status=503, code="service_unavailable", message="no tomes available", times=3)
    faults.add("b2_upload_part", cut="before", times=2)
    faults.add("b2_upload_file", status=408, code="request_timeout", times=2)
    faults.add("b2_finish_large_file", cut="after")  # done, but nobody is told
    installation.start()
    write_and_sync(installation, writer)
    store.fake.keys.expire_tokens()
    store.fake.uploads.expire()
    write_and_sync(installation, writer)
    faults.add("b2_upload_file", status=503, code="service_unavailable", times=8)  # more than one put goes after
    faults.add("b2_upload_file", cut="after", times=2)
    write_and_sync(installation, writer)
    faults.add("*", status=429, code="too_many_requests", retry_after=1, times=3)
    write_and_sync(installation, writer)
    installation.stop()
    assert faults.struck == 21, faults.struck
    assert len(store.fake.store.unfinished(store.fake.store.bucket_named(BUCKET).id)) == 0
    faults.add("download", cut=100_000, times=3)  # reading goes on where it was cut
    expect_restored(installation, writer)


def test_a_cap_that_is_reached(folder):
    """Is reported as such; the application goes on; when it is lifted the backup catches up."""
    store = B2(folder)
    installation, writer = replicated(folder, store)
    installation.start()
    write_and_sync(installation, writer)
    for call in ("b2_get_upload_url", "b2_upload_file"):
        store.fake.faults.add(call, status=403, code="storage_cap_exceeded", message="Cannot upload files, storage cap exceeded.",
                              times=100_000)
    writer.transactions(10)
    wait_until(lambda: "storage_cap_exceeded" in installation.daemon.output(), "the report of the cap")
    assert "Caps & Alerts" in installation.daemon.output()
    assert state_of(installation)["state"] == "live"
    store.fake.faults.clear()
    write_and_sync(installation, writer)
    installation.stop()
    store.fake.faults.add("download", status=403, code="download_cap_exceeded", times=100_000)
    refused = installation.restore(installation.databases[0], os.path.join(folder, "out.db")).expect(20)
    assert "download_cap_exceeded" in refused.stderr, refused.stderr
    store.fake.faults.clear()
    expect_restored(installation, writer)


def test_a_bad_network(folder):
    """It cuts, refuses and stalls: nothing is lost or doubled, no generation more than one."""
    store = B2(folder)
    network = store.behind()
    installation, writer = replicated(folder, store, megabytes=24)
    network.fault = ("cut", 3_000_000)  # in the middle of the first snapshot
    installation.start()
    for fault in (("cut", 3_000_000), ("refuse",), ("cut", 500), ("stall", 2_000)):
        network.fault = fault
        before = network.faults
        writer.transactions(10)
        wait_until(lambda before=before: network.faults > before, f"the fault {fault}", progress=lambda: network.faults)
        assert state_of(installation)["state"] == "live"
    network.fault = None
    write_and_sync(installation, writer)
    installation.stop()
    generations = installation.streamctl("generations", installation.databases[0].path, "--json").expect().json["generations"]
    assert len(generations) == 1, generations
    network.fault = ("cut", 9_000_000)
    expect_restored(installation, writer)
    network.close()


def test_what_is_wrong_is_said(folder):
    store = B2(folder)
    keys = store.fake.keys
    store.fake.store.add_bucket("another-bucket")
    installation, writer = replicated(folder, store)
    out = os.path.join(folder, "out.db")

    def restore(code, key=store.key, secret=None, bucket=BUCKET, target=out):
        url = f"b2://{bucket}/schedx?endpoint={store.fake.endpoint}"
        variables = {"STREAMD_B2_KEY_ID": key.id, "STREAMD_B2_APPLICATION_KEY": secret or key.secret} if key else {}
        os.environ.update(variables)
        try:
            outcome = installation.streamctl("restore", url, "-o", target)
        finally:
            for name in variables:
                del os.environ[name]
        assert key is None or key.secret not in outcome.stderr, outcome.stderr
        return outcome.expect(code).stderr

    assert "no backup" in restore(10)
    writer.transactions(5)
    installation.run_once("--once").expect(0)
    restore(0, target=out + ".first")  # the URL and the environment are enough
    assert workload.check(out + ".first").digest == writer.points[-1].digest
    assert "no application key found" in restore(21, key=None)
    assert "refuses the application key" in restore(21, secret="not the key")
    assert "lacks the capability readFiles" in restore(1, keys.add(["listFiles", "writeFiles"], [BUCKET]))
    assert "restricted to bucket another-bucket" in restore(1, keys.add(bucket=["another-bucket"]))
    assert "restricted to names that begin with other/" in restore(1, keys.add(RESTORE, [BUCKET], "other/"))
    assert "lacks the capability listBuckets" in restore(1, keys.add(RESTORE))
    assert "there is no bucket" in restore(40, keys.add(), bucket="no-such-bucket")
    store.fake.close()
    assert "Failed to connect" in restore(20)
    assert not os.path.exists(out)


def test_a_key_that_may_not_write(folder):
    store = B2(folder)
    installation, writer = replicated(folder, store)
    use_key(installation, store.fake.keys.add(RESTORE, [BUCKET]))
    writer.transactions(3)
    refused = installation.run_once("--once").expect(1)
    assert "lacks the capability writeFiles (it has listFiles, readFiles)" in refused.stderr, refused.stderr
    # One without deleteFiles backs up, and says what that means.
    use_key(installation, store.fake.keys.add(BACKUP[:3], [BUCKET]))
    warned = installation.run_once("--once").expect(0)
    assert "deleteFiles" in warned.stderr, warned.stderr
    expect_restored(installation, writer)


def test_a_rule_of_the_bucket_that_hides_files(folder):
    """Backups would break once they are that old; a key that may not look at the rules is told so."""
    store = B2(folder)
    installation, writer = replicated(folder, store)
    installation.run_once("--once").expect(0)
    doctor = installation.streamctl("doctor").stdout
    assert "by rules of its own cannot be seen" in doctor and "listBuckets" in doctor, doctor
    use_key(installation, store.fake.keys.add((*BACKUP, "listBuckets"), [BUCKET]))
    doctor = installation.streamctl("doctor").stdout
    assert "no rule of the storage removes objects there" in doctor, doctor
    rule = {"fileNamePrefix": "sched", "daysFromUploadingToHiding": 30, "daysFromHidingToDeleting": 1}
    store.fake.store.bucket_named(BUCKET).lifecycle.append(rule)
    doctor = installation.streamctl("doctor").stdout
    assert "removes objects below 'sched' after 30 days: backups there break" in doctor, doctor
    writer.close()


def test_what_is_asked_for_and_billed(folder):
    """Transactions by class: none when idle, and few of those that cost something for a sync."""
    store = B2(folder)
    installation, writer = replicated(folder, store, **{"merge-size": "0B"})

    def billed(what, work):
        before = store.fake.calls.copy()
        work()
        counts = collections.Counter()
        for call, count in (store.fake.calls - before).items():
            counts[CLASSES.get(call, "A")] += count
        print(f"{what}: {dict(sorted(counts.items()))} {dict(store.fake.calls - before)}", flush=True)
        return counts

    def ten_syncs(pause):
        for _ in range(10):
            write_and_sync(installation, writer)
            time.sleep(pause)

    billed("start and first sync", lambda: (installation.start(), write_and_sync(installation, writer), time.sleep(4)))
    assert not billed("idle", lambda: time.sleep(4))
    each_second = billed("10 syncs, one a second", lambda: ten_syncs(1))
    assert each_second["C"] <= 10 and each_second["B"] <= 10, each_second
    one = billed("1 sync after a rest", lambda: (time.sleep(4), write_and_sync(installation, writer), time.sleep(1)))
    assert one["C"] <= 2 and one["B"] <= 2, one
    objects = sum("/generations/" in name for name in store.actions())
    out = os.path.join(folder, "out.db")
    asked = billed(f"restore of {objects} objects", lambda: installation.restore(installation.databases[0], out).expect(0))
    assert asked["B"] <= 3 * objects + 2 and asked["C"] <= 6, asked
    installation.stop()


def test_a_key_that_is_taken_away(folder):
    store = B2(folder)
    installation, writer = replicated(folder, store)
    installation.start()
    write_and_sync(installation, writer)
    store.fake.keys.remove(store.key)
    store.fake.uploads.expire()
    writer.transactions(3)
    wait_until(lambda: "refuses the application key" in installation.daemon.output(), "the report of the key")
    assert state_of(installation)["state"] == "live"
    installation.daemon.terminate()
    use_key(installation, store.fake.keys.add(BACKUP, [BUCKET]))
    installation.start()
    write_and_sync(installation, writer)
    installation.stop()
    expect_restored(installation, writer)


if __name__ == "__main__":
    case.run(globals())
