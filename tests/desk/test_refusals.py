"""What acts refuse, changing nothing, and acts that find nothing to do."""

from collections.abc import Callable

import pytest

from leadboard import desk
from leadboard.common.validation import MAX_LIMIT, MAX_WEIGHT
from leadboard.desk import Done
from tests.desk.conftest import Team
from tests.support import ACTOR, arrive, dump
from tests.support.acts import assert_clean, refused

pytestmark = pytest.mark.every_engine


Act = Callable[["Team"], object]


NEW = 10**6
"""No row has this id."""


LONG = "x" * 81


REFUSALS: dict[str, Act] = {
    "a weight that is another now": lambda t: desk.replace_weight(
        t.vera, t.bot, 49, 30, actor=ACTOR
    ),
    "a weight that was there and is not": lambda t: desk.replace_weight(
        t.gleb, t.bot, 49, 30, actor=ACTOR
    ),
    "a weight that was not there and is": lambda t: desk.replace_weight(
        t.vera, t.bot, None, 30, actor=ACTOR
    ),
    "an operator without a name": lambda _: desk.add_operator(" ", 1, actor=ACTOR),
    "an operator whose name is no text": lambda _: desk.add_operator(7, 1, actor=ACTOR),
    "an operator with a long name": lambda _: desk.add_operator(LONG, 1, actor=ACTOR),
    "an operator with an escape": lambda _: desk.add_operator("a\x1b[1m", 1, actor=ACTOR),
    "an operator twice": lambda _: desk.add_operator("Vera", 1, actor=ACTOR),
    "an operator with a negative limit": lambda _: desk.add_operator("D", -1, actor=ACTOR),
    "an operator with a vast limit": lambda _: desk.add_operator("D", MAX_LIMIT + 1, actor=ACTOR),
    "an operator with a limit of text": lambda _: desk.add_operator("D", "5", actor=ACTOR),
    "an operator with a limit of truth": lambda _: desk.add_operator("D", True, actor=ACTOR),
    "an operator with half a limit": lambda _: desk.add_operator("D", 1.5, actor=ACTOR),
    "editing nobody": lambda _: desk.change_operator(NEW, name="D", max_load=1, actor=ACTOR),
    "editing to a taken name": lambda t: desk.change_operator(
        t.gleb, name="Vera", max_load=1, actor=ACTOR
    ),
    "editing to a bad limit": lambda t: desk.change_operator(
        t.gleb, name="Gleb", max_load=None, actor=ACTOR
    ),
    "renaming nobody": lambda _: desk.change_operator(NEW, name="D", actor=ACTOR),
    "renaming to a taken name": lambda t: desk.change_operator(t.gleb, name="Vera", actor=ACTOR),
    "renaming to nothing": lambda t: desk.change_operator(t.gleb, name="", actor=ACTOR),
    "limiting nobody": lambda _: desk.change_operator(NEW, max_load=1, actor=ACTOR),
    "a negative limit": lambda t: desk.change_operator(t.gleb, max_load=-1, actor=ACTOR),
    "stepping nobody's limit": lambda _: desk.step_limit(NEW, 1, actor=ACTOR),
    "stepping a limit too far": lambda t: desk.step_limit(t.gleb, MAX_LIMIT, actor=ACTOR),
    "switching nobody": lambda _: desk.change_operator(NEW, is_active=True, actor=ACTOR),
    "toggling nobody": lambda _: desk.toggle_active([NEW], actor=ACTOR),
    "sending nobody home": lambda _: desk.send_home([NEW], actor=ACTOR),
    "deleting nobody": lambda _: desk.delete_operator(NEW, actor=ACTOR),
    "deleting who has appeals": lambda t: desk.delete_operator(t.vera, actor=ACTOR),
    "a source without a name": lambda _: desk.add_source("\t", actor=ACTOR),
    "a source twice": lambda _: desk.add_source("bot", actor=ACTOR),
    "renaming no source": lambda _: desk.change_source(NEW, name="vk", actor=ACTOR),
    "renaming a source to a taken name": lambda t: desk.change_source(
        t.site, name="bot", actor=ACTOR
    ),
    "deleting no source": lambda _: desk.delete_source(NEW, actor=ACTOR),
    "deleting a source with appeals": lambda t: desk.delete_source(t.bot, actor=ACTOR),
    "a weight for nobody": lambda t: desk.set_weight(NEW, t.bot, 1, actor=ACTOR),
    "a weight for no source": lambda t: desk.set_weight(t.vera, NEW, 1, actor=ACTOR),
    "a negative weight": lambda t: desk.set_weight(t.vera, t.bot, -1, actor=ACTOR),
    "a vast weight": lambda t: desk.set_weight(t.vera, t.bot, MAX_WEIGHT + 1, actor=ACTOR),
    "a weight of text": lambda t: desk.set_weight(t.vera, t.bot, "7", actor=ACTOR),
    "stepping nobody's weight": lambda t: desk.step_weight(NEW, t.bot, 1, actor=ACTOR),
    "unlinking nobody": lambda t: desk.unlink(NEW, t.bot, actor=ACTOR),
    "unlinking from no source": lambda t: desk.unlink(t.vera, NEW, actor=ACTOR),
    "spreading nobody's row": lambda _: desk.spread_row(NEW, actor=ACTOR),
    "spreading a row of no weights": lambda t: desk.spread_row(t.gleb, actor=ACTOR),
    "spreading no source": lambda _: desk.spread(NEW, actor=ACTOR),
    "spreading a source nobody serves": lambda t: desk.spread(t.site, actor=ACTOR),
    "switching nobody at all": lambda _: desk.toggle_active([], actor=ACTOR),
    "sending home nobody at all": lambda _: desk.send_home([], actor=ACTOR),
    "scaling by nothing": lambda t: desk.scale(t.bot, "0", actor=ACTOR),
    "scaling by a word": lambda t: desk.scale_row(t.vera, "half", actor=ACTOR),
    "scaling beyond the largest weight": lambda t: desk.scale(t.bot, "99999", actor=ACTOR),
    "scaling a source nobody serves": lambda t: desk.scale(t.site, "2", actor=ACTOR),
    "scaling a row of no weights": lambda t: desk.scale_row(t.gleb, "2", actor=ACTOR),
    "an appeal of nobody": lambda t: desk.submit("", t.bot, "hi", actor=ACTOR),
    "an appeal of no source": lambda _: desk.submit("77", NEW, "hi", actor=ACTOR),
    "an appeal whose text is a number": lambda t: desk.submit("77", t.bot, 7, actor=ACTOR),
    "an appeal too long": lambda t: desk.submit("77", t.bot, "x" * 10_001, actor=ACTOR),
    "an appeal with an empty key": lambda t: desk.submit("77", t.bot, "hi", "", actor=ACTOR),
    "assigning nothing": lambda t: desk.assign([], t.gleb, actor=ACTOR),
    "assigning no appeal": lambda t: desk.assign([NEW], t.gleb, actor=ACTOR),
    "assigning to nobody": lambda _: desk.assign([1], NEW, actor=ACTOR),
    "assigning to nobody by force": lambda _: desk.assign([1], NEW, force=True, actor=ACTOR),
    "assigning to its holder": lambda t: desk.assign([1], t.vera, actor=ACTOR),
    "assigning a closed one": lambda t: desk.assign([t.closed], t.gleb, actor=ACTOR),
    "assigning to one who is off": lambda t: desk.assign([1], t.boris, actor=ACTOR),
    "assigning too many": lambda t: desk.assign(t.held, t.gleb, actor=ACTOR),
    "assigning one of several gone": lambda t: desk.assign([1, NEW], t.gleb, actor=ACTOR),
    "returning nothing": lambda _: desk.give_back([], actor=ACTOR),
    "returning no appeal": lambda _: desk.give_back([NEW], actor=ACTOR),
    "returning a closed one": lambda t: desk.give_back([t.closed], actor=ACTOR),
    "returning one of several gone": lambda _: desk.give_back([1, NEW], actor=ACTOR),
    "closing nothing": lambda _: desk.close([], actor=ACTOR),
    "closing no appeal": lambda _: desk.close([NEW], actor=ACTOR),
    "closing a closed one": lambda t: desk.close([t.closed], actor=ACTOR),
    "closing one of several gone": lambda _: desk.close([1, NEW], actor=ACTOR),
    "reopening nothing": lambda _: desk.reopen([], actor=ACTOR),
    "reopening no appeal": lambda _: desk.reopen([NEW], actor=ACTOR),
    "reopening an open one": lambda _: desk.reopen([1], actor=ACTOR),
    "undoing nothing of mine": lambda _: desk.undo(actor=ACTOR),
    "undoing no event": lambda _: desk.undo(NEW, actor=ACTOR),
    "redoing nothing of mine": lambda _: desk.redo(actor=ACTOR),
    "redoing what stands": lambda _: desk.redo(1, actor=ACTOR),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_is_a_sentence_and_changes_nothing(team: Team, name: str) -> None:
    with refused():
        REFUSALS[name](team)
    assert_clean()


def test_returning_what_waits_is_refused(team: Team) -> None:
    (waiting,) = arrive(team.site)
    with refused("waiting already"):
        desk.give_back([waiting], actor=ACTOR)


IDLE: dict[str, Act] = {
    "the same name": lambda t: desk.change_operator(t.vera, name=" Vera ", actor=ACTOR),
    "the same name and limit": lambda t: desk.change_operator(
        t.vera, name="Vera", max_load=4, actor=ACTOR
    ),
    "the same limit": lambda t: desk.change_operator(t.vera, max_load=4, actor=ACTOR),
    "no step of the limit": lambda t: desk.step_limit(t.vera, 0, actor=ACTOR),
    "on already": lambda t: desk.change_operator(t.vera, is_active=True, actor=ACTOR),
    "home already": lambda t: desk.send_home([t.boris], actor=ACTOR),
    "the same source name": lambda t: desk.change_source(t.bot, name="bot", actor=ACTOR),
    "the weight that somebody else has set": lambda t: desk.replace_weight(
        t.vera, t.bot, 7, 50, actor=ACTOR
    ),
    "the same weight": lambda t: desk.set_weight(t.vera, t.bot, 50, actor=ACTOR),
    "no step of the weight": lambda t: desk.step_weight(t.vera, t.bot, 0, actor=ACTOR),
    "a step below zero": lambda t: desk.step_weight(t.boris, t.bot, -1, actor=ACTOR),
    "no link to take away": lambda t: desk.unlink(t.gleb, t.bot, actor=ACTOR),
}


@pytest.mark.parametrize("name", IDLE)
def test_an_act_with_nothing_to_do_is_not_recorded(team: Team, name: str) -> None:
    before = dump()
    done = IDLE[name](team)
    assert isinstance(done, Done)
    assert done.event_id is None
    assert dump() == before


def test_spreading_what_is_even_already_is_not_recorded(team: Team) -> None:
    desk.spread(team.bot, actor=ACTOR)
    before = dump()
    assert desk.spread(team.bot, actor=ACTOR).event_id is None
    assert dump() == before


def test_a_message_sent_twice_by_hand_is_recorded_once(team: Team) -> None:
    first = desk.submit("77", team.bot, "hello", "k1", actor=ACTOR).result
    before = dump()
    second = desk.submit("77", team.bot, "again", "k1", actor=ACTOR).result
    assert (second.id, second.is_repeat, second.differs) == (first.id, True, True)
    assert dump() == before


VAST = 2**63


VAST_IDS: dict[str, Act] = {
    "an operator": lambda _: desk.change_operator(VAST, max_load=1, actor=ACTOR),
    "a source": lambda _: desk.change_source(VAST, name="vk", actor=ACTOR),
    "a weight": lambda t: desk.set_weight(VAST, t.bot, 1, actor=ACTOR),
    "an appeal": lambda _: desk.close([VAST], actor=ACTOR),
    "the operator of an appeal": lambda _: desk.assign([1], VAST, actor=ACTOR),
    "the source of an appeal": lambda _: desk.submit("77", VAST, "hi", actor=ACTOR),
    "an event": lambda _: desk.undo(VAST, actor=ACTOR),
}


@pytest.mark.parametrize("name", VAST_IDS)
def test_an_id_beyond_64_bits_is_refused_like_any_other_that_is_not_there(
    team: Team, name: str
) -> None:
    with refused():
        VAST_IDS[name](team)
