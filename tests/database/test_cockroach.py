"""An engine that scales out is opened by its own class."""

import models
from leadboard.database.cockroach import CockroachStore
from leadboard.database.connect import connect_server


def test_cockroach_is_opened_by_its_own_class() -> None:
    opened = connect_server("cockroachdb://root@db.example/sales")
    assert isinstance(opened, CockroachStore)
    assert opened.connect_params["port"] == 26257
    assert engine_words(opened) == {"is_server": True, "text_collation": []}


def engine_words(opened: object) -> dict[str, object]:
    return {name: getattr(opened, name) for name in ("is_server", "text_collation")}


def test_cockroach_words_every_statement_of_the_hot_path() -> None:
    opened = connect_server("cockroachdb://root@db.example/sales")
    held = models.Operator.select(models.Operator.id).for_update("FOR NO KEY UPDATE")  # type: ignore[arg-type]
    lead = models.Lead.insert(external_id="a").on_conflict(
        action="nothing", conflict_target=[models.Lead.external_id]
    )
    assert held.bind(opened).sql()[0].endswith("FOR NO KEY UPDATE")
    assert 'ON CONFLICT ("external_id") DO NOTHING' in lead.bind(opened).sql()[0]
