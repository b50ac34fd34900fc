"""A live database is replicated, looked at with streamctl, and restored."""
import os

from harness import case, compare, workload
from end_to_end.installed import replicated, restored


def test_status_sync_and_listings_agree(folder):
    installation, writer = replicated(folder)
    installation.start()
    database = installation.databases[0]
    writer.transactions(20)
    installation.sync(database)  # the first snapshot may hold all of these
    writer.transactions(20)
    synced = installation.streamctl("sync", database.path, "--wait", "--json").expect().json
    status = installation.streamctl("status", "app.db", "--json").expect().json["databases"]
    assert len(status) == 1 and status[0]["database"] == os.path.realpath(database.path)
    assert status[0]["state"] == "live" and status[0]["error"] is None
    replica = status[0]["replicas"][0]
    assert (replica["name"], replica["state"], replica["txid"]) == ("folder", "ok", synced["txid"])

    generations = installation.streamctl("generations", database.path, "--json").expect().json["generations"]
    assert [row["generation"] for row in generations] == [status[0]["generation"]]
    assert generations[0]["restorable"] and generations[0]["last_txid"] == synced["txid"]
    snapshots = installation.streamctl("snapshots", database.path, "--json").expect().json["snapshots"]
    assert [row["txid"] for row in snapshots] == [replica["snapshot_txid"]]
    url = "file://" + os.path.join(folder, "replica")
    segments = installation.streamctl("segments", url, "--json").expect().json["segments"]
    assert max(row["last_txid"] for row in segments) == synced["txid"]
    assert all(row["complete"] and row["size"] > 0 for row in segments)
    installation.stop()


def test_every_moment_comes_back(folder):
    installation, writer = replicated(folder)
    installation.start()
    wanted = []
    for _ in range(5):
        writer.transactions(10)
        txid = installation.sync(installation.databases[0])
        status = installation.streamctl("status", "--json").expect().json["databases"][0]
        wanted.append((status["durable_txid"], writer.points[-1]))
        assert txid.code == 0
    installation.stop()
    for txid, point in wanted:
        found = workload.check(restored(installation, f"at-{txid}.db", "--txid", str(txid)))
        assert (found.number, found.digest) == (point.number, point.digest)
    newest = restored(installation, "newest.db", "--check", "full")
    compare.assert_same_pages(newest, installation.databases[0].path)


def test_a_restored_database_goes_on_without_a_new_upload(folder):
    installation, writer = replicated(folder)
    installation.start()
    writer.transactions(10)
    installation.stop()
    path = installation.databases[0].path
    writer.close()
    for name in (path, path + "-wal", path + "-shm"):
        if os.path.exists(name):
            os.remove(name)
    installation.start("--restore-missing")
    again = workload.Writer(path, seed=2)
    again.transactions(3)
    installation.sync(installation.databases[0])
    installation.stop()
    generations = installation.streamctl("generations", path, "--json").expect().json["generations"]
    assert len(generations) == 1 and generations[0]["snapshots"] == 1, generations
    found = workload.check(restored(installation, "again.db"))
    assert found.digest == again.points[-1].digest


if __name__ == "__main__":
    case.run(globals())
