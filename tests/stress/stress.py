#!/usr/bin/env python3
"""Stress: many clients of one database with mixed SQLite versions, some of which die at the worst places; a daemon
that is killed and frozen; phases in which everybody leaves. Then the replica is walked commit by commit and compared
with what an independent oracle saw, and commits are restored at random.

The commands are arguments; in them {config} {database} {replica} {state} {out} {txid} stand for the run's paths and
values. STREAMD_CONFIG names the configuration in all of them. --walk must print the lines of image_hash.h.
Exit code 0 passed, 1 failed, 77 skipped.
"""
import argparse
import dataclasses
import json
import os
import random
import shlex
import sys
import time

import cast
import scenario
import sqlite_builds
import verdict
from harness import case, processes
from harness.daemon import Database, Installation, file_replica, run
from harness.waiting import wait_until


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--writer", required=True, help="the program stress_writer")
    parser.add_argument("--oracle", required=True, help="the program stress_oracle")
    parser.add_argument("--daemon", required=True,
                        help="starts the daemon in the foreground; SIGTERM ends it after a final sync")
    parser.add_argument("--settle", default="", help="returns when everything committed is on the replica")
    parser.add_argument("--status", default="", help="prints JSON with the daemon's pid")
    parser.add_argument("--walk", required=True, help="prints every commit of the replica")
    parser.add_argument("--restore", required=True, help="restores the commit {txid} to {out}")
    parser.add_argument("--application", default="", help="the program application, for scenarios with a last act")
    parser.add_argument("--control", default="",
                        help="a daemon with a mistake, run after the right one: it must be found out")
    parser.add_argument("--scenario", choices=scenario.SCENARIOS, default="mixed")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--restores", type=int, default=50)
    return parser.parse_args()


class Clock:
    """Tells when the next of some randomly spaced events is due."""

    def __init__(self, source, interval):
        self.source, self.interval = source, interval
        self.next = self._draw()

    def _draw(self):
        return time.monotonic() + self.source.expovariate(1 / self.interval) if self.interval else float("inf")

    def due(self):
        if time.monotonic() < self.next:
            return False
        self.next = self._draw()
        return True


class Run:
    def __init__(self, options, folder, libraries):
        self.options, self.folder = options, folder
        self.scenario = scenario.SCENARIOS[options.scenario]
        self.random = random.Random(options.seed)
        self.cast = cast.Cast(options, self.scenario, self.random, folder, libraries)
        replica, state = os.path.join(folder, "replica"), os.path.join(folder, "state")
        for made in (replica, state):
            os.mkdir(made)
        database = Database(self.cast.database, [file_replica(replica)])
        self.installation = Installation(folder, [database], {"state-dir": state}, {"sync-interval": "200ms"}, "info")
        self.places = {"config": self.installation.config, "database": self.cast.database,
                       "replica": replica, "state": state}
        self.environment = {"STREAMD_CONFIG": self.installation.config}

    def command(self, template, **more):
        return [word.format(**self.places, **more) for word in shlex.split(template)]

    def execute(self):
        """Stress, then the verdict: the list of complaints and the numbers of the run."""
        initial = run([self.options.writer, "init", self.cast.database, "--page-size", self.scenario.page_size,
                       "--auto-vacuum", self.scenario.auto_vacuum])
        initial.expect(0)
        self.cast.daemon_command = self.command(self.options.daemon)
        self.cast.daemon_environment = self.environment
        self.cast.start_daemon()
        self.cast.start_clients()
        self.storm()
        self.calm()
        return self.judge()

    def storm(self):
        clocks = {name: Clock(self.random, getattr(self.scenario, name))
                  for name in ("kill_daemon", "freeze_daemon", "kill_writer", "close_all")}
        end = time.monotonic() + self.options.seconds
        while time.monotonic() < end:
            time.sleep(0.01)
            self.cast.replace_ended_clients()
            self.cast.ensure_daemon()
            if clocks["kill_daemon"].due():
                self.cast.kill_daemon()
                time.sleep(self.random.choice((0, 0, 0, 0.05, 0.3, 1.5)))
            if clocks["freeze_daemon"].due():
                self.cast.freeze_daemon()
            if clocks["kill_writer"].due():
                self.cast.kill_a_writer()
            if clocks["close_all"].due():
                self.everybody_leaves()

    def everybody_leaves(self):
        choose = self.random
        self.cast.close_all_clients(politely=choose.random() < 0.7)
        self.cast.events["phases with all clients closed"] += 1
        if choose.random() < 0.3:
            self.cast.kill_daemon()
        time.sleep(choose.choice((0.05, 0.5, 1.0)))
        if choose.random() < self.scenario.offline:
            for _ in range(choose.choice((1, 2))):
                self.cast.kill_daemon()
                self.cast.live_offline()
                if choose.random() < 0.6:  # a daemon's life in between, often too short to finish anything
                    self.cast.start_daemon()
                    time.sleep(choose.choice((0.1, 0.6)))
        self.cast.ensure_daemon()
        self.cast.observe()
        self.cast.start_clients()

    def calm(self):
        """All clients leave, the daemon finishes its work and ends."""
        self.cast.close_all_clients(politely=True)
        self.cast.observe()
        self.cast.ensure_daemon()
        if self.scenario.last_act:
            self.settle()
            getattr(self.cast, self.scenario.last_act)(self.settle)
            self.cast.observe()
        self.settle()
        code = self.cast.daemon.terminate()
        if code != 0:
            words = self.cast.daemon.output()[-4000:]
            raise RuntimeError(f"the daemon's final sync ended with exit code {code}; its last words:\n{words}")

    def settle(self):
        """Returns when everything is on the replica. A daemon that has just started must have its lock first."""
        if self.options.status:
            wait_until(self.daemon_answers, "the daemon's control socket")
        if self.options.settle:
            run(self.command(self.options.settle), self.environment).expect(0)
        else:
            time.sleep(2)

    def daemon_answers(self):
        status = run(self.command(self.options.status), self.environment)
        assert self.cast.daemon.running(), self.cast.daemon.output()
        return status.code == 0 and (status.json["daemon"] or {}).get("pid") == self.cast.daemon.pid

    def judge(self):
        walked = run(self.command(self.options.walk), self.environment).expect(0)
        commits = verdict.parse(walked.stdout)
        if not commits:
            return ["the replica holds no commit"], {}
        with open(self.cast.oracle_lines, encoding="ascii") as lines:
            observed = [commit.image for commit in verdict.parse(lines.read())]
        complaints = list(verdict.check_chain(commits))
        oracle_complaints, matched, excused = verdict.check_oracle(commits, observed)
        restore_complaints, restored = verdict.check_restores(
            commits, self.options.restores, self.random, self.restore, self.folder, self.options.oracle)
        complaints += oracle_complaints + restore_complaints
        complaints += verdict.check_original(self.cast.database, commits, self.acknowledged())
        complaints += verdict.check_end(commits, observed)
        complaints += verdict.check_live(os.path.join(self.folder, "daemon.log"))
        complaints += [f"{count} {event}" for event, count in self.cast.events.items()
                       if "saw" in event or "failed" in event or "by themselves" in event]
        if self.scenario.unbroken:
            complaints += verdict.check_unbroken(commits)
        kinds = {kind: sum(commit.kind == kind for commit in commits) for kind in ("commit", "delta", "snapshot")}
        return complaints, {"walked": kinds, "oracle matched": matched, "oracle in skipped ranges": excused,
                            "restored": restored}

    def restore(self, txid, out):
        return run(self.command(self.options.restore, txid=txid, out=out), self.environment)

    def acknowledged(self):
        """The highest user_version a writer was told is committed; a line cut by a kill does not count."""
        highest = 0
        for number in range(self.scenario.writers):
            path = self.cast.acknowledged(number)
            if os.path.exists(path):
                with open(path, encoding="ascii") as lines:
                    highest = max([highest] + [int(line) for line in lines if line.endswith("\n")])
        return highest


def choose_libraries(options):
    if not scenario.SCENARIOS[options.scenario].newest_sqlite:
        return {}
    try:
        return sqlite_builds.libraries()
    except sqlite_builds.Unavailable as reason:
        print(f"with the system's SQLite alone: {reason}", flush=True)
        return {}


def stress(options, daemon, libraries):
    """One run with this daemon: the list of complaints."""
    options.daemon = daemon
    with case.temporary_folder() as folder:
        run_ = Run(options, folder, libraries)
        try:
            complaints, numbers = run_.execute()
        finally:
            processes.stop_all()
        report = {"scenario": dataclasses.asdict(run_.scenario), "seed": options.seed, "seconds": options.seconds,
                  "sqlite": ["distribution", *libraries], "events": dict(run_.cast.events), **numbers}
    print(json.dumps(report, indent=1))
    return complaints


def check_control(options, libraries):
    """Complaints when the daemon with the mistake is not found out by the oracle."""
    complaints = stress(options, options.control, libraries)
    for complaint in complaints[:40]:
        print("of the control:", complaint)
    if not any(map(verdict.is_divergence, complaints)):
        return ["the oracle did not find out the control: it would not find out the product either"]
    return [complaint for complaint in complaints if complaint == verdict.NOTHING_PROVEN]


def main():
    options = parse_arguments()
    libraries = choose_libraries(options)
    complaints = stress(options, options.daemon, libraries)
    if options.control:
        complaints += check_control(options, libraries)
    for complaint in complaints[:40]:
        print("WRONG:", complaint)
    print(f"{'FAILED' if complaints else 'passed'}: {len(complaints)} complaints")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
