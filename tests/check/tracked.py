"""Which files belong to the repository."""
import os
import subprocess
import sys

SKIP = 77


def tracked_files(root, *patterns):
    """Paths, relative to `root`, of the tracked files (below folders or matching patterns) that exist.

    Ends the process as a skipped test where there is no git checkout to ask.
    """
    # In a container the checkout may belong to another user, which git would refuse.
    command = ["git", "-c", "safe.directory=*", "-C", root, "ls-files", "-z", "--", *patterns]
    if not os.path.exists(os.path.join(root, ".git")):
        print("this is no git checkout, so the repository's own files are not known")
        sys.exit(SKIP)
    listing = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [path for path in listing.split("\0") if path and os.path.isfile(os.path.join(root, path))]
