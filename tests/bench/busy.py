"""A writer with busy_timeout 0 beside the daemon: how often it is told that the database is busy."""
import os
import shutil

import application
from report import Findings, Row, at_most


def refusals(replicator, folder, transactions, defaults=None, **options):
    home = os.path.join(folder, "run")
    database = os.path.join(home, "app.db")
    application.create(database)
    with replicator(home, [database], defaults) as subject:
        subject.start_ready()
        busy = application.run(database, transactions, busy_timeout=0, **options)["busy"]
    shutil.rmtree(home)
    return busy


def measure(context):
    sizes = context.sizes
    paced = sizes.busy_rate * sizes.paced_seconds
    runs = [(f"busy_timeout 0, {sizes.busy_rate:,} transactions a second: times busy", paced,
             {"rate": sizes.busy_rate}, None),
            ("busy_timeout 0, full speed: times busy", sizes.transactions, {}, None),
            ("the same with wal-force-reset = false", sizes.transactions, {}, {"wal-force-reset": False})]
    rows = []
    for title, transactions, options, defaults in runs:
        values = {}
        for replicator in context.replicators:
            if defaults and replicator.name != "streamd":
                continue  # a setting of ours
            values[replicator.name] = refusals(replicator, context.folder, transactions, defaults, **options)
        forced = "full speed" in title
        rows.append(Row(title, "", values, None if forced else at_most(values, 0, "none")))
        context.note(f"{title}: {values}")
    return Findings(rows)
