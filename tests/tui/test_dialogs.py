"""The dialogs over the panes: moving, details, history, and the way out of them."""

from pathlib import Path

from leadboard import desk as acts
from tests.support import Team, rows
from tests.support.screen import open_desk


async def test_moving_over_a_limit_needs_an_explicit_yes(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("3", "m")
        assert "Move appeal #4 of lead_4 (tg) to" in desk.text
        await desk.type("ann")
        await desk.press("enter")
        assert "Anna is full (1/1). Move it anyway?" in desk.text
        await desk.press("escape", "escape")
        assert rows("SELECT operator_id FROM appeal WHERE id=4") == [(None,)]
        await desk.press("m")
        await desk.type("ann")
        await desk.press("enter", "y")
        assert rows("SELECT operator_id FROM appeal WHERE id=4") == [(1,)]
        assert rows("SELECT load, max_load FROM operator WHERE name = 'Anna'") == [(2, 1)]
        assert rows("SELECT forced FROM event ORDER BY id DESC LIMIT 1") == [(1,)]
        assert "Anna by force" in desk.text


async def test_details_explain_and_offer_what_would_let_it_go(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("3", "G", "enter")
        assert "Appeal #1" in desk.text
        assert "message 1" in desk.text
        assert "ticket " in desk.text
        assert "50%" in desk.text
        await desk.press("escape", "g", "enter")
        assert "none, waiting" in desk.text
        assert "Raise Anna's limit 1 → 2" in desk.text
        await desk.press("1")
        assert rows("SELECT operator_id FROM appeal WHERE id=4") == [(1,)]
        assert "Anna: limit 1 → 2" in desk.text


async def test_the_history_undoes_an_act_that_is_not_the_last(file: Path) -> None:
    async with open_desk(file) as desk:
        await desk.press("plus")
        await desk.press("down", "plus", "H")
        assert "Boris: limit 2 → 3" in desk.text
        assert "Acts: mine" in desk.text
        await desk.press("down", "u")
        assert rows("SELECT max_load FROM operator ORDER BY id") == [(1,), (3,)]
        assert "Undone: Anna: limit 1 → 2" in desk.text


async def test_two_quick_escapes_leave_a_dialog_once(file: Path) -> None:
    async with open_desk(file) as desk:
        for opening in ("a", "question_mark", "H"):
            desk.burst(opening, "escape", "escape", "escape")
            await desk.settle()
            await desk.until(lambda: desk.app.screen is desk.app.desk_screen)


async def test_moving_shows_loads_and_odds_and_who_is_full(file: Path) -> None:
    async with open_desk(file) as desk:
        team = Team()
        await desk.elsewhere(acts.change_operator, team.boris, max_load=9, actor="t")
        await desk.elsewhere(acts.add_operator, "Vera", 5, actor="t")
        await desk.elsewhere(acts.add_operator, "Gleb", 5, actor="t")
        await desk.elsewhere(acts.change_operator, Team().gleb, is_active=False, actor="t")
        await desk.until(lambda: "Gleb" in desk.text)
        await desk.press("f4", "m")
        text = " ".join(desk.text.split())
        for line in ("1/1 full", "3/9 100%", "0/5 not linked", "0/5 off"):
            assert line in text
