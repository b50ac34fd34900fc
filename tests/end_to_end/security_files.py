"""Folders that others may write too: a replica of links, pipes and devices, a target and a local state that somebody has
prepared. Nothing is written, removed or waited for outside; and what we make ourselves is for nobody else."""
import os
import shutil
import stat

from harness import case, processes, workload
from harness.daemon import run
from harness.processes import measured
from harness.users import ROOT, User, need_root
from harness.waiting import wait_until
from end_to_end.installed import replicated

SOMEBODY = 54321
STRANGER = User(SOMEBODY, SOMEBODY)
PRECIOUS = "of somebody else\n"
PATIENCE = 40.0  # seconds; a pipe would keep us for ever


def write(path, text=PRECIOUS):
    with open(path, "w", encoding="utf-8") as output:
        output.write(text)
    return path


def read(path):
    with open(path, encoding="utf-8") as content:
        return content.read()


def backed_up(folder, **settings):
    installation, writer = replicated(folder, **settings)
    writer.transactions(5)
    installation.run_once("--once").expect(0)
    return installation, writer


def streamctl(installation, *words):
    return measured([case.program("streamctl"), *words], {"STREAMD_CONFIG": installation.config}, PATIENCE)


def pipe(path, _precious):
    os.mkfifo(path)


def link(path, precious):
    os.symlink(precious, path)


def endless_device(path, _precious):
    need_root()
    os.mknod(path, 0o666 | stat.S_IFCHR, os.makedev(1, 5))


def test_a_replica_of_other_things_than_files(folder):
    installation, _ = backed_up(folder)
    database, replica = installation.databases[0].path, os.path.join(folder, "replica")
    outside = os.path.join(folder, "outside")
    os.mkdir(outside)
    precious = write(os.path.join(outside, "precious.all"))
    os.utime(precious, (0, 0))
    honest = os.path.join(folder, "honest")
    shutil.copytree(replica, honest)
    objects = [os.path.relpath(os.path.join(place, name), replica) for place, _, names in os.walk(replica) for name in names]
    snapshot = next(name for name in objects if name.endswith(".snap"))
    for victim, spoil in (("streamd.json", pipe), ("streamd.json", link), ("streamd.json", endless_device), (snapshot, pipe),
                          (snapshot, link), (".streamd-store", pipe), (".streamd-store", link)):
        shutil.rmtree(replica)
        shutil.copytree(honest, replica)
        path = os.path.join(replica, victim)
        os.remove(path)
        spoil(path, precious)
        out = os.path.join(folder, "out.db")
        code, text, _ = streamctl(installation, "restore", database, "-o", out)
        assert (code == 0) == (victim == ".streamd-store"), (victim, spoil.__name__, text)
        for words in (["verify", database], ["prune", database, "--dry-run"], ["timeline", database]):
            streamctl(installation, *words)
        for left in [name for name in os.listdir(folder) if name.startswith("out.db")]:
            os.remove(os.path.join(folder, left))
        assert read(precious) == PRECIOUS and os.listdir(outside) == ["precious.all"]


def test_a_replica_whose_folders_lead_away(folder):
    """Whoever may write a share could else have the daemon write, and remove, wherever the daemon may."""
    installation, writer = backed_up(folder, streamd={"shutdown-timeout": "1s"})
    replica, outside = os.path.join(folder, "replica"), os.path.join(folder, "outside")
    os.mkdir(outside)
    precious = write(os.path.join(outside, "precious.all"))
    os.utime(precious, (0, 0))  # old enough to be cleared away as a part of an upload
    generation = os.path.join(replica, "generations", os.listdir(os.path.join(replica, "generations"))[0])
    for name in (os.path.join(replica, ".streamd-tmp"), os.path.join(generation, "segments"), generation):
        if os.path.isdir(name):
            shutil.move(name, name + "-away")
        os.symlink(outside, name)
        writer.transactions(2)
        outcome = installation.run_once("--once")
        assert outcome.code != 0, (name, outcome.stderr)
        streamctl(installation, "prune", installation.databases[0].path)
        streamctl(installation, "verify", installation.databases[0].path)
        assert read(precious) == PRECIOUS and os.listdir(outside) == ["precious.all"], name
        os.remove(name)
        if os.path.isdir(name + "-away"):
            shutil.move(name + "-away", name)
    writer.transactions(1)
    installation.run_once("--once").expect(0)


def test_names_in_a_folder_that_lead_elsewhere(folder):
    installation, writer = backed_up(folder)
    generations = os.path.join(folder, "replica", "generations")
    generation = os.path.join(generations, os.listdir(generations)[0])
    for name in ("%2E%2E%2F%2E%2E%2Fx.snap", "..%2Fx.snap", "a%2Fb.all", "%00.all", "x" * 250 + ".all", "..%", "%2Fetc%2Fx.all"):
        for place in (generations, os.path.join(generation, "segments", "00") if os.path.isdir(
                os.path.join(generation, "segments", "00")) else generation):
            write(os.path.join(place, name))
    before = set(os.listdir(folder))
    out = os.path.join(folder, "out.db")
    installation.restore(installation.databases[0], out).expect(0)
    found = workload.check(out)
    assert (found.number, found.digest) == (writer.points[-1].number, writer.points[-1].digest)
    for words in (["verify"], ["prune"], ["generations"], ["timeline"]):
        streamctl(installation, words[0], installation.databases[0].path)
    assert {name for name in os.listdir(folder) if not name.endswith(("-wal", "-shm"))} - before == {"out.db"}


def test_a_folder_of_litestream(folder):
    """Whose objects are links, pipes, and have names that lead elsewhere."""
    precious = write(os.path.join(folder, "precious"))
    for number, spoil in enumerate((pipe, link, lambda path, _: write(path))):
        replica = os.path.join(folder, str(number))
        snapshots, log, levels = (os.path.join(replica, *names) for names in (
            ("generations", "0123456789abcdef", "snapshots"), ("generations", "0123456789abcdef", "wal"), ("ltx", "0")))
        for place in (snapshots, log, levels):
            os.makedirs(place)
        spoil(os.path.join(snapshots, "00000000.snapshot.lz4"), precious)
        spoil(os.path.join(log, "00000000_00000000.wal.lz4"), precious)
        spoil(os.path.join(levels, "0000000000000001-0000000000000001.ltx"), precious)
        write(os.path.join(levels, "..%2F..%2F0000000000000001-0000000000000001.ltx"))
        before = set(os.listdir(folder))
        code, text, _ = measured([case.program("streamctl"), "restore", "litestream+file://" + replica, "-o",
                                  os.path.join(folder, "out.db")], {}, PATIENCE)
        assert code not in (0, -6, -11), text
        assert set(os.listdir(folder)) == before and read(precious) == PRECIOUS


def test_a_program_with_another_users_rights(folder):
    """Set-user-id, which nobody should do: its caller says neither where drivers are nor which identity is used."""
    need_root()
    os.chmod(folder, 0o755)
    drivers = os.path.join(folder, "drivers")
    os.mkdir(drivers)
    for place in os.environ["STREAMD_DRIVER_PATH"].split(":"):
        if os.path.exists(os.path.join(place, "libstreamd-file.so")):
            shutil.copy(os.path.join(place, "libstreamd-file.so"), drivers)
    program = shutil.copy(case.program("streamctl"), folder)
    os.chmod(program, 0o4755)
    environment = {"STREAMD_DRIVER_PATH": drivers, "PATH": os.environ["PATH"]}
    listed = ["/usr/bin/env", "-i", *(f"{name}={value}" for name, value in environment.items()), program, "drivers", "list"]
    assert drivers in run(ROOT.command(listed)).stdout
    outcome = run(STRANGER.command(listed))
    if drivers in outcome.stdout and os.statvfs(folder).f_flag & os.ST_NOSUID:
        case.skip("the file system of the tests knows no set-user-id")
    assert drivers not in outcome.stdout + outcome.stderr, outcome


def test_a_target_that_somebody_has_prepared(folder):
    """In a folder that all may write, without the kernel's help against that (fs.protected_symlinks looks at sticky ones)."""
    installation, _ = backed_up(folder)
    database = installation.databases[0]
    shared = os.path.join(folder, "shared")
    os.mkdir(shared)
    os.chmod(shared, 0o777)
    precious = write(os.path.join(folder, "precious"))
    out = os.path.join(shared, "out.db")

    def refused(*words, code=None):
        outcome = installation.restore(database, out)
        assert outcome.code not in (0, -6, -11) and any(word in outcome.stderr for word in words), outcome.stderr
        assert code in (None, outcome.code), outcome
        assert read(precious) == PRECIOUS

    for suffix, words in ((".streamd-restore", "a symbolic link lies there"), (".streamd-swap", "a symbolic link lies there"),
                          ("-wal", "exists beside it"), ("-journal", "exists beside it")):
        for to in [precious] if "streamd" in suffix else [precious, os.path.join(folder, "none")]:
            os.symlink(to, out + suffix)
            refused(words)
            os.remove(out + suffix)
    os.mkfifo(out + ".streamd-restore")
    refused("no regular file lies there")
    os.remove(out + ".streamd-restore")
    os.symlink(precious, out)
    refused("it exists", code=11)
    os.remove(out)
    os.symlink(os.path.join(folder, "none"), out)  # leads to nothing: as SQLite does, the file is made where it leads
    if os.geteuid() == 0:
        os.chown(out, SOMEBODY, SOMEBODY, follow_symlinks=False)
        refused(f"a symbolic link of user {SOMEBODY} that leads to nothing")
        assert os.path.islink(out) and not os.path.exists(os.path.join(folder, "none"))
        os.chown(out, 0, 0, follow_symlinks=False)
    installation.restore(database, out).expect(0)
    assert os.path.islink(out) and workload.check(os.path.join(folder, "none"))
    assert os.listdir(shared) == ["out.db"], os.listdir(shared)
    os.remove(out)
    if os.geteuid() == 0:
        write(out + ".streamd-restore", "not a database")
        write(out + ".streamd-swap", '{"suffix": ".x", "state-folder": "%s", "state-prepared": "%s"}' % (precious, precious))
        for suffix in (".streamd-restore", ".streamd-swap"):
            os.chown(out + suffix, SOMEBODY, SOMEBODY)
        refused(f"belongs to user {SOMEBODY}")
        assert not os.path.exists(out)


def test_a_file_that_somebody_left_open_is_not_filled(folder):
    installation, _ = backed_up(folder)
    out = os.path.join(folder, "out.db")
    write(out + ".streamd-restore", "")
    os.chmod(out + ".streamd-restore", 0o666)
    with open(out + ".streamd-restore", "rb") as waiting:
        installation.restore(installation.databases[0], out).expect(0)
        assert waiting.read() == b"" and os.fstat(waiting.fileno()).st_nlink == 0


def test_a_local_state_that_somebody_has_prepared(folder):
    installation, writer = replicated(folder)
    writer.transactions(3)
    state, theirs = os.path.join(folder, ".app.db-streamd"), os.path.join(folder, "theirs")
    os.mkdir(theirs)
    os.chmod(theirs, 0o777)

    def refused(words):
        outcome = installation.run_once("--once")
        assert outcome.code != 0 and words in outcome.stderr, outcome.stderr
        assert os.listdir(theirs) == []

    os.symlink(theirs, state)
    refused("can be written by others")
    os.remove(state)
    os.mkdir(state)
    os.chmod(state, 0o1777)
    refused("can be written by others")
    os.chmod(state, 0o700)
    if os.geteuid() == 0:
        os.chown(state, SOMEBODY, SOMEBODY)
        refused(f"belongs to user {SOMEBODY}")
    os.rmdir(state)
    lock = os.path.join(folder, ".app.db-streamd.lock")
    if os.path.exists(lock):
        os.remove(lock)
    precious = write(os.path.join(folder, "precious"))
    os.symlink(precious, lock)
    refused("a symbolic link lies there")
    assert read(precious) == PRECIOUS
    os.remove(lock)
    installation.run_once("--once").expect(0)


def test_a_control_socket_whose_name_is_taken(folder):
    installation, _ = replicated(folder)
    precious = write(os.path.join(folder, "precious"))
    for to in (precious, os.path.join(folder, "none")):
        os.symlink(to, installation.control)
        assert "is no socket" in installation.run_once().expect(1).stderr
        os.remove(installation.control)
    assert read(precious) == PRECIOUS


def modes(path):
    return {os.path.join(place, name): os.lstat(os.path.join(place, name)) for place, folders, files in os.walk(path)
            for name in folders + files}


def test_what_we_make_is_for_nobody_else(folder):
    """Even when the umask would let everybody in."""
    before = os.umask(0)
    try:
        installation, writer = replicated(folder)
        os.chmod(installation.databases[0].path, 0o640)
        installation.start()
        writer.transactions(5)
        installation.sync(installation.databases[0])
        assert stat.S_IMODE(os.lstat(installation.control).st_mode) == 0o600
        out, copy = os.path.join(folder, "out.db"), os.path.join(folder, "copy.db")
        installation.restore(installation.databases[0], out).expect(0)
        follower = processes.Child([case.program("streamctl"), "restore", "file://" + os.path.join(folder, "replica"), "-o", copy,
                                    "--follow"], os.path.join(folder, "follower.log"))
        wait_until(lambda: os.path.exists(copy + "-follow") and follower.running(), "a copy", progress=follower.output)
        assert follower.terminate() == 0 and stat.S_IMODE(os.stat(copy + "-follow").st_mode) == 0o600
        run([case.program("streamctl"), "keygen", "-o", os.path.join(folder, "identity")]).expect(0)
        found = modes(os.path.join(folder, ".app.db-streamd"))
        assert len(found) > 3
        for path, info in found.items():
            wanted = 0o700 if stat.S_ISDIR(info.st_mode) else 0o600
            assert stat.S_IMODE(info.st_mode) & ~wanted == 0, (path, oct(info.st_mode))
        assert stat.S_IMODE(os.stat(os.path.join(folder, ".app.db-streamd")).st_mode) == 0o700
        for name in (".app.db-streamd.lock", "identity"):
            assert stat.S_IMODE(os.stat(os.path.join(folder, name)).st_mode) == 0o600, name
        # As the original was when the snapshot was taken; nobody gets more than he had.
        assert stat.S_IMODE(os.stat(out).st_mode) in (0o600, 0o640), oct(os.stat(out).st_mode)
        for path, info in modes(os.path.join(folder, "replica")).items():
            assert info.st_mode & 0o027 == 0, (path, oct(info.st_mode))
        installation.stop()
    finally:
        os.umask(before)


if __name__ == "__main__":
    case.run(globals())
