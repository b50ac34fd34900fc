"""Child processes that never outlive the test."""
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading

from harness import secrets

_running = []


class Child:
    """A started program; its output goes to `log` (a path)."""

    def __init__(self, command, log, environment=None):
        self.command = [str(word) for word in command]
        self.log = log
        environment = {**os.environ, **(environment or {})}
        secrets.from_environment(environment)
        with open(log, "ab") as output:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                env=environment, start_new_session=True)
        _running.append(self)

    @property
    def pid(self):
        return self.process.pid

    def running(self):
        return self.process.poll() is None

    def output(self):
        with open(self.log, encoding="utf-8", errors="replace") as content:
            return content.read()

    def signal(self, number):
        if self.running():
            self.process.send_signal(number)

    def freeze(self):
        self.signal(signal.SIGSTOP)

    def thaw(self):
        self.signal(signal.SIGCONT)

    def kill(self):
        """SIGKILL, and waits; returns the exit code."""
        self.signal(signal.SIGKILL)
        return self.wait()

    def terminate(self, patience=120.0):
        """SIGTERM, and waits; returns the exit code. Fails when the program does not end."""
        self.thaw()
        self.signal(signal.SIGTERM)
        return self.wait(patience)

    def wait(self, patience=120.0):
        try:
            code = self.process.wait(patience)
        except subprocess.TimeoutExpired:
            stacks = stacks_of(self.process.pid)
            self.process.kill()
            self.process.wait()
            words = " ".join(self.command)
            raise AssertionError(f"did not end within {patience:g} s: {words}\n{self.output()}\n{stacks}") from None
        if self in _running:
            _running.remove(self)
        return code


def stacks_of(pid):
    """What every thread of a process that hangs is doing; a line instead where no debugger is installed."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as status:
        state = "".join(line for line in status if line.startswith(("State", "Threads", "Sig", "Shd")))
    if shutil.which("gdb") is None:
        return state + "(no gdb here: no stacks)"
    shown = subprocess.run(["gdb", "-p", str(pid), "-batch", "-ex", "thread apply all backtrace 20"],
                           capture_output=True, text=True, errors="replace", timeout=120, check=False)
    return state + shown.stdout


class Conversation:
    """A started program that is told line by line what to do and answers each line with one (tests/application)."""

    def __init__(self, command):
        self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, start_new_session=True)
        _running.append(self)

    def say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def ask(self, line):
        self.say(line)
        return self.process.stdout.readline().rstrip("\n")

    def kill(self):
        self.process.kill()
        self.process.communicate()
        _running.remove(self)


def measured(command, environment=None, patience=60.0):
    """Runs a command to its end: (exit code, what it printed, largest resident size in bytes). Fails when it takes longer."""
    with tempfile.TemporaryFile("w+") as output:
        child = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                 env={**os.environ, **(environment or {})}, start_new_session=True)
        timer = threading.Timer(patience, child.kill)
        timer.start()
        try:
            _, status, usage = os.wait4(child.pid, 0)
        finally:
            timer.cancel()
        child.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read()
    secrets.check_text("what it printed", text)
    assert child.returncode != -signal.SIGKILL, f"did not end within {patience:g} s: {' '.join(map(str, command))}\n{text}"
    return child.returncode, text, usage.ru_maxrss * 1024


def stop_all():
    """Kills every child that still runs."""
    while _running:
        _running[-1].kill()


def free_port():
    """A TCP port on loopback that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def open_files(pid):
    """What the process has open, as paths."""
    folder = f"/proc/{pid}/fd"
    paths = []
    for name in os.listdir(folder):
        try:
            paths.append(os.readlink(os.path.join(folder, name)))
        except FileNotFoundError:  # closed meanwhile
            continue
    return paths


def cpu_seconds(pid):
    """Processor time the process has used so far."""
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_memory(pid):
    """The largest resident size so far, in bytes."""
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    raise AssertionError(f"process {pid} states no peak memory")
