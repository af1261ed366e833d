"""What is stored as a code has words where one chooses it, and is stored as a code again."""

from dataclasses import replace

import pytest

from leadboard.entities import SOURCE, Kind
from tui.dialogs.forms import Field
from tui.widgets.choice import ChoiceField


@pytest.fixture
def field() -> Field:
    """Return the field of a strategy that is called by its name in capitals."""
    strategy = next(each for each in SOURCE.columns if each.kind is Kind.CHOICE)
    return Field(replace(strategy, called=str.upper, told="about {}".format), "quota")


def choice(field: Field) -> ChoiceField:
    widget = field.widget()
    assert isinstance(widget, ChoiceField)
    return widget


def test_a_choice_is_shown_by_what_people_call_it(field: Field) -> None:
    assert choice(field).render().plain == "‹ QUOTA ›\nabout quota"


def test_the_next_choice_is_stored_as_its_code(field: Field) -> None:
    widget = choice(field)
    widget.action_turn(1)
    assert widget.render().plain.startswith("‹ LOTTERY ›")
    assert field.read(widget.value) == "lottery"


def test_a_code_that_nobody_knows_is_kept(field: Field) -> None:
    strange = replace(field, value="tombola")
    assert choice(strange).render().plain.startswith("‹ TOMBOLA ›")
    assert strange.read(choice(strange).value) == "tombola"
