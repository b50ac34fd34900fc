#!/usr/bin/env python3
"""The main job of streamd, for real and told in sentences: started by quickstart.sh with the built programs in the
environment (STREAMD, STREAMCTL, STREAMD_DRIVER_PATH). Exit code 0 only if every comparison held.
"""
import os
import shutil
import sqlite3
import sys
import time

from harness import case, damage, processes, workload
from harness.compare import image, page_differences, row_counts
from harness.daemon import run
from harness.waiting import wait_until

LOAD_SECONDS = 5
started = time.monotonic()


def say(sentence):
    print(f"[{time.monotonic() - started:5.1f} s] {sentence}", flush=True)


def megabytes(paths):
    return sum(map(os.path.getsize, paths)) / 1e6


class Demo:
    def __init__(self, folder):
        self.folder = folder
        self.database = os.path.join(folder, "shop.db")
        self.replica = os.path.join(folder, "replica")
        self.points_log = os.path.join(folder, "acknowledged")
        self.environment = {"STREAMD_CONTROL": os.path.join(folder, "control.sock")}
        os.mkdir(self.replica)
        self.writer = self.daemon = None

    def streamctl(self, *words):
        return run([case.program("streamctl"), *words], self.environment)

    def points(self):
        return workload.read_points(self.points_log) if os.path.exists(self.points_log) else []

    def start(self):
        self.writer = processes.Child(
            [sys.executable, "-B", "-m", "harness.workload", self.database, self.points_log, "--pause", "0.002"],
            os.path.join(self.folder, "writer.log"))
        wait_until(self.points, "the first commit", stall=120)
        say("An application writes into shop.db, a few hundred transactions a second.")
        self.daemon = processes.Child(
            [case.program("streamd"), self.database, "file://" + self.replica],
            os.path.join(self.folder, "streamd.log"), self.environment)
        say("streamd was started beside it; the application was not asked or stopped.")

    def remember_a_moment(self):
        """Freezes the application for an instant: returns (the time, a copy of the database made by SQLite then)."""
        self.wait_for(lambda: len(self.points()) > 200)
        self.writer.freeze()
        copy = os.path.join(self.folder, "copy-of-that-moment.db")
        with open(copy, "wb") as output:
            output.write(image(self.database))
        self.streamctl("sync", self.database, "--wait", "--timeout", "300s").expect(0)
        moment = time.time()
        time.sleep(0.1)  # so that no later commit can have the same time
        self.writer.thaw()
        say(f"For later comparison SQLite made a copy of the database at {rfc3339(moment)}, "
            "while the application was held for an instant.")
        return moment, copy

    def end_under_load(self):
        """More load, the application's death, the last sync; returns all acknowledged commits."""
        end, before = time.monotonic() + LOAD_SECONDS, len(self.points())
        self.wait_for(lambda: time.monotonic() > end and len(self.points()) > before)
        self.writer.kill()
        points = self.points()
        say(f"The application was killed with SIGKILL after {points[-1].number} acknowledged transactions.")
        begun = time.monotonic()
        self.streamctl("sync", self.database, "--wait", "--timeout", "300s").expect(0)
        say(f"streamctl sync --wait: everything is on the replica (it took {time.monotonic() - begun:.2f} s).")
        return points

    def wait_for(self, condition):
        def check():
            if not self.daemon.running():
                raise AssertionError("streamd ended:\n" + self.daemon.output())
            return condition()
        wait_until(check, "the load", progress=lambda: len(self.points()), stall=120)

    def lose_everything(self):
        self.stop_daemon()  # first: SQLite may remove the log while somebody still closes
        original = megabytes(os.path.join(self.folder, name) for name in os.listdir(self.folder) if name.startswith("shop.db"))
        objects = damage.files(self.replica)
        say(f"The database had {original:.1f} MB with its log; "
            f"the replica is {megabytes(objects):.1f} MB in {len(objects)} files.")
        for name in os.listdir(self.folder):
            path = os.path.join(self.folder, name)
            if name.startswith(".shop.db") and os.path.isdir(path):
                shutil.rmtree(path)
            elif name.startswith((".shop.db", "shop.db")):
                os.unlink(path)
        say("The database, its log and streamd's local state were destroyed. Only the replica is left.")

    def stop_daemon(self):
        code = self.daemon.terminate()
        if code != 0:
            raise AssertionError(f"streamd ended with exit code {code}:\n{self.daemon.output()}")

    def restore(self, out, *words):
        begun = time.monotonic()
        self.streamctl("restore", "file://" + self.replica, "-o", out, *words).expect(0)
        return time.monotonic() - begun

    def compare_newest(self, points):
        seconds = self.restore(self.database)
        found = workload.check(self.database)
        known = {point.number: point.digest for point in points}
        last = points[-1].number
        assert found.number >= last, f"transaction {last} was acknowledged, but the restored end is {found.number}"
        same = known.get(found.number, found.digest) == found.digest
        assert same, f"transaction {found.number} has another content than the application wrote"
        missing = [point.number for point in points if stored_digest(self.database, point.number) != point.digest]
        assert not missing, f"acknowledged transactions that the restored database does not know: {missing[:10]}"
        rows = row_counts(self.database)
        assert rows["digests"] == found.number, f"{rows['digests']} transactions are recorded instead of {found.number}"
        say(f"streamctl restore: back in {seconds:.2f} s with {rows['items']} rows; integrity_check is ok, and all "
            f"{len(points)} acknowledged transactions are there with the content the application wrote.")

    def compare_moment(self, moment, copy):
        out = os.path.join(self.folder, "restored-moment.db")
        seconds = self.restore(out, "--timestamp", rfc3339(moment))
        with open(out, "rb") as restored, open(copy, "rb") as expected:
            differences = page_differences(restored.read(), expected.read())
        wrong = f"{len(differences)} pages are not as they were: {differences[:10]}"
        assert not differences, f"the moment {rfc3339(moment)} was restored, but {wrong}"
        point = workload.check(out)
        say(f"streamctl restore --timestamp {rfc3339(moment)}: transaction {point.number} in {seconds:.2f} s, "
            "page for page what SQLite had copied then.")


def stored_digest(path, number):
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
        row = connection.execute("SELECT digest FROM digests WHERE number = ?", (number,)).fetchone()
    return row[0] if row else None


def rfc3339(unix_time):
    whole, micros = divmod(round(unix_time * 1e6), 1000000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole)) + f".{micros:06d}Z"


def main():
    say("Built " + run([case.program("streamctl"), "version"]).expect(0).stdout.split("\n")[0] + ".")
    with case.temporary_folder() as folder:
        demo = Demo(folder)
        try:
            demo.start()
            moment, copy = demo.remember_a_moment()
            points = demo.end_under_load()
            demo.lose_everything()
            demo.compare_newest(points)
            demo.compare_moment(moment, copy)
        except AssertionError as mismatch:
            print(f"quickstart FAILED: {mismatch}", file=sys.stderr)
            return 1
        finally:
            processes.stop_all()
    say("Done: nothing that was acknowledged was lost.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
