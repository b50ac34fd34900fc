"""A live database on its way to an object store through a network that cuts, refuses, stalls and is told to slow down."""
import os

from harness import case, s3_request, workload
from harness.bad_network import BadNetwork
from harness.ceph import Ceph
from harness.daemon import Database, Installation
from harness.waiting import wait_until

BUCKET = "backups"


def test_nothing_is_lost_or_doubled(folder):
    server = Ceph(os.path.join(folder, "ceph"))
    s3_request.make_bucket(server, BUCKET)
    network = BadNetwork(server.port)
    replica = {"name": "offsite", "driver": "s3", "path": "app",
               **server.options(BUCKET, endpoint=f"http://127.0.0.1:{network.port}", **{"part-size": "5MiB"})}
    database = Database(os.path.join(folder, "app.db"), [replica])
    writer = workload.Writer(database.path)
    writer.connection.execute("CREATE TABLE large(content)")
    writer.connection.executemany("INSERT INTO large VALUES(randomblob(?))", [(1_000_000,)] * 24)
    installation = Installation(folder, [database], defaults={"sync-interval": "100ms"})
    network.fault = ("cut", 3_000_000)  # in the middle of the first snapshot
    installation.start()
    for fault in (("cut", 3_000_000), ("refuse",), ("busy",), ("cut", 500), ("stall", 2_000)):
        network.fault = fault
        before = network.faults
        writer.transactions(10)
        wait_until(lambda: network.faults > before, f"the fault {fault}", progress=lambda: network.faults)
        state = installation.streamctl("status", "--json").expect().json["databases"][0]
        assert state["state"] == "live", state
    network.fault = None
    writer.transactions(10)
    installation.sync(database)
    installation.stop()
    generations = installation.streamctl("generations", database.path, "--json").expect().json["generations"]
    assert len(generations) == 1, generations
    writer.close()
    network.fault = ("cut", 9_000_000)  # reading goes on where it was cut
    out = os.path.join(folder, "out.db")
    installation.restore(database, out).expect(0)
    found = workload.check(out)
    assert (found.number, found.digest) == (writer.points[-1].number, writer.points[-1].digest)
    network.close()


if __name__ == "__main__":
    case.run(globals())
