"""What packaging/release.sh refuses before it has changed anything."""
import os
import shutil
import subprocess

from harness import case

SOURCE = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
AUTHOR = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in (("NAME", "A tester"), ("EMAIL", "tester@example.invalid"))}


def git(checkout, *words):
    done = subprocess.run(["git", "-C", checkout, *words], env={**os.environ, **AUTHOR}, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.strip()


def refused(checkout, changelog, because):
    """With this CHANGELOG.md version 9.8.7 is not released, and nothing is committed or tagged."""
    with open(os.path.join(checkout, "CHANGELOG.md"), "w", encoding="utf-8") as output:
        output.write(changelog)
    git(checkout, "commit", "-qam", "Changelog")
    before = git(checkout, "rev-parse", "HEAD")
    programs = os.path.join(checkout, ".git", "programs")  # it is refused before any of them is needed
    os.makedirs(programs, exist_ok=True)
    for name in ("lintian", "dpkg-buildpackage"):
        shutil.copy("/bin/false", os.path.join(programs, name))
    done = subprocess.run([os.path.join(checkout, "packaging", "release.sh"), "9.8.7"], env={**os.environ, **AUTHOR, "PATH": f"{programs}:{os.environ['PATH']}"},
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 1 and because in done.stdout, done.stdout
    assert git(checkout, "rev-parse", "HEAD") == before and git(checkout, "tag", "-l", "v9.8.7") == "", "it has begun"


def test_a_changelog_that_is_not_ready(folder):
    if shutil.which("git") is None or not os.path.exists(os.path.join(SOURCE, ".git")):
        case.skip("this is no checkout of git")
    checkout = os.path.join(folder, "checkout")
    git(SOURCE, "clone", "--quiet", SOURCE, checkout)
    refused(checkout, "# Changelog\n\n## 9.8.70\n", "no heading '## 9.8.7'")
    refused(checkout, "# Changelog\n\n## 9.8.7 (unreleased)\n", "still says that 9.8.7 is unreleased")


if __name__ == "__main__":
    case.run(globals())
