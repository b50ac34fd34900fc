"""Comparisons see every difference, and the damage helpers do what they say."""
import os

from harness import case, compare, damage, workload


def two_copies(folder):
    database = os.path.join(folder, "app.db")
    writer = workload.Writer(database)
    writer.transactions(60)
    paths = [os.path.join(folder, name) for name in ("a.db", "b.db")]
    for path in paths:
        with open(path, "wb") as copy:
            copy.write(compare.image(database))
    writer.close()
    return paths


def raises(function, *arguments):
    try:
        function(*arguments)
    except AssertionError:
        return True
    return False


def test_an_image_includes_what_is_only_in_the_log(folder):
    database = os.path.join(folder, "app.db")
    writer = workload.Writer(database)
    writer.transactions(5)
    with open(os.path.join(folder, "before.db"), "wb") as before:
        before.write(compare.image(database))
    writer.transactions(1)
    assert compare.page_differences(compare.image(database), compare.image(os.path.join(folder, "before.db")))
    writer.checkpoint("TRUNCATE")
    with open(database, "rb") as plain:
        checkpointed = plain.read()
    assert compare.page_differences(compare.image(database), checkpointed) == []
    writer.close()


def test_one_flipped_bit_is_one_differing_page(folder):
    first, second = two_copies(folder)
    compare.assert_same_pages(first, second)
    damage.flip_bit(second, 4096 * 2 + 100, 3)
    assert compare.page_differences(compare.image(first), compare.image(second)) == [3]
    assert raises(compare.assert_same_pages, first, second)
    damage.flip_bit(second, 4096 * 2 + 100, 3)
    compare.assert_same_pages(first, second)


def test_content_is_compared_row_by_row(folder):
    first, second = two_copies(folder)
    assert compare.dump_digest(first) == compare.dump_digest(second)
    assert compare.row_counts(first) == compare.row_counts(second)
    assert compare.row_counts(first)["digests"] == 60
    workload.Writer(second, seed=9).transaction()
    assert compare.dump_digest(first) != compare.dump_digest(second)
    assert compare.row_counts(second)["digests"] == 61


def test_integrity_check_sees_a_zeroed_page(folder):
    first, second = two_copies(folder)
    compare.assert_integrity(first)
    damage.zero(second, 4096, 4096)
    assert raises(compare.assert_integrity, second)


def test_files_are_cut_swapped_and_found(folder):
    first, second = os.path.join(folder, "1.part"), os.path.join(folder, "sub", "2.part")
    os.mkdir(os.path.dirname(second))
    for path, content in ((first, b"first content"), (second, b"second")):
        with open(path, "wb") as output:
            output.write(content)
    assert damage.files(folder, ".part") == [first, second]
    damage.swap_content(first, second)
    damage.truncate(first, -2)
    damage.truncate(second, 5)
    with open(first, "rb") as one, open(second, "rb") as two:
        assert (one.read(), two.read()) == (b"seco", b"first")
    assert raises(damage.overwrite, first, 2, b"long")


def test_random_damage_always_changes_the_file_and_is_reproducible(folder):
    path = os.path.join(folder, "object")
    whole = bytes(1000) + bytes(range(250)) * 4
    for seed in range(60):
        results = []
        for _ in range(2):
            with open(path, "wb") as output:
                output.write(whole)
            words = damage.random_damage(path, seed)
            with open(path, "rb") as damaged:
                results.append((words, damaged.read()))
        assert results[0] == results[1]
        assert results[0][1] != whole, results[0][0]


if __name__ == "__main__":
    case.run(globals())
