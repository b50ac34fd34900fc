"""What the built programs say of themselves."""
import functools
import json
import re
import subprocess

from harness import case

LONG = re.compile(r"(?<![\w-])--[a-z][a-z-]*")


@functools.cache
def printed(*command):
    return subprocess.run([case.program(command[0]), *command[1:]], capture_output=True, text=True, check=True).stdout


def _section(text, heading):
    """The lines between `heading` and the next blank line."""
    return text.split(heading + "\n", 1)[1].split("\n\n", 1)[0].splitlines() if heading + "\n" in text else []


def _named(lines):
    """What begins two columns in: an option, a command."""
    return [line for line in lines if re.match(r"  \S", line)]


def options_of(*command):
    names = set()
    for line in _named(_section(printed(*command, "--help"), "Options:")):
        names |= set(LONG.findall(re.split(r"\s{2,}|=", line.strip(), maxsplit=1)[0]))
    return names


def commands_of(*command):
    return [line.split()[0] for line in _named(_section(printed(*command, "--help"), "Subcommands:"))]


def all_options():
    """By command ("restore", "drivers check", "streamd"); "streamctl" has those that may stand before each."""
    found = {"streamd": options_of("streamd"), "streamctl": options_of("streamctl")}
    for name in commands_of("streamctl"):
        below = commands_of("streamctl", name)
        if not below:
            found[name] = options_of("streamctl", name)
        for each in below:
            found[f"{name} {each}"] = options_of("streamctl", name, each)
    return found


def manual(page, section):
    """The bold names of items in a section of a man page."""
    text = printed("streamctl", "manual", page).split(f".SH {section}\n", 1)[1].split("\n.SH ", 1)[0]
    return {name.replace("\\-", "-") for name in re.findall(r"^\.TP\n\\fB(.*?)\\fR", text, re.MULTILINE)}


def drivers():
    """Names of options by driver, of all drivers that are built."""
    return {name: {option["name"] for option in json.loads(printed("streamctl", "drivers", "show", name, "--json"))["options"]}
            for name in driver_names()}


def driver_names():
    return [driver["name"] for driver in json.loads(printed("streamctl", "drivers", "list", "--json"))["drivers"]]
