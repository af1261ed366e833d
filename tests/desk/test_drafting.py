"""Drafts: applied whole or not at all, whatever others do meanwhile, and taken back whole."""

import threading

import pytest

from leadboard import desk
from leadboard.common.errors import Refused
from leadboard.foresight.draft import Newcomer, TeamDraft
from tests.desk.conftest import BORIS, BOT, GLEB, OTHER, WAITING, Team
from tests.support import ACTOR, arrive, elsewhere, holder_of, holders, load_of, rows, scalar
from tests.support.acts import assert_clean, last_event, newest_event_id, refused, snapshot

pytestmark = pytest.mark.every_engine

DORA = Newcomer(-1, "Dora", 2)


def test_what_others_have_changed_is_refused_by_name_and_nothing_is_half_done(team: Team) -> None:
    draft = (
        TeamDraft(newcomers=[DORA])
        .with_weight((team.vera, team.bot), 50, 60)
        .with_weight((team.gleb, team.bot), None, 5)
        .with_limit(team.vera, 4, 9)
    )
    desk.set_weight(team.vera, team.bot, 70, actor=OTHER)
    desk.step_limit(team.vera, 1, actor=OTHER)
    with refused("meanwhile: Vera · bot set to 70, Vera's limit set to 5."):
        desk.apply_draft(draft, actor=ACTOR)
    with pytest.raises(Refused) as refusal:
        desk.apply_draft(draft, actor=ACTOR)
    assert refusal.value.field == "force"
    desk.apply_draft(draft, force=True, actor=ACTOR)
    assert rows("SELECT weight FROM operator_source ORDER BY operator_id") == [(60,), (0,), (5,)]
    desk.undo(actor=ACTOR)
    assert scalar("SELECT weight FROM operator_source WHERE operator_id = ?", team.vera) == 70


def test_many_changes_by_others_are_counted(team: Team) -> None:
    draft = TeamDraft().with_limit(team.vera, 8, 9).with_limit(team.boris, 8, 9)
    draft = draft.with_limit(team.gleb, 8, 9).with_weight((team.vera, team.bot), 1, 2)
    with refused("Vera · bot set to 50", "and 1 more."):
        desk.apply_draft(draft, actor=ACTOR)


@pytest.mark.usefixtures("queued")
def test_a_draft_hands_out_what_it_makes_room_for_and_undo_takes_that_back() -> None:
    before = snapshot()
    draft = TeamDraft(newcomers=[DORA]).with_weight((-1, BOT), None, 1)
    ids = desk.apply_draft(draft, actor=ACTOR).result
    dora = ids[-1]
    assert holders(WAITING) == [dora, dora, None]
    assert last_event()[2] == "Draft applied: 1 weight, 1 new operator; 2 waiting handed out"
    desk.undo(actor=ACTOR)
    assert holders(WAITING) == [None] * 3
    # She has had appeals: she stays, off and without a weight. All else is as it was.
    assert rows("SELECT is_active, load FROM operator WHERE id = ?", dora) == [(0, 0)]
    left = snapshot()
    left["operator"] = [row for row in left["operator"] if row[0] != dora]
    assert left == before
    assert_clean()
    desk.redo(actor=ACTOR)
    assert holders(WAITING) == [dora, dora, None]
    assert rows("SELECT is_active, load FROM operator WHERE id = ?", dora) == [(1, 2)]
    assert_clean()
    desk.undo(actor=ACTOR)
    assert rows("SELECT is_active, load FROM operator WHERE id = ?", dora) == [(0, 0)]
    assert_clean()


@pytest.mark.usefixtures("queued")
def test_undo_is_refused_whole_once_one_of_its_rows_has_changed() -> None:
    draft = TeamDraft().with_weight((GLEB, BOT), None, 1).with_limit(BORIS, 2, 3)
    desk.apply_draft(draft, actor=ACTOR)
    desk.step_limit(BORIS, 1, actor=OTHER)
    with refused("has changed since"):
        desk.undo(actor=ACTOR)


def test_it_is_one_act_in_the_record(team: Team) -> None:
    events = newest_event_id()
    draft = TeamDraft().with_switch(team.vera, True, False).with_switch(team.boris, False, True)
    desk.apply_draft(draft, actor=ACTOR)
    assert newest_event_id() == events + 1
    assert last_event()[2] == "Draft applied: 1 switched on, 1 switched off"
    # Who is switched off keeps what they have.
    assert load_of(team.vera) == 3


def test_a_source_that_is_gone_is_named(team: Team) -> None:
    draft = TeamDraft().with_weight((team.gleb, team.site), None, 5)
    desk.delete_source(team.site, actor=OTHER)
    with refused("There is no source #2."):
        desk.apply_draft(draft, actor=ACTOR)


@pytest.mark.race
def test_of_two_drafts_for_one_weight_applied_at_once_one_is_refused(
    target: str, team: Team
) -> None:
    outcomes: list[str] = []

    def apply(weight: int) -> None:
        draft = TeamDraft().with_weight((team.vera, team.bot), 50, weight)
        try:
            outcomes.append(desk.apply_draft(draft, actor=f"dispatcher {weight}").note)
        except Refused as refusal:
            outcomes.append(str(refusal))

    threads = [threading.Thread(target=apply, args=(weight,)) for weight in (60, 70)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(each.startswith("Draft applied") for each in outcomes) == [False, True]
    assert_clean()


def test_what_another_program_unlinked_is_said_so(target: str, team: Team) -> None:
    elsewhere(target, f"DELETE FROM operator_source WHERE operator_id = {team.vera}")
    with refused("Vera · bot unlinked"):
        desk.apply_draft(TeamDraft().with_weight((team.vera, team.bot), 50, 60), actor=ACTOR)
    assert holder_of(arrive(team.bot)[0]) is None
