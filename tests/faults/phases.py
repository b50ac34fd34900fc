"""What streamd and streamctl are doing when something fails. Each phase prepares a scene without faults, acts once with
the fault, and says what must be true of how that ended."""
import os
import time

import judge
from harness import case, processes
from harness.daemon import Outcome
from harness.waiting import wait_until
from scene import Scene


class Phase:
    settings, replica = {}, {}

    def prepare(self, folder, recorded=False):
        """A scene in which the next thing is what may fail."""
        scene = Scene(folder, self.settings, self.replica)
        if recorded:
            scene.begin_record()
        scene.open()
        scene.commit(3)
        return scene

    def act(self, scene, environment):
        return scene.once(environment)

    def check(self, scene, outcome, hit):
        """Right after the act; what must be true later is judge.healed()."""
        judge.honest(outcome, may_fail=hit)
        judge.application_is_unharmed(scene)
        if outcome.code == 0:
            moments = judge.walk(scene)
            assert moments and moments[-1][1] == scene.newest(), f"said that all was sent, but {moments[-1:]}"

    def check_killed(self, scene):
        """Instead, when the fault was the process's death."""
        judge.application_is_unharmed(scene)


class FirstSnapshot(Phase):
    """The first run of all: identity, ledger, claims, snapshot."""


class Incremental(Phase):
    """Commits are captured, sealed and sent; the application has its database open."""

    def prepare(self, folder, recorded=False):
        scene = super().prepare(folder, recorded)
        judge.honest(scene.once(), may_fail=False)
        scene.commit(2)
        scene.commit(1, rows=40)
        return scene


class Reopened(Phase):
    """As Incremental, but the application has closed its database, and the daemon's end removes the log."""

    def prepare(self, folder, recorded=False):
        scene = super().prepare(folder, recorded)
        judge.honest(scene.once(), may_fail=False)
        scene.commit(3)
        scene.close()
        return scene


class AfterKill(Phase):
    """The start after a daemon was killed with commits in its spool."""

    def prepare(self, folder, recorded=False):
        scene = super().prepare(folder, recorded)
        judge.honest(scene.once(), may_fail=False)
        scene.commit(2)
        fault = {"FAULTS_CALL": "open", "FAULTS_FILE": os.path.join(scene.replica, ".streamd-tmp", "*"), "FAULTS_NTH": "1",
                 "FAULTS_ERROR": "KILL"}
        killed = scene.once(scene.interposed(fault))
        assert killed.code == -9, killed
        scene.commit(2)
        return scene


class Compaction(Phase):
    """Many small objects become a large one, and those that it replaces go."""
    replica = {"prune-grace": "0s"}

    def prepare(self, folder, recorded=False):
        scene = super().prepare(folder, recorded)
        for _ in range(6):  # the sixth object of a level completes one of the next
            judge.honest(scene.once(), may_fail=False)
            scene.commit(1)
        return scene


class Pruning(Phase):
    """streamctl prune removes what the rules let go."""
    replica = {"prune": "external", "retention": "1s", "prune-grace": "0s", "snapshot-interval": "1s"}

    def prepare(self, folder, recorded=False):
        scene = super().prepare(folder, recorded)
        for _ in range(2):
            judge.honest(scene.once(), may_fail=False)
            scene.commit(1)
            time.sleep(1.1)
        judge.honest(scene.once(), may_fail=False)
        return scene

    def act(self, scene, environment):
        return scene.streamctl("prune", scene.database, environment=environment)


class Restore(Phase):
    """streamctl restore: the target is whole or not there, and the next attempt succeeds."""
    target = "out"

    def prepare(self, folder, recorded=False):
        scene = super().prepare(folder, recorded)
        judge.honest(scene.once(), may_fail=False)
        scene.commit(2)
        scene.commit(1, rows=40)
        judge.honest(scene.once(), may_fail=False)
        os.makedirs(os.path.join(scene.disk, self.target))
        return scene

    def act(self, scene, environment):
        out = os.path.join(scene.disk, self.target, "app.db")
        return scene.streamctl("restore", scene.database, "-o", out, environment=environment)

    def check(self, scene, outcome, hit):
        judge.honest(outcome, may_fail=hit)
        self.check_killed(scene)
        assert outcome.code != 0 or os.path.exists(os.path.join(scene.disk, self.target, "app.db")), outcome

    def check_killed(self, scene):
        judge.application_is_unharmed(scene)
        out = os.path.join(scene.disk, self.target, "app.db")
        if os.path.exists(out):
            judge.matches(scene, out, scene.newest())
            return
        begun = os.path.exists(out + ".streamd-swap")  # then the next one completes it, and says that it exists
        again = self.act(scene, {})
        assert again.code == 0 or begun and again.code == 11, f"a second attempt ended with {again}"
        judge.matches(scene, out, scene.newest())


class FollowAnew(Phase):
    """streamctl restore --follow --force over a copy that was followed: however that ends, a plain --follow goes on."""

    def prepare(self, folder, recorded=False):
        scene = super().prepare(folder, recorded)
        judge.honest(scene.once(), may_fail=False)
        os.makedirs(os.path.join(scene.disk, "out"))
        judge.honest(self.follow(scene, {}), may_fail=False)
        scene.commit(2)
        judge.honest(scene.once(), may_fail=False)
        return scene

    def follow(self, scene, environment, *words):
        """Until it has begun; then it is told to end."""
        scene.outputs += 1
        log = os.path.join(scene.folder, f"follower-{scene.outputs}.log")
        follower = processes.Child(
            [case.program("streamctl"), "restore", f"file://{scene.replica}", "-o", self.copy(scene), "--follow",
             "--follow-interval", "100ms", "--json", *words], log, environment)
        wait_until(lambda: not follower.running() or '"event"' in follower.output(), "the follower", progress=follower.output)
        return Outcome(follower.terminate() if follower.running() else follower.wait(), "", follower.output())

    def copy(self, scene):
        return os.path.join(scene.disk, "out", "copy.db")

    def act(self, scene, environment):
        return self.follow(scene, environment, "--force")

    def check(self, scene, outcome, hit):
        judge.honest(outcome, may_fail=hit)
        self.check_killed(scene)

    def check_killed(self, scene):
        judge.application_is_unharmed(scene)
        again = self.follow(scene, {})
        assert again.code == 0, f"does not go on: {again}"
        left = sorted(name for name in os.listdir(os.path.join(scene.disk, "out")) if name.endswith("streamd-restore"))
        assert not left, left


class Living(Phase):
    """A daemon that runs: it says what fails, and heals by itself once nothing does."""

    def prepare(self, folder, recorded=False):
        scene = super().prepare(folder, recorded)
        judge.honest(scene.once(), may_fail=False)
        return scene

    def act(self, scene, environment):
        armed, lifted = (os.path.join(scene.folder, name) for name in ("armed", "lifted"))
        daemon = scene.installation.start(environment={**environment, "FAULTS_ARMED": armed, "FAULTS_LIFTED": lifted})
        scene.installation.sync(scene.installation.databases[0])
        touch(armed)
        self.write(scene)
        first = scene.streamctl("sync", scene.database, "--wait", "--timeout", "1s")
        assert first.code in judge.DOCUMENTED, first
        if first.code == 0:
            assert judge.walk(scene)[-1][1] == scene.newest(), f"said that all is there: {first}\n{daemon.output()}"
        touch(lifted)
        if daemon.running():
            healed = scene.streamctl("sync", scene.database, "--wait", "--timeout", "60s")
            assert healed.code == 0, f"does not heal: {healed}\n{daemon.output()}"
            judge.application_is_unharmed(scene)
            busy = scene.writer.checkpoint("TRUNCATE")[0]  # waits for locks that were left behind
            assert not busy, f"the log of the application cannot be restarted\n{daemon.output()}"
            return Outcome(daemon.terminate(), "", daemon.output())
        return Outcome(daemon.wait(), "", daemon.output())  # it was told to die

    def write(self, scene):
        scene.commit(2)
        scene.commit(1, rows=30)

    def check(self, scene, outcome, hit):
        super().check(scene, outcome, hit)
        assert outcome.code == 0, outcome


class HandingOver(Living):
    """As Living; the log grows until the daemon copies it into the database and hands it back, twice."""

    def write(self, scene):
        for _ in range(2):
            scene.commit(1, rows=3000)  # some hundred pages
            time.sleep(0.4)
            scene.commit(1)


def touch(path):
    with open(path, "wb"):
        pass


ALL = {"first": FirstSnapshot, "incremental": Incremental, "reopened": Reopened, "after-kill": AfterKill,
       "compaction": Compaction, "pruning": Pruning, "restore": Restore,
       "follow-anew": FollowAnew, "living": Living,
       "handing-over": HandingOver}
