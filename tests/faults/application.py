#!/usr/bin/env python3
"""The application of a story that is recorded: a process of its own, so that the interposer sees what it does.

usage: application.py DATABASE IMAGES SYNCHRONOUS; on each line of input, one of
    commit COUNT ROWS   commits, and keeps the image of the database after each commit in IMAGES/<user_version>-<n>
    truncate            a checkpoint that empties the log
    close
It answers each with the number of the newest commit.
"""
import os
import sys

from harness import workload


def keep(writer, folder):
    number = writer.connection.execute("PRAGMA user_version").fetchone()[0]
    image = writer.connection.serialize()
    with open(os.path.join(folder, f"{number}-{len(os.listdir(folder))}"), "wb") as output:
        output.write(image)


def main():
    database, images, synchronous = sys.argv[1:]
    writer = workload.Writer(database)
    writer.connection.execute(f"PRAGMA synchronous={synchronous}")
    keep(writer, images)
    print("open", flush=True)
    for line in sys.stdin:
        words = line.split()
        if words[0] == "close":
            writer.close()
            print("closed", flush=True)
            return
        if words[0] == "truncate":
            writer.checkpoint("TRUNCATE")
        else:
            for _ in range(int(words[1])):
                writer.transaction(int(words[2]))
                keep(writer, images)
        print(writer.points[-1].number, flush=True)


if __name__ == "__main__":
    main()
