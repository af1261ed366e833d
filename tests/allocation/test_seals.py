"""Sealed draws: nobody picks one, and whatever is changed afterwards is named."""

import hashlib
import hmac
import json
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

import allocator
from leadboard import desk
from leadboard.allocation import chains, draws, limits
from leadboard.allocation.intake import Draft
from leadboard.allocation.ledger import settle
from leadboard.allocation.verification import Verification, verify
from leadboard.database.fields import now
from leadboard.database.proof_tables import Seal
from leadboard.database.transactions import at_one_moment, transact
from leadboard.desk.seals import end_seals, prepare_seals
from leadboard.queries.seals import SealState, seals
from leadboard.transfer.decisions import decision_lines
from models import Operator, Source
from tests.support import ACTOR, add_operator, add_source, arrive, number, opened, rows
from tests.support.altering import alter_both, contradictions
from tests.support.processes import ROOT

pytestmark = pytest.mark.every_engine

VERA, BORIS, BOT = 1, 2, 1


@pytest.fixture(autouse=True)
def book(target: str) -> Iterator[str]:
    """Open a book where Vera and Boris share twelve appeals, the seal of which is over."""
    with opened(target) as path:
        add_operator("Vera", 90), add_operator("Boris", 90)
        add_source("bot", (VERA, 70), (BORIS, 30))
        arrive(BOT, 12)
        end_seals([BOT], actor=ACTOR)
        arrive(BOT, 3)
        settle()
        yield str(path)


def checked(tmp_path: Path, lines: list[str] | None = None) -> list[int | None]:
    """Return the numbers of the decisions that the Python of docs/checking.md does not accept."""
    page = (ROOT / "docs" / "checking.md").read_text(encoding="utf-8")
    [program] = re.findall(r"```python\n(import hashlib.*?)```", page, re.S)
    exported = tmp_path / "decisions.jsonl"
    exported.write_text("\n".join(export() if lines is None else lines), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", program, str(exported)], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    return [int(each) for each in re.findall(r"Does not fit: .*?'n': (\d+)", done.stdout)]


def export() -> list[str]:
    return at_one_moment(lambda: [json.dumps(line) for line in decision_lines()])


def test_a_draw_is_what_its_seal_gives_to_the_words_of_the_client() -> None:
    outside = hashlib.sha256(b'["lead 0",null,"hello"]').hexdigest()
    [first] = [row for row in seals() if row.first == 1]
    seed = bytes.fromhex(first.seed or "")
    mac = hmac.new(seed, f"1/1/1:70,2:30/{outside}".encode(), "sha256").digest()
    draw = int.from_bytes(mac, "big") % 100
    assert rows("SELECT draw, operator_id, number FROM change WHERE appeal_id = 1") == [
        (draw, VERA if draw < 70 else BORIS, 1)
    ]


def test_the_words_are_json_as_anybody_writes_it(tmp_path: Path) -> None:
    placed = allocator.submit('"\\/é😀', BOT, "строка\r\n\t</script> \u2028", "ключ")
    stored = rows(
        "SELECT external_id, key, message FROM appeal JOIN lead ON lead.id = lead_id"
        " WHERE appeal.id = ?",
        placed.id,
    )
    text = json.dumps(list(stored[0]), ensure_ascii=False, separators=(",", ":"))
    assert json.loads(export()[-1])["outside"] == hashlib.sha256(text.encode()).hexdigest()


def test_what_nobody_touched_fits(tmp_path: Path) -> None:
    assert contradictions() == []
    assert checked(tmp_path) == []
    lines = [json.loads(line) for line in export()]
    assert [line["n"] for line in lines if "draw" in line] == list(range(1, 16))
    assert [line.get("reveal") is not None for line in lines if "commit" in line] == [0, 1, 0]


def test_a_seed_is_a_secret_until_its_seal_is_over() -> None:
    secret = [bytes(seal.seed).hex() for seal in Seal.select().where(Seal.last.is_null())]
    assert len(secret) == 2
    told = "\n".join([*export(), *map(repr, seals())])
    assert not [each for each in secret if each in told]
    assert [row.state for row in seals()] == [
        SealState.REVEALED,
        SealState.IN_FORCE,
        SealState.NEXT,
    ]


def test_a_commitment_is_known_before_the_first_draw() -> None:
    [ahead] = [row.commitment for row in seals() if row.state is SealState.NEXT]
    end_seals([BOT], actor=ACTOR)
    [in_force] = [row for row in seals() if row.state is SealState.IN_FORCE]
    assert (in_force.commitment, in_force.first) == (ahead, 16)


TAMPERED = {
    "a draw and its operator": "draw = (draw + 50) % 100, operator_id = 3 - operator_id",
    "a draw alone": "draw = CASE WHEN draw = 0 THEN 1 ELSE draw - 1 END",
    "an operator alone": "operator_id = 3 - operator_id",
    "a head": "head = ?",
}


@pytest.mark.parametrize("what", TAMPERED)
def test_a_changed_line_is_named(what: str, tmp_path: Path) -> None:
    values = [b"\x07" * 32] * (what == "a head")
    rows(f"UPDATE change SET {TAMPERED[what]} WHERE number = 5", *values)
    assert any("#5" in each for each in contradictions())
    # What follows a changed head does not fit it either.
    assert checked(tmp_path) in ([5], [5, 6])


def test_a_changed_message_is_named(tmp_path: Path) -> None:
    rows("UPDATE appeal SET message = 'bye' WHERE id = 5")
    [told] = contradictions()
    assert told.startswith("bot: decision 5 (appeal #5): its draw is ")
    assert checked(tmp_path) == [5]


def test_a_removed_line_is_named(tmp_path: Path) -> None:
    rows("DELETE FROM change WHERE number = 5")
    assert "bot: decision 5 is missing." in contradictions()
    assert checked(tmp_path) == [6]


def test_removed_lines_at_the_end_of_a_seal_are_named(tmp_path: Path) -> None:
    rows("DELETE FROM change WHERE number >= 11")
    assert "bot: its chain ends with decision 10, and not 15." in contradictions()
    assert checked(tmp_path) == [12]


def test_two_lines_swapped_are_named(tmp_path: Path) -> None:
    for was, becomes in ((5, -1), (6, 5), (-1, 6)):
        rows("UPDATE change SET number = ? WHERE number = ?", becomes, was)
    told = contradictions()
    assert any("decision 5 (appeal #6)" in each for each in told)
    assert "bot: decision 5 is missing." in told
    assert {5, 6} <= set(checked(tmp_path))


def test_a_draw_repeated_until_it_pleased_is_named(tmp_path: Path) -> None:
    [(draw, operator_id)] = rows("SELECT draw, operator_id FROM change WHERE number = 5")
    wanted = 3 - int(str(operator_id))
    nicer = 0 if wanted == VERA else 99
    # In the rows and in the ledger alike, with a head that fits.
    alter_both("draw = ?, operator_id = ?", nicer, wanted, of="id = 5")
    lines = [json.loads(line) for line in export()]
    heads = [line["head"] for line in lines if "draw" in line]
    before, line = heads[3], next(line for line in lines if line["n"] == 5)
    said = "{chain}/{n}/{between}/{outside}/{draw}/{operator}".format(**line)
    head = hashlib.sha256(bytes.fromhex(before) + said.encode()).digest()
    rows("UPDATE change SET head = ? WHERE number = 5", head)
    told = contradictions()
    assert told[0].startswith(f"bot: decision 5 (appeal #5): its draw is {nicer}, but its seal")
    assert 5 in checked(tmp_path)
    assert draw != nicer


def test_a_seed_changed_after_the_commitment_is_named(tmp_path: Path) -> None:
    rows("UPDATE seal SET seed = ? WHERE first = 1", b"\x01" * 32)
    told = contradictions()
    assert told[0] == "bot: the seed of seal 1 is not the one that it was committed to."
    assert 12 in checked(tmp_path)


def test_a_seed_changed_with_its_commitment_is_named(tmp_path: Path) -> None:
    seed = b"\x01" * 32
    rows(
        "UPDATE seal SET seed = ?, commitment = ? WHERE first = 1",
        seed,
        hashlib.sha256(seed).hexdigest(),
    )
    assert any("decision 1 (appeal #1)" in each for each in contradictions())
    assert 1 in checked(tmp_path)


def test_a_draw_without_its_seal_is_named() -> None:
    allocator.submit("lead x", BOT, "", rng=random.Random(1))
    [told] = contradictions()
    assert told == "bot: a draw (appeal #16): it is not sealed, though a seal was in force."


def test_a_seal_that_is_off_says_so_and_goes_on_later(tmp_path: Path) -> None:
    desk.change_source(BOT, is_sealed=False, actor=ACTOR)
    arrive(BOT, 4)
    desk.change_source(BOT, is_sealed=True, actor=ACTOR)
    arrive(BOT, 2)
    outcome = verify()
    assert outcome.findings == []
    assert _counts(outcome) == [(17, 4, 0)]
    assert checked(tmp_path) == []


def _counts(outcome: Verification) -> list[tuple[int, int, int]]:
    return [(each.sealed, each.unsealed, each.lost) for each in outcome.chains]


def test_a_seal_ends_after_its_period(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    later = now() + chains.PERIOD + timedelta(minutes=1)
    monkeypatch.setattr(chains, "now", lambda: later)
    arrive(BOT, 2)
    assert [(row.first, row.last) for row in seals()] == [
        (1, 12),
        (13, 15),
        (16, None),
        (None, None),
    ]
    assert contradictions() == []
    assert checked(tmp_path) == []


def test_a_seal_that_began_while_a_clock_was_far_ahead_ends_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(chains, "now", lambda: now() + timedelta(days=3650))
    arrive(BOT, 2)
    monkeypatch.setattr(chains, "now", now)
    arrive(BOT, 2)
    # Twelve and three before the clock went wrong, two while it was.
    assert [row.last for row in seals()] == [12, 15, 17, None, None]
    assert Source.get_by_id(BOT).seal_ends_at < now() + timedelta(days=8)
    assert contradictions() == []


def test_what_flows_from_waiting_and_comes_in_batches_is_sealed(tmp_path: Path) -> None:
    for operator_id in (VERA, BORIS):
        desk.change_operator(operator_id, is_active=False, actor=ACTOR)
    arrive(BOT, 5)
    desk.change_operator(BORIS, is_active=True, actor=ACTOR)
    desk.change_operator(VERA, is_active=True, actor=ACTOR)
    desk.give_back([1, 2, 3], actor=ACTOR)
    desk.submit("by phone", BOT, "hello", actor=ACTOR)
    drafts = [Draft(f"batch {each}", BOT, "привет", f"k{each}") for each in range(40)]
    transact(lambda: allocator.place_all(drafts))
    outcome = verify()
    assert outcome.findings == []
    assert _counts(outcome) == [(15 + 5 + 3 + 1 + 40, 0, 0)]
    end_seals([BOT], actor=ACTOR)
    assert checked(tmp_path) == []


def test_a_lost_draw_has_its_place_in_the_chain(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    real = limits.claim

    def late(operator_id: int) -> str | None:
        """Claim when the last place has just gone to somebody else."""
        Operator.update(max_load=Operator.load).where(Operator.id == operator_id).execute()
        monkeypatch.setattr(draws, "claim", real)
        return real(operator_id)

    monkeypatch.setattr(draws, "claim", late)
    placed = allocator.submit("unlucky", BOT, "")
    [(lost, place)] = rows("SELECT operator_id, number FROM lost_draw")
    assert place == 16
    assert placed.operator_id == 3 - int(str(lost))
    assert number("SELECT number FROM appeal_step WHERE appeal_id = ?", placed.id) == 17
    outcome = verify()
    assert outcome.findings == []
    assert _counts(outcome) == [(17, 0, 1)]
    # It counts for the shares: else whoever is often full would seem to be avoided.
    assert outcome.evenness.draws == 17
    end_seals([BOT], actor=ACTOR)
    assert checked(tmp_path) == []
    rows("DELETE FROM lost_draw")
    assert "bot: decision 16 is missing." in contradictions()


def test_the_next_seals_are_made_once() -> None:
    add_source("site", (VERA, 1))
    prepare_seals()
    prepare_seals()
    assert [row.state for row in seals() if row.source == "site"] == [SealState.NEXT]
    # Nothing was drawn since, so there is nothing to reveal.
    assert end_seals([2], actor=ACTOR) == []


def test_an_ended_seal_is_recorded_and_stays_ended() -> None:
    [(note,)] = rows("SELECT note FROM event WHERE act = 'seal'")
    assert note == "Seals ended and revealed: bot"
    [(event,)] = rows("SELECT id FROM event WHERE act = 'seal'")
    with pytest.raises(Exception, match="cannot be undone"):
        desk.undo(int(str(event)), actor=ACTOR)
