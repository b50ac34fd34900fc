"""LTX files (Litestream 0.5) read and written by their description alone, in both encodings of pages.

It compresses nothing: LZ4 allows blocks that are all literals. Slow, for small databases.
"""
import dataclasses

MASK = (1 << 64) - 1
MARK = 1 << 63
NO_DATABASE_CHECKSUM = 2


def _crc_table():
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = (byte >> 1) ^ (0xD800000000000000 if byte & 1 else 0)
        table.append(byte)
    return table


_TABLE = _crc_table()


def crc64(data):
    state = MASK
    for byte in data:
        state = (state >> 8) ^ _TABLE[(state ^ byte) & 0xFF]
    return state ^ MASK


def xxh32(data):
    """With seed 0; for the content checksum of LZ4 frames."""
    primes = (2654435761, 2246822519, 3266489917, 668265263, 374761393)
    mask = 0xFFFFFFFF

    def rotate(value, count):
        return ((value << count) | (value >> (32 - count))) & mask

    at, total = 0, len(data)
    if total >= 16:
        lanes = [(primes[0] + primes[1]) & mask, primes[1], 0, -primes[0] & mask]
        while at + 16 <= total:
            for lane in range(4):
                word = int.from_bytes(data[at:at + 4], "little")
                lanes[lane] = rotate((lanes[lane] + word * primes[1]) & mask, 13) * primes[0] & mask
                at += 4
        state = sum(rotate(lane, count) for lane, count in zip(lanes, (1, 7, 12, 18))) & mask
    else:
        state = primes[4]
    state = (state + total) & mask
    for at in range(at, total - 3, 4):
        state = rotate((state + int.from_bytes(data[at:at + 4], "little") * primes[2]) & mask, 17) * primes[3] & mask
    for byte in data[total - total % 4:]:
        state = rotate((state + byte * primes[4]) & mask, 11) * primes[0] & mask
    for shift, prime in ((15, primes[1]), (13, primes[2])):
        state = ((state ^ (state >> shift)) * prime) & mask
    return state ^ (state >> 16)


def literals(raw):
    """An LZ4 block that holds `raw` as it is."""
    length = len(raw)
    if length < 15:
        return bytes([length << 4]) + raw
    rest = length - 15
    return b"\xf0" + b"\xff" * (rest // 255) + bytes([rest % 255]) + raw


def frame(raw):
    """An LZ4 frame as Litestream wrote pages until 0.5.15: 64 KiB blocks, content checksum."""
    block = len(raw) | 0x80000000  # not compressed
    return (b"\x04\x22\x4d\x18\x64\x40\xa7" + block.to_bytes(4, "little") + raw + bytes(4)
            + xxh32(raw).to_bytes(4, "little"))


def decode_block(block):
    out, at = bytearray(), 0

    def length(nibble):
        nonlocal at
        total = nibble
        while nibble == 15:
            total += block[at]
            at += 1
            if block[at - 1] != 255:
                break
        return total

    while at < len(block):
        token = block[at]
        at += 1
        count = length(token >> 4)
        out += block[at:at + count]
        at += count
        if at >= len(block):
            break
        offset = int.from_bytes(block[at:at + 2], "little")
        at += 2
        for _ in range(length(token & 15) + 4):
            out.append(out[-offset])
    return bytes(out)


def _varint(number):
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


@dataclasses.dataclass
class Ltx:
    page_size: int
    commit: int  # pages of the database afterwards
    first: int
    last: int
    milliseconds: int
    pages: dict  # number: content

    @property
    def name(self):
        return f"{self.first:016x}-{self.last:016x}.ltx"

    def header(self):
        head = b"LTX1" + NO_DATABASE_CHECKSUM.to_bytes(4, "big") + self.page_size.to_bytes(4, "big")
        head += self.commit.to_bytes(4, "big") + self.first.to_bytes(8, "big") + self.last.to_bytes(8, "big")
        return (head + self.milliseconds.to_bytes(8, "big")).ljust(100, b"\0")

    def encode(self, frames=False):
        """As a file; `frames`: as before 0.5.16."""
        out = summed = self.header()
        index = b""
        for number in sorted(self.pages):
            raw, start = self.pages[number], len(out)
            head = number.to_bytes(4, "big") + (b"\0\0" if frames else b"\0\1")
            packed = frame(raw) if frames else literals(raw)
            if not frames:
                head += len(packed).to_bytes(4, "big")
            out += head + packed
            summed += head + raw
            index += _varint(number) + _varint(start) + _varint(len(out) - start)
        index += b"\0"
        tail = bytes(6) + index + len(index).to_bytes(8, "big") + bytes(8)
        return out + tail + (crc64(summed + tail) | MARK).to_bytes(8, "big")


def read(data):
    """A file with bare blocks, as Litestream writes since 0.5.16; its checksum is not looked at."""
    number = [int.from_bytes(data[at:at + size], "big") for at, size in ((8, 4), (12, 4), (16, 8), (24, 8), (32, 8))]
    assert data[:4] == b"LTX1"
    ltx, at = Ltx(*number, {}), 100
    while page := int.from_bytes(data[at:at + 4], "big"):
        assert data[at + 4:at + 6] == b"\0\1", "a page that is no bare block"
        size = int.from_bytes(data[at + 6:at + 10], "big")
        ltx.pages[page] = decode_block(data[at + 10:at + 10 + size])
        assert len(ltx.pages[page]) == ltx.page_size
        at += 10 + size
    return ltx


def merged(files):
    """Neighbours as one: the last image of each page, without those that were cut off."""
    pages = {}
    for each in files:
        pages.update(each.pages)
    commit = files[-1].commit
    pages = {number: content for number, content in pages.items() if number <= commit}
    return Ltx(files[0].page_size, commit, files[0].first, files[-1].last, files[-1].milliseconds, pages)
