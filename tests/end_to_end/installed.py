"""What the tests of this folder begin with: one database, replicated into one folder."""
import os
import shutil

from harness.daemon import Database, Installation, file_replica
from harness.workload import Writer


def replicated(folder, **settings):
    """(installation, writer); the daemon is not started."""
    database = Database(os.path.join(folder, "app.db"), [file_replica(os.path.join(folder, "replica"))])
    writer = Writer(database.path)
    return Installation(folder, [database], **settings), writer


def restored(installation, name, *arguments):
    """Restores into a new file of the folder and returns its path."""
    out = os.path.join(installation.folder, name)
    installation.restore(installation.databases[0], out, *arguments).expect(0)
    return out


def lose_machine(installation):
    """Everything is gone but the configuration."""
    with open(installation.config, "rb") as content:
        configuration = content.read()
    shutil.rmtree(installation.folder)
    os.makedirs(installation.folder)
    with open(installation.config, "wb") as output:
        output.write(configuration)
    os.chmod(installation.config, 0o600)
