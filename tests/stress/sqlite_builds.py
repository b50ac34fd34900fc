"""Builds of a newer SQLite than the distribution's, to be preloaded (LD_PRELOAD) into clients of a stress.

The amalgamation comes from the npm package `better-sqlite3`; nothing of it is ever committed. Built once into
the folder STREAMD_TEST_CACHE (the build tree), also when several tests ask at the same time.
"""
import fcntl
import hashlib
import os
import shutil
import subprocess
import tarfile
import tempfile

import fault_points
from harness import npm
from harness.npm import Unavailable

PACKAGE = "better-sqlite3@13.2.0"  # SQLite 3.54.1
SOURCE = "package/deps/sqlite3/sqlite3.c"
OPTIONS = ("-O1", "-g1", "-shared", "-fPIC", "-DSQLITE_THREADSAFE=1", "-DSQLITE_ENABLE_DBPAGE_VTAB",
           "-DSQLITE_ENABLE_COLUMN_METADATA", "-DSQLITE_ENABLE_FTS5", "-DSQLITE_ENABLE_UNLOCK_NOTIFY", "-w")


def fetch(folder):
    """Downloads the package into `folder`; returns the amalgamation's text."""
    with tarfile.open(npm.pack(PACKAGE, folder)) as archive:
        return archive.extractfile(SOURCE).read().decode("latin-1")


def compile_libraries(sources, folder):
    """Compiles amalgamations, given as {path of the library: text}, side by side."""
    compiler = os.environ.get("CC", "cc")
    if shutil.which(compiler) is None:
        raise Unavailable(f"there is no C compiler {compiler} to build a newer SQLite with")
    running = {}
    for path, source in sources.items():
        text = os.path.join(folder, os.path.basename(path) + ".c")
        with open(text, "w", encoding="latin-1") as output:
            output.write(source)
        command = [compiler, *OPTIONS, "-o", text + ".so", text, "-lm", "-lpthread", "-ldl"]
        running[path] = (text + ".so", subprocess.Popen(command))
    failed = [path for path, (_, process) in running.items() if process.wait() != 0]
    if failed:
        raise RuntimeError(f"{compiler} could not build {', '.join(failed)}")
    for path, (unfinished, _) in running.items():
        os.replace(unfinished, path)


def _fingerprint():
    digest = hashlib.sha256(" ".join((PACKAGE, *OPTIONS)).encode())
    for path in (fault_points.HOOK, fault_points.__file__):
        with open(path, "rb") as content:
            digest.update(content.read())
    return digest.hexdigest()[:12]


def libraries(cache=None):
    """{"newest": path, "newest-with-faults": path}; raises Unavailable."""
    cache = cache or os.environ.get("STREAMD_TEST_CACHE")
    if not cache:
        raise Unavailable("STREAMD_TEST_CACHE names no folder to build a newer SQLite in")
    folder = os.path.join(cache, "sqlite-" + _fingerprint())
    os.makedirs(folder, exist_ok=True)
    built = {name: os.path.join(folder, name + ".so") for name in ("newest", "newest-with-faults")}
    with open(os.path.join(folder, "lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not all(map(os.path.exists, built.values())):
            with tempfile.TemporaryDirectory(dir=folder) as scratch:
                source = fetch(scratch)
                compile_libraries({built["newest"]: source,
                                   built["newest-with-faults"]: fault_points.with_fault_points(source)}, scratch)
    return built
