#!/usr/bin/env python3
"""Every call of streamd and streamctl fails in turn (README.md).

usage: every_nth.py --phase NAME [--of file|driver|sqlite] [--count N --seed K] [--kill | --cut] [--fault TEXT]
       every_nth.py --kept

The calls are those on files, those of the storage driver, or those of SQLite's library. Without --count each call of each kind fails once and for good, with errors that take turns; with it a choice that
depends on the seed alone. --kill: the process dies there instead. --cut: only syncs fail, and
afterwards the power does: what was acknowledged must be there. --fault runs the
one that a failure has printed; --kept those of kept.txt.
"""
import argparse
import dataclasses
import os
import shlex
import traceback

import again
import judge
import phases
import sites
from harness import case, processes

HERE = os.path.dirname(os.path.abspath(__file__))


def discover(phase, layer):
    """The calls that the phase makes when nothing fails."""
    with case.temporary_folder() as folder:
        scene = phase.prepare(folder)
        trace = os.path.join(folder, "trace")
        outcome = phase.act(scene, failing(scene, layer, {"FAULTS_TRACE": trace}))
        phase.check(scene, outcome, hit=False)
        counts = sites.read_trace(trace, scene.disk, layer)
        judge.healed(scene)
        scene.close()
        return counts


def failing(scene, layer, settings):
    """An environment in which calls are traced or fail as `settings` say."""
    if layer != "driver":
        return scene.interposed(settings)
    scene.behind_a_failing_driver()
    return settings


def try_fault(phase, fault, folder, then_cut):
    """Returns whether the fault came to pass."""
    scene = phase.prepare(folder, then_cut)
    try:
        hits = os.path.join(folder, "hits")
        settings = {**fault.environment(scene.disk), "FAULTS_HITS": hits}
        outcome = phase.act(scene, failing(scene, sites.layer_of(fault.site.call), settings))
        hit = os.path.exists(hits)
        if fault.error == "KILL" and hit:
            phase.check_killed(scene)
        else:
            phase.check(scene, outcome, hit and not (fault.error in sites.HARMLESS and not fault.sticky))
        if then_cut and outcome.code == 0:
            judge.survives_a_power_cut(scene)
        try:
            judge.healed(scene)
            if then_cut:
                judge.survives_a_power_cut(scene)
        except AssertionError as problem:
            raise AssertionError(f"{problem}\nwith the fault it had ended with {outcome.code}:\n{outcome.stderr}") from None
        return hit
    finally:
        scene.close()
        processes.stop_all()


@dataclasses.dataclass(frozen=True)
class Case:
    phase: str
    cut: bool
    fault: sites.Fault

    def words(self):
        return f"--phase {self.phase}{' --cut' if self.cut else ''} --fault {shlex.quote(str(self.fault))}"


def kept_cases():
    """Those that have found something once."""
    with open(os.path.join(HERE, "kept.txt"), encoding="utf-8") as lines:
        for line in lines:
            words = line.split()
            if words and words[0] != "#":
                yield Case(words[0], "--cut" in words, sites.parse_fault(words[-1]))


def cases_of(options):
    if options.kept:
        return list(kept_cases())
    if options.fault:
        return [Case(options.phase, options.cut, sites.parse_fault(options.fault))]
    counts = discover(phases.ALL[options.phase](), options.of)
    faults = list(sites.kill_points(counts) if options.kill else sites.every_fault(counts))
    if options.cut:
        faults = [fault for fault in faults if fault.site.call == "sync" and not fault.sticky]
    print(f"{options.phase}: {sum(counts.values())} calls of {len(counts)} kinds, {len(faults)} faults", flush=True)
    if options.count:
        faults = sites.choose(faults, options.count, options.seed)
    return [Case(options.phase, options.cut, fault) for fault in faults]


def run(options):
    cases = cases_of(options)
    failed = hits = 0
    for each in cases:
        with case.temporary_folder() as folder:
            try:
                hit = try_fault(phases.ALL[each.phase](), each.fault, folder, each.cut)
                hits += hit
                if options.fault or options.verbose:
                    print(f"{'passed' if hit else 'not reached'}: {each.words()}", flush=True)
            except Exception:  # whatever it is, it is this fault's failure; the next one still runs
                traceback.print_exc()
                failed += 1
                print(f"FAILED: {each.words()}\nrun it again: {again.command(__file__, each.words())}\n", flush=True)
    print(f"{len(cases)} faults tried, {hits} came to pass, {failed} failed", flush=True)
    return 1 if failed or hits == 0 else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--phase", choices=phases.ALL)
    parser.add_argument("--of", choices=("file", "driver", "sqlite"), default="file")
    parser.add_argument("--count", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kill", action="store_true")
    parser.add_argument("--cut", action="store_true")
    parser.add_argument("--kept", action="store_true")
    parser.add_argument("--fault")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    if not options.kept and not options.phase:
        parser.error("--phase is missing")
    case.exit_with(lambda: run(options))


if __name__ == "__main__":
    main()
