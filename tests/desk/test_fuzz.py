"""Acts fed with anything at all: done or refused, never another error, never half done."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from leadboard import desk
from leadboard.common.errors import Refused
from leadboard.desk import Done
from leadboard.entities import OPERATOR, SOURCE
from tests.support import (
    ACTOR,
    add_operator,
    add_source,
    arrive,
    assert_loads_equal_counts,
    dump,
    opened,
)
from tests.support.acts import assert_nobody_waits_in_vain

VAST = [2**31, 2**53, 2**63 - 1, 2**63, 2**64, 10**40, -1, -(2**63), -(2**63) - 1]
IDS = st.integers(-1, 6) | st.sampled_from(VAST) | st.integers()
FLAGS = st.booleans()
ANYTHING = (
    IDS
    | st.none()
    | st.booleans()
    | st.floats()
    | st.text(st.characters(), max_size=12)
    | st.sampled_from(["\x1b[31m", "\ud800", "\0", "a" * 81, "a" * 10_001, " ", "\u202e"])
    | st.binary(max_size=4)
    | st.lists(st.integers(), max_size=2)
    | st.builds(object)
)
MANY = st.lists(IDS, max_size=4)

COLUMNS = st.fixed_dictionaries({}, optional=dict.fromkeys(OPERATOR.names, ANYTHING))

OF_SOURCE = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(SOURCE.names, st.sampled_from(["quota", "headroom"]) | ANYTHING)
)

ROWS = st.lists(st.tuples(IDS | st.none(), COLUMNS), max_size=3)

SHAPES: dict[str, tuple[st.SearchStrategy[Any], ...]] = {
    "add_operator": (ANYTHING, ANYTHING),
    "step_limit": (IDS, IDS),
    "toggle_active": (MANY,),
    "send_home": (MANY,),
    "delete_operator": (IDS,),
    "add_source": (ANYTHING,),
    "change_source": (IDS, OF_SOURCE),
    "delete_source": (IDS,),
    "set_weight": (IDS, IDS, ANYTHING),
    "replace_weight": (IDS, IDS, ANYTHING, ANYTHING),
    "set_weights": (st.lists(st.tuples(IDS, IDS, ANYTHING), max_size=3),),
    "import_rows": (st.sampled_from([OPERATOR, SOURCE]), ROWS),
    "change_operator": (IDS, COLUMNS),
    "step_weight": (IDS, IDS, IDS),
    "unlink": (IDS, IDS),
    "spread": (IDS,),
    "spread_row": (IDS,),
    "scale": (IDS, ANYTHING),
    "scale_row": (IDS, ANYTHING),
    "submit": (ANYTHING, IDS, ANYTHING, ANYTHING),
    "submit_to": (ANYTHING, IDS, ANYTHING, ANYTHING, IDS),
    "assign": (MANY, IDS),
    "give_back": (MANY,),
    "close": (MANY,),
    "reopen": (MANY,),
    "undo": (IDS,),
    "redo": (IDS,),
}
"""What each act may be given: its ids are whole numbers, the rest is whatever people send."""


@pytest.fixture(scope="module", autouse=True)
def book(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with opened(tmp_path_factory.mktemp("fuzz") / "fuzz.db") as path:
        vera, boris = add_operator("Vera", 2), add_operator("Boris", 1)
        bot = add_source("bot", (vera, 5), (boris, 1))
        add_source("site")
        arrive(bot, 5)
        yield path


def assert_done_or_refused(act: Callable[..., object], *arguments: object) -> None:
    """Run an act; whatever it is given, it is done, or refused with nothing changed."""
    before = dump()
    columns = arguments[-1] if isinstance(arguments[-1], dict) else {}
    try:
        done = act(*(each for each in arguments if each is not columns), **columns, actor=ACTOR)
    except Refused:
        assert dump() == before
    else:
        assert isinstance(done, Done)
        assert_loads_equal_counts()
        assert_nobody_waits_in_vain()


def test_every_act_is_fuzzed() -> None:
    assert set(SHAPES) == set(desk.__all__) - {"Done"}


@pytest.mark.parametrize("name", SHAPES)
@settings(
    max_examples=80,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_an_act_takes_anything(name: str, data: st.DataObject) -> None:
    arguments = [data.draw(each) for each in SHAPES[name]]
    assert_done_or_refused(getattr(desk, name), *arguments)


@pytest.mark.parametrize("name", [each for each, shape in SHAPES.items() if shape[0] is IDS])
@pytest.mark.parametrize("number", VAST)
def test_no_number_is_too_vast_for_an_id(name: str, number: int) -> None:
    filler = {
        ANYTHING: "x",
        IDS: 1,
        FLAGS: True,
        COLUMNS: {"max_load": 1},
        OF_SOURCE: {"name": "x"},
    }
    rest = [filler[each] for each in SHAPES[name][1:]]
    assert_done_or_refused(getattr(desk, name), number, *rest)


@pytest.mark.parametrize("name", ["assign", "give_back", "close", "reopen"])
@pytest.mark.parametrize("number", VAST)
def test_no_number_is_too_vast_for_an_appeal(name: str, number: int) -> None:
    rest = [1] if name == "assign" else []
    assert_done_or_refused(getattr(desk, name), [number], *rest)


@settings(max_examples=60, deadline=None, print_blob=True)
@given(actor=st.text(st.characters(), max_size=20))
@example(actor="\ud800")
@example(actor="\0")
@example(actor="")
def test_the_name_of_who_acts_may_be_any_text(actor: str) -> None:
    before = dump()
    try:
        desk.toggle_active([1], actor=actor)
    except Refused:
        assert dump() == before
