"""Databases against databases.

Nothing here opens a live database but through SQLite: closing a plain descriptor of it would drop the locks that
SQLite holds on it in the same process.
"""
import hashlib
import sqlite3
import urllib.parse


def read_only(path):
    return sqlite3.connect(f"file:{urllib.parse.quote(path)}?mode=ro", uri=True, isolation_level=None)


def image(path):
    """The database as one block of bytes, page by page through SQLite's pager, the log included."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("BEGIN")
        connection.execute("PRAGMA schema_version").fetchone()  # takes the snapshot
        return connection.serialize()
    finally:
        connection.close()


def page_size(image_bytes):
    size = int.from_bytes(image_bytes[16:18], "big")
    return 65536 if size == 1 else size


def page_differences(first, second):
    """Numbers of the pages in which two images differ, those that only one has included."""
    size = page_size(first)
    pages = (max(len(first), len(second)) + size - 1) // size
    starts = [page * size for page in range(pages)]
    return [start // size + 1 for start in starts if first[start:start + size] != second[start:start + size]]


def assert_same_pages(first_path, second_path):
    differences = page_differences(image(first_path), image(second_path))
    assert not differences, f"{first_path} and {second_path} differ in {len(differences)} pages: {differences[:20]}"


def dump_digest(path):
    """SHA-256 over the SQL text that recreates the database."""
    connection = read_only(path)
    try:
        digest = hashlib.sha256()
        for statement in connection.iterdump():
            digest.update(statement.encode("utf-8", "surrogatepass") + b"\n")
        return digest.hexdigest()
    finally:
        connection.close()


def row_counts(path):
    """How many rows each table has."""
    connection = read_only(path)
    try:
        names = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").fetchall()
        quoted = {name: '"' + name.replace('"', '""') + '"' for (name,) in names}
        return {name: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for name, table in quoted.items()}
    finally:
        connection.close()


def assert_integrity(path):
    connection = read_only(path)
    try:
        found = connection.execute("PRAGMA integrity_check").fetchall()
    except sqlite3.DatabaseError as refused:  # too broken even to be checked
        raise AssertionError(f"{path}: {refused}") from None
    finally:
        connection.close()
    assert found == [("ok",)], f"{path}: integrity_check says {found[:5]}"
