"""The model of a disk: what is synced stays, what is not may go."""
import os

import disk
from harness import case

ROOT = "/disk"
WHOLE, LATER = b"whole" * 300, b"later" * 300


def replayed(*records):
    model = disk.Disk(ROOT)
    for record in (disk.Record("G", 1, 0, ROOT, b""), *records):
        model.apply(record)
    return model


def made(inode, name):
    return disk.Record("C", inode, 0, os.path.join(ROOT, name), b"")


def written(inode, data, offset=0):
    return disk.Record("W", inode, offset, "", data)


def synced(inode):
    return disk.Record("S", inode, 0, "", b"")


def contents(model, kind, seed=1):
    return {path: content for path, (_, content) in model.cut(kind, seed).items()}


def test_content_and_name_are_synced_apart(_):
    model = replayed(made(2, "a"), written(2, WHOLE), synced(2))
    assert contents(model, "strict") == {}
    assert contents(model, "kept") == {"a": WHOLE}
    model.apply(synced(1))
    model.apply(written(2, LATER))
    assert contents(model, "strict") == {"a": WHOLE}
    model = replayed(made(2, "a"), written(2, WHOLE), synced(1))
    assert contents(model, "strict") == {"a": b""}


def test_a_rename_is_undone_until_its_folder_is_synced(_):
    old, new = os.path.join(ROOT, "a"), os.path.join(ROOT, "b")
    steps = [made(2, "a"), written(2, WHOLE), synced(2), synced(1), disk.Record("R", 0, 0, old, new.encode())]
    assert contents(replayed(*steps), "strict") == {"a": WHOLE}
    assert contents(replayed(*steps, synced(1)), "strict") == {"b": WHOLE}


def test_a_folder_without_a_name_takes_all_with_it(_):
    steps = [disk.Record("M", 3, 0, os.path.join(ROOT, "f"), b""), made(2, "f/a"), written(2, WHOLE), synced(2), synced(3)]
    assert contents(replayed(*steps), "strict") == {}
    assert contents(replayed(*steps, synced(1)), "strict") == {"f": None, "f/a": WHOLE}


def test_what_was_removed_comes_back(_):
    steps = [made(2, "a"), synced(2), synced(1), disk.Record("U", 0, 0, os.path.join(ROOT, "a"), b"")]
    assert contents(replayed(*steps), "strict") == {"a": b""}
    assert contents(replayed(*steps, synced(1)), "strict") == {}


def test_a_loose_cut_tears_writes_at_sectors_and_never_touches_what_was_synced(_):
    model = replayed(made(2, "a"), written(2, WHOLE), synced(2), synced(1), written(2, LATER))
    seen = {contents(model, "loose", seed)["a"] for seed in range(200)}
    assert WHOLE in seen and LATER in seen and len(seen) > 4
    for image in seen:
        for begin in range(0, len(WHOLE), 512):
            assert image[begin:begin + 512] in (WHOLE[begin:begin + 512], LATER[begin:begin + 512])


if __name__ == "__main__":
    case.run(globals())
