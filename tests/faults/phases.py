"""What streamd and streamctl are doing when something fails. Each phase prepares a scene without faults, acts once with
the fault, and says what must be true of how that ended."""
import os

import judge
from scene import Scene


class Phase:
    settings, replica = {}, {}

    def prepare(self, folder):
        """A scene in which the next thing is what may fail."""
        scene = Scene(folder, self.settings, self.replica)
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


class FirstSnapshot(Phase):
    """The first run of all: identity, ledger, claims, snapshot."""


class Incremental(Phase):
    """Commits are captured, sealed and sent; the application has its database open."""

    def prepare(self, folder):
        scene = super().prepare(folder)
        judge.honest(scene.once(), may_fail=False)
        scene.commit(2)
        scene.commit(1, rows=40)
        return scene


class Reopened(Phase):
    """As Incremental, but the application has closed its database, and the daemon's end removes the log."""

    def prepare(self, folder):
        scene = super().prepare(folder)
        judge.honest(scene.once(), may_fail=False)
        scene.commit(3)
        scene.close()
        return scene


class AfterKill(Phase):
    """The start after a daemon was killed with commits in its spool."""

    def prepare(self, folder):
        scene = super().prepare(folder)
        judge.honest(scene.once(), may_fail=False)
        scene.commit(2)
        fault = {"FAULTS_CALL": "open", "FAULTS_FILE": os.path.join(scene.replica, ".streamd-tmp", "*"), "FAULTS_NTH": "1",
                 "FAULTS_ERROR": "KILL"}
        killed = scene.once(scene.interposed(fault))
        assert killed.code == -9, killed
        scene.commit(2)
        return scene


ALL = {"first": FirstSnapshot, "incremental": Incremental, "reopened": Reopened, "after-kill": AfterKill}
