"""How much work each measure does."""
import dataclasses


@dataclasses.dataclass
class Sizes:
    name: str
    pairs: int                  # full speed, paced: interleaved rounds
    transactions: int           # full speed
    paced_seconds: int          # at `rate`
    rate: int                   # transactions a second
    busy_rate: int              # transactions a second of a writer that does not wait for locks
    quiet_writes: int           # commits after a quiet time
    large_megabytes: int        # first snapshot and restore
    large_rounds: int
    offline_megabytes: int      # changed while the daemon is down
    moments: int                # restores to past moments
    databases: int
    idle_seconds: int
    fleets: tuple               # databases of a daemon that is measured alone
    settled_seconds: int        # one that was woken is looked at oftener for a minute
    page_databases: int         # of the daemon whose status page is looked at
    page_loads: int
    quiet_seconds: float        # without a new object: a daemon is taken as idle
    grow_seconds: int           # of paced load
    grow_transactions: tuple
    grow_megabytes: tuple
    grow_databases: tuple
    grow_rates: tuple


FULL = Sizes("full", pairs=7, transactions=40_000, paced_seconds=30, rate=200, busy_rate=1000, quiet_writes=100,
             large_megabytes=635, large_rounds=3, offline_megabytes=210, moments=8, databases=200, idle_seconds=30,
             fleets=(1, 100, 1000, 4000), settled_seconds=75, page_databases=1000, page_loads=5, quiet_seconds=3, grow_seconds=10,
             grow_transactions=(10_000, 20_000, 40_000, 80_000, 160_000), grow_megabytes=(20, 80, 160, 320, 640),
             grow_databases=(1, 50, 100, 200, 400), grow_rates=(10, 50, 200, 500, 1000, 2000))

QUICK = dataclasses.replace(FULL, name="quick", pairs=2, transactions=10_000, paced_seconds=10, quiet_writes=8,
                            large_megabytes=100, large_rounds=1, offline_megabytes=50, databases=50, idle_seconds=10,
                            fleets=(1, 50), settled_seconds=10, page_databases=50,
                            grow_transactions=(2_000, 8_000), grow_megabytes=(20, 60), grow_databases=(1, 20),
                            grow_rates=(50, 500))

# Nothing can be concluded from these: they are for the test of the benchmark itself.
TRIVIAL = dataclasses.replace(QUICK, name="trivial", pairs=1, transactions=300, paced_seconds=1, quiet_writes=2,
                              large_megabytes=3, offline_megabytes=3, moments=2, databases=3, idle_seconds=1,
                              fleets=(3,), settled_seconds=0, page_databases=3, page_loads=1, quiet_seconds=1, grow_seconds=1,
                              grow_transactions=(100, 200), grow_megabytes=(1,),
                              grow_databases=(1,), grow_rates=(20,))
