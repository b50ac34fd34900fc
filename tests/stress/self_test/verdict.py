"""The verdict accepts what is right and names what is wrong: a check that cannot fail proves nothing."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import verdict  # noqa: E402 (found through the line above)
from harness import case  # noqa: E402


def image(user_version, variant=""):
    return verdict.Image(user_version, 10, f"hash-{user_version}{variant}")


def chain(*steps):
    return [verdict.Commit(txid, image(user_version), kind) for txid, user_version, kind in steps]


RIGHT = chain((5, 3, "snapshot"), (6, 4, "commit"), (7, 4, "commit"),
              (8, 9, "delta"), (9, 10, "commit"), (40, 12, "snapshot"))


def test_a_right_chain_has_no_complaints(_):
    assert list(verdict.check_chain(RIGHT)) == []


def test_holes_jumps_and_steps_back_are_named(_):
    for wrong, words in ((chain((1, 1, "snapshot"), (3, 2, "commit")), "txid 3 follows 1"),
                         (chain((1, 1, "snapshot"), (2, 3, "commit")), "jumps from 1 to 3"),
                         (chain((1, 5, "snapshot"), (2, 4, "delta")), "goes back from 5 to 4")):
        complaints = list(verdict.check_chain(wrong))
        assert len(complaints) == 1 and words in complaints[0], complaints


def test_a_run_without_interruption_may_skip_nothing(_):
    assert list(verdict.check_unbroken(RIGHT[:3])) == []
    assert len(list(verdict.check_unbroken(RIGHT))) == 2


def test_what_the_oracle_saw_is_matched_excused_or_missed(_):
    seen = [image(4), image(10), image(7), image(2), image(4)]
    assert verdict.check_oracle(RIGHT, seen) == ([], 2, 2)
    longer = RIGHT + chain((41, 13, "commit"), (42, 14, "commit"))
    complaints, matched, _ = verdict.check_oracle(longer, seen + [image(14, "-other")])
    assert matched == 2
    assert len(complaints) == 1 and "user_version 14" in complaints[0]


def test_an_oracle_without_any_match_is_a_failure(_):
    complaints, matched, excused = verdict.check_oracle(RIGHT, [image(7)])
    assert (matched, excused) == (0, 1)
    assert "nothing is proven" in complaints[0]


def test_the_end_of_the_replica_is_what_the_oracle_saw_last(_):
    assert list(verdict.check_end(RIGHT, [image(4), image(12)])) == []
    complaints = list(verdict.check_end(RIGHT, [image(12), image(12, "-phantom")]))
    assert len(complaints) == 1 and "phantom" in complaints[0]


def test_what_the_oracle_disproves_is_told_from_other_complaints(_):
    complaints, _, _ = verdict.check_oracle(RIGHT[:3], [image(4, "-other"), image(4)])
    assert list(map(verdict.is_divergence, complaints)) == [True]
    assert all(map(verdict.is_divergence, verdict.check_end(RIGHT, [image(1)])))
    assert not any(map(verdict.is_divergence, [verdict.NOTHING_PROVEN, *verdict.check_unbroken(RIGHT)]))


def test_a_break_of_the_capture_is_found_in_the_log(folder):
    log = os.path.join(folder, "daemon.log")
    for line, found in (("info  database attached", 0), ('warn error="capture of /a.db broke: salts differ"', 1)):
        with open(log, "w", encoding="ascii") as output:
            output.write(line + "\n")
        assert len(list(verdict.check_live(log))) == found


def test_lines_are_read_as_the_tools_spell_them(_):
    assert verdict.parse("0 7 3 abc commit\n\n12 8 4 def delta\n") == [
        verdict.Commit(0, verdict.Image(7, 3, "abc"), "commit"),
        verdict.Commit(12, verdict.Image(8, 4, "def"), "delta")]


if __name__ == "__main__":
    case.run(globals())
