"""Inserts fault points into an SQLite amalgamation: the places where a dying or slow process hurts most.

The patterns are the text of wal.c that 3.40 and 3.54 share; one that is not found is an error, so that a new
SQLite cannot silently lose a point.
"""
import os
import re

HOOK = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fault_points.c")

# (point, what it follows or precedes, pattern). Group 1 is what stands before the call, group 2 what stands after it.
POINTS = (
    ("commit", "the commit frame is written, the wal-index does not know it yet",
     r"(    /\* If this is a commit, update the wal-index header too\. \*/\n    if\( isCommit \)\{\n)()"),
    ("torn", "one of the two wal-index headers is new",
     r"(  memcpy\(\(void\*\)&aHdr\[1\], \(const void\*\)&pWal->hdr, sizeof\(WalIndexHdr\)\);\n"
     r"  walShmBarrier\(pWal\);\n)()"),
    ("checkpoint_begin", "a checkpointer has read its header and not yet begun",
     r"()(\n\s*if\( pWal->hdr\.mxFrame && walPagesize\(pWal\)!=nBuf \)\{)"),
    ("checkpoint_page", "between two pages of a checkpoint",
     r"()(iOffset = walFrameOffset\(iFrame, szPage\) \+ WAL_FRAME_HDRSIZE;\n\s*/\* testcase\( IS_BIG_INT)"),
    ("checkpoint_end", "all pages are in the database, the wal-index does not say so",
     r"()(AtomicStore\(&pInfo->nBackfill, mxSafeFrame\);)"),
    ("frame", "a frame's header is written, its page is not",
     r"(  rc = walWriteToLog\(p, aFrame, sizeof\(aFrame\), iOffset\);\n  if\( rc \) return rc;\n)()"),
    ("restart", "the log was restarted by its first writer",
     r"(        walRestartHdr\(pWal, salt1\);\n)(        walUnlockExclusive)"),
    ("truncate", "the log was restarted and is not yet truncated",
     r"(          walRestartHdr\(pWal, salt1\);\n)(          rc = sqlite3OsTruncate)"),
    ("log_header", "the header of a new log is written",
     r"(    rc = sqlite3OsWrite\(pWal->pWalFd, aWalHdr, sizeof\(aWalHdr\), 0\);\n)()"),
    ("read", "a reader is about to choose its read mark",
     r"(  pInfo = walCkptInfo\(pWal\);\n(?:  SEH_INJECT_FAULT;\n  \{\n.*?)?(?:  |    ))"
     r"(if\( !useWal && AtomicLoad\(&pInfo->nBackfill\)==pWal->hdr\.mxFrame)"),
    ("restart_header", "between the two stores of a restart",
     r"(  walIndexWriteHdr\(pWal\);\n)(  AtomicStore\(&pInfo->nBackfill, 0\);)"),
)


def insert(source, point, pattern):
    def with_call(found):
        return f'{found[1]} faultPoint("{point}"); {found[2]}'

    changed, count = re.subn(pattern, with_call, source, count=1, flags=re.S)
    if count == 0:
        raise ValueError(f"this SQLite has no place for the fault point {point!r}")
    return changed


def with_fault_points(amalgamation):
    """The amalgamation's text with every fault point in it."""
    with open(HOOK, encoding="utf-8") as hook:
        start = amalgamation.index("/************** Begin file wal.c")
        source = amalgamation[:start] + hook.read() + amalgamation[start:]
    for point, _, pattern in POINTS:
        source = insert(source, point, pattern)
    return source
