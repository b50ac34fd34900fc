"""Breaks files in the ways disks and people do. Offsets count from 0; negative ones from the end."""
import os
import random


def files(folder, suffix=""):
    """Every file below `folder` whose name ends with `suffix`, sorted."""
    found = [os.path.join(place, name) for place, _, names in os.walk(folder) for name in names if name.endswith(suffix)]
    return sorted(found)


def _position(path, offset):
    size = os.path.getsize(path)
    position = offset if offset >= 0 else size + offset
    assert 0 <= position < size, f"{path} has no byte at {offset}: it is {size} bytes long"
    return position


def overwrite(path, offset, content):
    """Replaces bytes in the middle; the file's size must not grow."""
    position = _position(path, offset)
    assert position + len(content) <= os.path.getsize(path), f"{path}: the damage would make it longer"
    with open(path, "r+b") as target:
        target.seek(position)
        target.write(content)


def flip_bit(path, offset, bit=0):
    with open(path, "rb") as source:
        source.seek(_position(path, offset))
        byte = source.read(1)[0]
    overwrite(path, offset, bytes([byte ^ (1 << bit)]))


def truncate(path, keep):
    """Keeps the first `keep` bytes; negative: cuts that many off the end."""
    os.truncate(path, keep if keep >= 0 else os.path.getsize(path) + keep)


def zero(path, offset, length):
    overwrite(path, offset, bytes(length))


def swap_content(first, second):
    """Each file gets the other's content: right bytes under the wrong name."""
    aside = first + ".aside"
    os.rename(first, aside)
    os.rename(second, first)
    os.rename(aside, second)


def random_damage(path, seed):
    """One reproducible damage; returns what was done, in words."""
    draw = random.Random(seed)
    size = os.path.getsize(path)
    kind = draw.choice(("flip", "truncate", "zero"))
    offset = draw.randrange(size)
    if kind == "flip":
        bit = draw.randrange(8)
        flip_bit(path, offset, bit)
        return f"flipped bit {bit} at {offset}"
    if kind == "truncate":
        truncate(path, offset)
        return f"cut to {offset} bytes"
    with open(path, "rb") as source:
        source.seek(offset)
        victim = source.read(512)
    if not any(victim):  # zeros over zeros would be no damage
        flip_bit(path, offset)
        return f"flipped bit 0 at {offset}"
    zero(path, offset, len(victim))
    return f"zeroed {len(victim)} bytes at {offset}"
