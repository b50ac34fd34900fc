"""Who owns -wal and -shm, with real users: whoever comes first, and whatever the daemon may do, the application must
never be refused its own database because of us; and where the daemon may follow, everything reaches the replica."""
import contextlib
import errno
import os
import pwd
import re
import struct
import subprocess
import sys

from harness import case, compare, processes, users, workload
from harness.daemon import Database, Installation, file_replica
from harness.users import ROOT, User
from harness.waiting import never_during, wait_until

APP, DAEMON, SHARED = 61001, 61002, 61003  # of users and groups without accounts
WAITING = "waiting for the application"


class Application:
    """A program of the application's user; it fails when SQLite refuses it anything."""

    def __init__(self, scene, *arguments):
        self.log = scene.points
        words = [sys.executable, "-B", "-m", "harness.workload", scene.database.path, self.log, *arguments]
        self.child = processes.Child(scene.app.command(words), os.path.join(scene.folder, "application.log"), scene.environment)

    def points(self):
        return workload.read_points(self.log) if os.path.exists(self.log) else []

    def commits(self, count):
        """Waits until it has committed so many more."""
        wanted = len(self.points()) + count
        wait_until(lambda: not self.child.running() or len(self.points()) >= wanted, "commits of the application",
                   progress=lambda: len(self.points()))
        assert self.child.running(), f"the application failed:\n{self.child.output()}"

    def finished(self):
        code = self.child.wait()
        assert code == 0, f"the application failed:\n{self.child.output()}"

    def end(self):
        self.child.signal(15)
        self.finished()


class Scene:
    """An application's folder with its database, and beside it a folder of the daemon's."""

    def __init__(self, folder, app, daemon, environment):
        self.folder, self.app, self.daemon, self.environment = folder, app, daemon, environment
        self.data, home, logs = (os.path.join(folder, name) for name in ("data", "daemon", "application"))
        for path, owner in ((self.data, app), (home, daemon), (logs, app)):
            os.mkdir(path)
            os.chown(path, owner.uid, owner.gid)
        self.points = os.path.join(logs, "points")
        self.database = Database(os.path.join(self.data, "app.db"), [file_replica(os.path.join(home, "replica"))])
        self.installation = Installation(home, [self.database], user=daemon)

    def allow(self, gid, folder_mode, mode):
        """Makes the database, closed, with the group and the modes."""
        os.chown(self.data, self.app.uid, gid)
        os.chmod(self.data, folder_mode)
        Application(self, "--transactions", "5").finished()
        assert sorted(os.listdir(self.data)) == ["app.db"]
        os.chown(self.database.path, self.app.uid, gid)
        os.chmod(self.database.path, mode)

    def application(self, *arguments):
        return Application(self, *(arguments or ("--pause", "0.01")))

    def log_files(self):
        return [self.database.path + suffix for suffix in ("-wal", "-shm") if os.path.exists(self.database.path + suffix)]

    def status(self):
        return self.installation.streamctl("status", "--json").expect(0).json["databases"][0]

    def becomes(self, state):
        return wait_until(lambda: self.status()["state"] == state and self.status(), f"the database to be {state}")

    def check(self):
        """Ends the daemon and the application's data is what a restore gives."""
        self.installation.sync(self.database)
        self.installation.stop(0)
        out = os.path.join(self.folder, "out.db")
        self.installation.restore(self.database, out).expect(0)
        newest, found = workload.read_points(self.points)[-1], workload.check(out)
        assert (found.number, found.digest) == (newest.number, newest.digest), f"{found} instead of {newest}"
        compare.assert_same_pages(out, self.database.path)


@contextlib.contextmanager
def scene(folder, app, daemon):
    users.need_root()
    os.chmod(folder, 0o755)
    with users.reachable_programs(folder, User(APP, APP)) as environment:
        yield Scene(folder, app, daemon, environment)


def assert_like_the_database(scene, owner=None, group=None):
    database = os.stat(scene.database.path)
    assert len(scene.log_files()) == 2
    for path in scene.log_files():
        found = os.stat(path)
        expected = (database.st_uid if owner is None else owner, database.st_gid if group is None else group, database.st_mode)
        assert (found.st_uid, found.st_gid, found.st_mode) == expected, f"{path}: {found}"


def daemon_first(scene, state):
    """The daemon comes first, then the application, in the end both follow."""
    scene.installation.start()
    scene.becomes(state)
    if state == WAITING:
        scene.installation.stop(0)  # there was nothing to send
        scene.installation.start()
        scene.becomes(WAITING)
        never_during(scene.log_files, "a log of the daemon's", 2.5)
        assert scene.installation.daemon.output().count(WAITING + " database=") == 1, scene.installation.daemon.output()
        assert WAITING in scene.installation.streamctl("status").expect(0).stdout
    else:
        assert len(scene.log_files()) == 2
    application = scene.application()
    application.commits(5)
    scene.becomes("live")
    application.commits(5)
    application.end()
    scene.check()
    if state == WAITING:
        assert not scene.log_files()
        scene.installation.start()
        scene.becomes(WAITING)
        scene.installation.stop(0)  # what the spool still keeps was sent


def application_first(scene):
    application = scene.application()
    application.commits(5)
    scene.installation.start()
    scene.becomes("live")
    application.commits(5)
    application.end()  # its last close: the daemon is attached
    again = scene.application()
    again.commits(5)
    again.end()
    scene.check()


def test_a_database_for_everybody(folder):
    with scene(folder, User(APP, APP), User(DAEMON, DAEMON)) as it:
        it.allow(APP, 0o777, 0o666)
        application_first(it)
        os.unlink(os.path.join(folder, "out.db"))
        Application(it, "--transactions", "1").finished()  # the last close of all
        assert not it.log_files()
        daemon_first(it, "live")


def member_and_its_group():
    """An account that the system knows, with a group that it knows it to be in."""
    for account in pwd.getpwall():
        if account.pw_uid != 0 and account.pw_gid != 0:
            return User(account.pw_uid, account.pw_gid), account.pw_gid
    case.skip("no account but root is known here")
    return None


def test_a_group_that_both_are_in(folder):
    app, group = member_and_its_group()
    with scene(folder, app, User(DAEMON, DAEMON, (group,))) as it:
        it.allow(group, 0o770, 0o660)
        it.installation.start()
        it.becomes("live")
        assert_like_the_database(it, owner=DAEMON)
        it.installation.stop(0)
        application_first(it)


def test_a_group_that_both_are_in_and_the_daemon_comes_first(folder):
    app, group = member_and_its_group()
    with scene(folder, app, User(DAEMON, group)) as it:
        it.allow(group, 0o770, 0o660)
        daemon_first(it, "live")


def test_a_setgid_folder_of_a_group_that_the_owner_may_not_be_in(folder):
    with scene(folder, User(APP, APP), User(DAEMON, SHARED)) as it:
        it.allow(SHARED, 0o2770, 0o660)
        daemon_first(it, WAITING)


def test_a_setgid_folder_and_the_application_comes_first(folder):
    with scene(folder, User(APP, APP), User(DAEMON, DAEMON, (SHARED,))) as it:
        it.allow(SHARED, 0o2770, 0o660)
        application_first(it)


def test_the_application_creates_in_its_own_group(folder):
    with scene(folder, User(APP, APP), User(DAEMON, SHARED)) as it:
        it.allow(SHARED, 0o770, 0o660)  # not setgid
        application = it.application()
        application.commits(5)
        it.installation.start()
        status = it.becomes("not protected")
        assert status["error"]["code"] == "permission denied", status
        assert "may not read and write what the application created" in status["error"]["message"], status
        assert "setgid" in status["error"]["hint"], status
        application.commits(5)
        os.chmod(it.data, 0o2770)  # as the hint says; the next ones get the group
        application.end()
        it.becomes(WAITING)
        again = it.application()
        again.commits(5)
        it.becomes("live")
        again.end()
        it.check()


def test_rights_that_are_given_while_the_application_runs(folder):
    with scene(folder, User(APP, APP), User(DAEMON, SHARED)) as it:
        it.allow(SHARED, 0o2770, 0o640)
        application = it.application()
        application.commits(5)
        os.chmod(it.database.path, 0o660)  # -wal and -shm have the mode that it had
        it.installation.start()
        hint = it.becomes("not protected")["error"]["hint"]
        named = re.search(r"chmod g\+rw (\S+-wal) (\S+-shm)", hint)
        assert named, hint
        for path in named.groups():
            os.chmod(path, 0o660)
        it.becomes("live")
        application.commits(5)
        application.end()
        it.check()


def access_list(named, rights):
    """The value of an access list: rwx for the owner, r-x for group and others, `rights` for those who are named."""
    entries = [(0x01, 7, -1), *((0x02, rights, uid) for uid in sorted(named)), (0x04, 5, -1), (0x10, 7, -1), (0x20, 5, -1)]
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *entry) for entry in entries)


def set_access_lists(folder, named):
    """Those who are named may work in the folder, and get read and write on every new file in it."""
    try:
        os.setxattr(folder, "system.posix_acl_access", access_list(named, 7))
        os.setxattr(folder, "system.posix_acl_default", access_list(named, 6))
    except OSError as refused:
        if refused.errno == errno.ENOTSUP:
            case.skip(f"the file system of {folder} has no access lists")
        raise


def test_a_default_access_list_that_names_the_daemon(folder):
    with scene(folder, User(APP, APP), User(DAEMON, DAEMON)) as it:
        set_access_lists(it.data, {DAEMON})
        it.allow(APP, 0o775, 0o664)
        daemon_first(it, WAITING)


def test_a_default_access_list_that_names_both(folder):
    with scene(folder, User(APP, APP), User(DAEMON, DAEMON)) as it:
        set_access_lists(it.data, {APP, DAEMON})
        it.allow(APP, 0o775, 0o664)
        daemon_first(it, "live")


def test_a_default_access_list_that_takes_the_group_away(folder):
    app, group = member_and_its_group()
    with scene(folder, app, User(DAEMON, group)) as it:
        it.allow(group, 0o770, 0o660)
        set_access_lists(it.data, {DAEMON})  # new files: the mode says rw for the group, the list says r
        daemon_first(it, WAITING)


def test_root_gives_the_files_to_the_owner(folder):
    with scene(folder, User(APP, APP), ROOT) as it:
        it.allow(APP, 0o700, 0o640)
        it.installation.start()
        it.becomes("live")
        assert_like_the_database(it)
        it.installation.stop(0)
        assert it.log_files() == []  # nobody else had it open: the log was merged
        application_first(it)


def test_root_comes_first(folder):
    with scene(folder, User(APP, APP), ROOT) as it:
        it.allow(APP, 0o700, 0o600)
        daemon_first(it, "live")


def test_a_restore_by_root_says_whose_the_local_state_is(folder):
    with scene(folder, User(APP, APP), User(APP, APP)) as it:
        it.allow(APP, 0o700, 0o600)
        it.installation.start()
        it.becomes("live")
        database = it.installation.databases[0]
        it.installation.sync(database)
        it.installation.stop(0)
        restored = it.installation.streamctl("restore", database.path, "--force").expect(0).stdout
        named = re.search(r"note: .* another user: chown -R USER: (.*)", restored)
        assert named, restored
        for path in named.group(1).split():
            subprocess.run(["chown", "-R", f"{APP}:{APP}", path], check=True)
        it.installation.start()
        it.becomes("live")


def test_a_store_that_root_looked_at_first_is_the_daemons(folder):
    """The doctor tries to write, which begins a store; the daemon must be able to use it."""
    with scene(folder, User(APP, APP), User(APP, APP)) as it:
        it.allow(APP, 0o700, 0o600)
        it.installation.streamctl("doctor").expect(50)
        store = it.database.replicas[0]["path"]
        made = [store, *(os.path.join(above, name) for above, folders, files in os.walk(store) for name in folders + files)]
        assert len(made) > 1 and all((os.stat(path).st_uid, os.stat(path).st_gid) == (APP, APP) for path in made), made
        it.installation.start()
        it.becomes("live")
        it.installation.sync(it.database)


def come_and_go(it, state_without):
    """The application opens and closes all the time, while daemons begin, wait, follow and end."""
    application = it.application("--reopen", "1", "--pause", "0.02")
    application.commits(5)
    for _ in range(16):
        it.installation.start()
        application.commits(10)
        ended = it.installation.daemon.terminate()
        # 1: it did not get hold of the database, or only when it was told to end
        assert ended in (0, 1), f"ended with {ended}\n{it.installation.daemon.output()}"
        application.commits(3)
    application.end()
    Application(it, "--transactions", "1").finished()
    assert not it.log_files()
    it.installation.start()
    it.becomes(state_without)
    application = it.application()
    it.becomes("live")
    application.commits(1)
    application.end()
    it.check()


def test_an_application_that_comes_and_goes_and_root(folder):
    with scene(folder, User(APP, APP), ROOT) as it:
        it.allow(APP, 0o700, 0o600)
        come_and_go(it, "live")


def test_an_application_that_comes_and_goes_and_a_daemon_that_must_wait(folder):
    with scene(folder, User(APP, APP), User(DAEMON, SHARED)) as it:
        it.allow(SHARED, 0o2770, 0o660)
        come_and_go(it, WAITING)


def test_an_application_that_comes_and_goes_and_shares_a_group(folder):
    app, group = member_and_its_group()
    with scene(folder, app, User(DAEMON, group)) as it:
        it.allow(group, 0o770, 0o660)
        come_and_go(it, "live")


def test_a_database_that_the_daemon_may_only_read(folder):
    with scene(folder, User(APP, APP), User(DAEMON, DAEMON)) as it:
        it.allow(APP, 0o777, 0o644)
        for with_application in (False, True):
            application = it.application() if with_application else None
            it.installation.start()
            status = it.becomes("not protected")
            assert status["error"]["code"] == "permission denied", status
            message = status["error"]["message"]
            assert f"the user of streamd (uid {DAEMON}) may not read and write the database" in message, message
            assert status["error"]["hint"].startswith("run streamd as root or as the database's owner"), status
            assert application or not it.log_files()
            checked = it.installation.run_once("--check").expect(1).stdout
            assert re.search("not protected: .*may not read and write the database", checked), checked
            if application:
                application.commits(5)
                application.end()
            it.installation.stop(1)


def test_a_folder_that_the_daemon_may_not_write(folder):
    with scene(folder, User(APP, APP), User(DAEMON, SHARED)) as it:
        it.allow(SHARED, 0o2750, 0o660)
        application = it.application()
        application.commits(5)
        daemon = it.installation.start(ready=False)
        assert daemon.wait() == 1
        output = daemon.output()
        assert ".app.db-streamd.lock: Permission denied" in output and "hint: " in output, output
        application.commits(5)
        application.end()


if __name__ == "__main__":
    case.run(globals())
