"""The baseline of a submission: a web service that counts everybody's appeals each time.

This is the service written straight from its description: FastAPI, SQLAlchemy and SQLite; an
operator's load is counted from the table of appeals, which has no index for it. It needs the
extra `bench`; `python -m bench.counting FILE` serves it.
"""

import random
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from fastapi import Depends, FastAPI, HTTPException
from pydantic import BaseModel
from sqlalchemy import Engine, ForeignKey, create_engine, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class _Base(DeclarativeBase):
    """What its tables share."""


class _Operator(_Base):
    """Somebody who answers appeals."""

    __tablename__ = "operators"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    is_active: Mapped[bool] = mapped_column(default=True)
    max_load: Mapped[int]


class _Source(_Base):
    """Where appeals come from."""

    __tablename__ = "sources"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class _Weight(_Base):
    """How often an operator is picked for a source."""

    __tablename__ = "operator_sources"
    operator_id: Mapped[int] = mapped_column(ForeignKey("operators.id"), primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("sources.id"), primary_key=True)
    weight: Mapped[int]


class _Lead(_Base):
    """A client."""

    __tablename__ = "leads"
    id: Mapped[int] = mapped_column(primary_key=True)
    external_id: Mapped[str] = mapped_column(unique=True)


class _Appeal(_Base):
    """One message; its operator never changes."""

    __tablename__ = "appeals"
    id: Mapped[int] = mapped_column(primary_key=True)
    lead_id: Mapped[int] = mapped_column(ForeignKey("leads.id"))
    source_id: Mapped[int] = mapped_column(ForeignKey("sources.id"))
    operator_id: Mapped[int | None] = mapped_column(ForeignKey("operators.id"))
    created_at: Mapped[datetime]
    message: Mapped[str]


class _NewAppeal(BaseModel):
    """The request of a bot."""

    external_id: str
    source_id: int
    message: str


class StoredAppeal(BaseModel):
    """The answer to it."""

    id: int
    lead_id: int
    operator_id: int | None


def engine_of(path: Path) -> Engine:
    """Return the engine of a database file, with its tables created."""
    # FastAPI runs plain functions in a pool, so a connection changes threads.
    engine = create_engine(f"sqlite:///{path}", connect_args={"check_same_thread": False})
    _Base.metadata.create_all(engine)
    return engine


def service(engine: Engine) -> FastAPI:
    """Return the service on a database."""
    app = FastAPI()

    def session() -> Iterator[Session]:
        with Session(engine) as opened:
            yield opened

    @app.post("/appeals/")
    def create_appeal(new: _NewAppeal, db: Session = Depends(session)) -> StoredAppeal:  # noqa: B008
        if db.get(_Source, new.source_id) is None:
            raise HTTPException(404, "There is no such source.")
        lead = lead_of(db, new.external_id)
        operator = pick(db, new.source_id)
        appeal = _Appeal(
            lead_id=lead.id,
            source_id=new.source_id,
            operator_id=operator.id if operator else None,
            created_at=datetime.now(UTC),
            message=new.message,
        )
        db.add(appeal)
        db.commit()
        return StoredAppeal(id=appeal.id, lead_id=lead.id, operator_id=appeal.operator_id)

    return app


def lead_of(db: Session, external_id: str) -> _Lead:
    """Return the lead, storing them if they are new."""
    lead = db.scalar(select(_Lead).where(_Lead.external_id == external_id))
    if lead is None:
        lead = _Lead(external_id=external_id)
        db.add(lead)
        db.flush()
    return lead


def pick(db: Session, source_id: int) -> _Operator | None:
    """Return an operator of the source who is active and below their limit, by weight."""
    linked = db.execute(
        select(_Operator, _Weight.weight).join(_Weight).where(_Weight.source_id == source_id)
    ).all()
    counted = db.execute(select(_Appeal.operator_id, func.count()).group_by(_Appeal.operator_id))
    loads = {row[0]: row[1] for row in counted}
    able = [
        (operator, weight)
        for operator, weight in linked
        if operator.is_active and weight > 0 and loads.get(operator.id, 0) < operator.max_load
    ]
    return _drawn(able) if able else None


def _drawn(able: Sequence[tuple[_Operator, int]]) -> _Operator:
    operators, weights = zip(*able, strict=True)
    drawn: _Operator = random.choices(operators, weights)[0]
    return drawn


if __name__ == "__main__":
    import socket

    import uvicorn

    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(f"Serving on http://127.0.0.1:{listener.getsockname()[1]}/", file=sys.stderr)
        config = uvicorn.Config(service(engine_of(Path(sys.argv[1]))), log_level="error")
        uvicorn.Server(config).run([listener])
