"""Acts on sources: deleted with their weights, and named like anybody."""

import pytest

from leadboard import desk
from tests.desk.conftest import Team
from tests.support import ACTOR, add_operator, add_source, number
from tests.support.acts import assert_record_replays, newest_event_id, subjects

pytestmark = pytest.mark.every_engine


def test_ids_of_the_deleted_are_never_given_again(team: Team) -> None:
    desk.delete_operator(team.gleb, actor=ACTOR)
    desk.delete_source(team.site, actor=ACTOR)
    assert add_operator("Dora") > team.gleb
    assert add_source("vk") > team.site


def test_deleting_a_source_takes_its_weights_along(team: Team) -> None:
    desk.set_weight(team.gleb, team.site, 3, actor=ACTOR)
    before = subjects()
    desk.delete_source(team.site, actor=ACTOR)
    assert number("SELECT count(*) FROM operator_source WHERE source_id = ?", team.site) == 0
    assert_record_replays(newest_event_id(), before, subjects())


def test_an_operator_and_a_source_may_share_a_name(team: Team) -> None:
    assert desk.add_source("Vera", actor=ACTOR).event_id is not None
