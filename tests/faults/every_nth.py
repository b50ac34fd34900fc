#!/usr/bin/env python3
"""Every file call of streamd and streamctl fails in turn (README.md).

usage: every_nth.py --phase NAME [--count N --seed K] [--kill | --cut] [--fault TEXT]

Without --count each call of each kind fails once and for good, with errors that take turns; with it a choice that
depends on the seed alone. --kill: the process dies there instead. --cut: only syncs fail, and
afterwards the power does: what was acknowledged must be there. --fault runs the one that a failure has printed.
"""
import argparse
import os
import shlex
import traceback

import judge
import phases
import sites
from harness import case, processes


def discover(phase):
    """The calls that the phase makes when nothing fails."""
    with case.temporary_folder() as folder:
        scene = phase.prepare(folder)
        trace = os.path.join(folder, "trace")
        outcome = phase.act(scene, scene.interposed({"FAULTS_TRACE": trace}))
        phase.check(scene, outcome, hit=False)
        counts = sites.read_trace(trace, scene.disk)
        judge.healed(scene)
        scene.close()
        return counts


def try_fault(phase, fault, folder, then_cut):
    """Returns whether the fault came to pass."""
    scene = phase.prepare(folder, then_cut)
    try:
        hits = os.path.join(folder, "hits")
        settings = {**fault.environment(scene.disk), "FAULTS_HITS": hits}
        outcome = phase.act(scene, scene.interposed(settings))
        hit = os.path.exists(hits)
        if fault.error == "KILL" and hit:
            judge.application_is_unharmed(scene)
        else:
            phase.check(scene, outcome, hit and not (fault.error == "SHORT" and not fault.sticky))
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


def replay_command(options, fault):
    script = shlex.quote(os.path.abspath(__file__))
    names = ("STREAMD", "STREAMCTL", "STREAMD_DRIVER_PATH", "FAULT_INTERPOSER", "REPLICA_WALK", "PYTHONPATH")
    environment = " ".join(f"{name}={shlex.quote(os.environ[name])}" for name in names if name in os.environ)
    return f"{environment} /usr/bin/python3 -B {script} --phase {options.phase}{' --cut' if options.cut else ''} --fault {shlex.quote(str(fault))}"


def run(options):
    phase = phases.ALL[options.phase]()
    if options.fault:
        faults = [sites.parse_fault(options.fault)]
    else:
        counts = discover(phase)
        faults = list(sites.kill_points(counts) if options.kill else sites.every_fault(counts))
        print(f"{options.phase}: {sum(counts.values())} calls of {len(counts)} kinds, {len(faults)} faults", flush=True)
    if options.cut and not options.fault:
        faults = [fault for fault in faults if fault.site.call == "sync" and not fault.sticky]
    if options.count:
        faults = sites.choose(faults, options.count, options.seed)
    failed = hits = 0
    for fault in faults:
        with case.temporary_folder() as folder:
            try:
                hit = try_fault(phase, fault, folder, options.cut)
                hits += hit
                if options.fault or options.verbose:
                    print(f"{'passed' if hit else 'not reached'}: {fault}", flush=True)
            except Exception:  # whatever it is, it is this fault's failure; the next one still runs
                traceback.print_exc()
                failed += 1
                print(f"FAILED: {options.phase} {fault}\nrun it again: {replay_command(options, fault)}\n", flush=True)
    print(f"{options.phase}: {len(faults)} faults tried, {hits} came to pass, {failed} failed", flush=True)
    return 1 if failed or hits == 0 else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--phase", choices=phases.ALL, required=True)
    parser.add_argument("--count", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kill", action="store_true")
    parser.add_argument("--cut", action="store_true")
    parser.add_argument("--fault")
    parser.add_argument("--verbose", action="store_true")
    case.exit_with(lambda: run(parser.parse_args()))


if __name__ == "__main__":
    main()
