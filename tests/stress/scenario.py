"""What a stress run does to a database and its daemon. Intervals are means, in seconds; 0 = never."""
import dataclasses

# Where processes with the faulty SQLite die or dawdle (fault_points.py). Not in "restart_header": a kill between
# those two stores leaves nBackfill beyond mxFrame, and every SQLite up to 3.54.1 then damages the database itself.
FAULTS = ",".join((
    "commit:kill:0.002", "torn:kill:0.001", "frame:kill:0.0003",
    "checkpoint_page:kill:0.0003", "checkpoint_end:kill:0.004",
    "restart:kill:0.03", "log_header:kill:0.02", "truncate:kill:0.05",
    "commit:sleep:0.02:3000", "torn:sleep:0.01:1500", "restart:sleep:0.1:2000", "read:sleep:0.003:1500",
    "checkpoint_begin:sleep:0.3:3000"))


@dataclasses.dataclass(frozen=True)
class Scenario:
    writers: int = 4
    readers: int = 2
    pace: str = "mix"              # mix, slow or hot: how long writers pause
    page_size: int = 4096
    auto_vacuum: int = 0           # 0 none, 1 full, 2 incremental
    kill_daemon: float = 4.0
    freeze_daemon: float = 5.0
    kill_writer: float = 1.0
    close_all: float = 12.0        # every client leaves, so that the application's last close may end the log
    offline: float = 0.5           # how likely the application then lives a few short lives without a daemon
    newest_sqlite: bool = True     # mixes in a newer SQLite, with and without fault points
    oracle_gap_ms: int = 150
    last_act: str = ""             # what happens when all have left (cast.py): phantom_commit, emptied_log

    @property
    def unbroken(self):
        """Whether the daemon keeps its hold on the log all the time, so that it may not miss a single commit."""
        return not self.kill_daemon and not self.close_all and self.last_act != "emptied_log"


SCENARIOS = {
    "mixed": Scenario(),
    "small-pages": Scenario(page_size=1024, auto_vacuum=2),
    "large-pages": Scenario(page_size=8192, auto_vacuum=1),
    "steady": Scenario(kill_daemon=0, close_all=0),
    "kill-storm": Scenario(kill_daemon=0.8),
    "offline": Scenario(pace="slow", readers=1, kill_daemon=3.0, close_all=6.0, offline=0.9),
    "hot": Scenario(pace="hot", writers=2, kill_daemon=8.0),
    "distribution-sqlite": Scenario(newest_sqlite=False),
    # What the two controls get wrong, at the end of a short stress.
    "phantom-commit": Scenario(kill_daemon=0, kill_writer=0, close_all=0, newest_sqlite=False, last_act="phantom_commit"),
    "emptied-log": Scenario(pace="slow", readers=1, kill_daemon=3.0, close_all=4.0, offline=0.9,
                            last_act="emptied_log"),
}
