"""A time that was shown can be given back as --timestamp, and means the same transaction."""
import os
import time

from harness import case, damage
from end_to_end.installed import replicated


def history(folder):
    """An installation with two snapshots and several segments, its daemon stopped."""
    installation, writer = replicated(folder, defaults={"sync-interval": "20ms", "snapshot-interval": "1s"})
    installation.start()
    for _ in range(4):
        for _ in range(5):
            writer.transactions(1)
            time.sleep(0.03)  # so that not all of them are one segment
        installation.sync(installation.databases[0])
    return installation, writer


def shown(installation, command, *options):
    return installation.streamctl(command, "app.db", "--json", *options).expect(0).json[command]


def restored_txid(installation, moment, *options):
    out = os.path.join(installation.folder, "pasted.db")
    outcome = installation.restore(installation.databases[0], out, "--timestamp", moment, "--json", *options).expect(0)
    os.remove(out)
    return outcome.json["txid"]


def check_pairs(installation, pairs):
    assert pairs
    for txid, moment in pairs:
        assert len(moment) == len("2026-11-22T20:47:07.928417Z"), moment
        found = restored_txid(installation, moment)
        assert found == txid, f"{moment} was shown for transaction {txid}, and restores {found}"


def status_pairs(installation):
    database = installation.streamctl("status", "--json").expect(0).json["databases"][0]
    replica = database["replicas"][0]
    return [(database["txid"], database["txid_time"]), (replica["txid"], replica["txid_time"]),
            (replica["snapshot_txid"], replica["snapshot_time"])]


def test_what_is_listed_can_be_pasted(folder):
    installation, _ = history(folder)
    check_pairs(installation, status_pairs(installation))
    installation.stop()
    check_pairs(installation, status_pairs(installation))
    installation.start()
    installation.sync(installation.databases[0])  # it has joined the replica
    check_pairs(installation, status_pairs(installation))  # which the daemon has read from there
    installation.stop()
    check_pairs(installation, [(row["last_txid"], row["time"]) for row in shown(installation, "segments", "--exact")])
    check_pairs(installation, [(row["txid"], row["time"]) for row in shown(installation, "snapshots")])
    for generation in shown(installation, "generations"):
        for row in [generation, *generation["spans"]]:
            check_pairs(installation, [(row["first_txid"], row["first_time"]), (row["last_txid"], row["last_time"])])


def test_segments_are_listed_without_being_read(folder):
    """By the end of the millisecond in their names, which means the same transaction, or one of the same millisecond."""
    installation, _ = history(folder)
    installation.stop()
    exact, quick = shown(installation, "segments", "--exact"), shown(installation, "segments")
    assert [row["last_txid"] for row in quick] == [row["last_txid"] for row in exact]
    for row, true in zip(quick, exact):
        assert true["time_exact"] and not row["time_exact"]
        assert row["time"] == true["time"][:-4] + "999Z", (row, true)
        same_millisecond = [other["last_txid"] for other in exact if other["time"][:-4] == true["time"][:-4]]
        assert restored_txid(installation, row["time"]) == max(same_millisecond), (row, true)


def test_a_timeline_tells_what_it_has_not_read_by_the_end_of_the_millisecond(folder):
    installation, _ = history(folder)
    installation.stop()
    timeline = installation.streamctl("timeline", "app.db", "--json").expect(0).json
    exact = {row["last_txid"]: row["time"] for row in shown(installation, "segments", "--exact")}
    [generation] = timeline["replicas"][0]["generations"]
    objects = [each for level in generation["levels"] for each in level["segments"]]
    assert objects
    for each in objects:
        true = exact[each["last_txid"]]
        assert each["time"] in (true, true[:-4] + "999Z"), (each, true)


def test_tables_and_messages_show_the_same_times(folder):
    installation, _ = history(folder)
    installation.stop()
    generation = shown(installation, "generations")[0]
    table = installation.streamctl("generations", "app.db").expect(0).stdout
    assert generation["first_time"] in table and generation["last_time"] in table, table
    refused = installation.restore(installation.databases[0], os.path.join(folder, "no.db"), "--timestamp", "1 week ago")
    assert generation["first_time"] in refused.expect(12).stderr and generation["last_time"] in refused.stderr
    last = shown(installation, "segments", "--exact")[-1]
    out = os.path.join(folder, "out.db")
    told = installation.restore(installation.databases[0], out, "--txid", last["last_txid"]).expect(0).stdout
    assert last["time"] in told, told
    snapshot = shown(installation, "snapshots")[0]
    plan = installation.restore(installation.databases[0], out + "2", "--txid", snapshot["txid"], "--dry-run").expect(0)
    assert snapshot["time"] in plan.stdout, plan.stdout


def test_what_verify_tells_of_the_edges_of_a_loss_can_be_pasted(folder):
    installation, _ = history(folder)
    installation.stop()
    checked = 0
    for path in sorted(damage.files(os.path.join(folder, "replica", "generations")))[1:-1]:
        if not path.endswith(".all"):
            continue
        os.remove(path)
        lost = installation.streamctl("verify", "app.db", "--json").json["replicas"][0]["lost"]
        for each in lost:
            if each["before_txid"] is None:
                continue
            assert each["before_time"].endswith("999Z"), each
            assert restored_txid(installation, each["before_time"], "--nearest") >= each["before_txid"], each
            checked += 1
    assert checked


def test_a_damaged_object_is_listed_by_its_name_and_said(folder):
    installation, _ = history(folder)
    installation.stop()
    before = shown(installation, "segments")
    path = [path for path in damage.files(os.path.join(folder, "replica", "generations")) if path.endswith(".all")][0]
    damage.flip_bit(path, 100)
    assert shown(installation, "segments")  # which looks at names alone
    outcome = installation.streamctl("segments", "app.db", "--json", "--exact").expect(30)
    assert os.path.basename(path) in outcome.stderr, outcome.stderr
    assert [row["last_txid"] for row in outcome.json["segments"]] == [row["last_txid"] for row in before]


if __name__ == "__main__":
    case.run(globals())
