"""Promises: work to do after the commit, in order within a lane, until done or given up."""

from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    ForeignKey,
    Index,
    Integer,
    String,
    and_,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, aliased, mapped_column

from b24app.db import Json, Row, Utc, db, ring_after_commit

# Lower runs first: what a person waits for, then what keeps the books.
URGENT, SOON, LATER = 10, 50, 90
RUNNING = text("state = 'running'")


class Job(Row):
    """state: queued / running / done / dead.

    The same key twice is one promise. A promise repeated while its job runs makes the
    job run once more (`wanted` is then ahead of `taken`), so nothing new is missed.
    A lane runs in order, its head waiting or not; a lane whose name ends in `*` runs one
    at a time, in any order, so that who waits there holds nobody up.
    """

    __tablename__ = "job"
    __table_args__ = (
        Index("ix_job_claim", "state", "priority", "due_at", "id"),
        Index("ix_job_lane", "lane", "state", "id"),
        # Two who claim at the same moment do not see each other: this is what keeps them apart.
        Index(
            "ux_job_running",
            "lane",
            unique=True,
            sqlite_where=RUNNING,
            postgresql_where=RUNNING,
        ),
    )
    portal_id: Mapped[int | None] = mapped_column(ForeignKey("portal.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(40))
    key: Mapped[str] = mapped_column(String(160), unique=True)
    lane: Mapped[str | None] = mapped_column(String(120))
    priority: Mapped[int] = mapped_column(default=SOON)
    state: Mapped[str] = mapped_column(String(8), default="queued")
    payload: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    wanted: Mapped[int] = mapped_column(default=1)
    taken: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(String(1000), default="")
    due_at: Mapped[datetime] = mapped_column(Utc)
    locked_by: Mapped[str] = mapped_column(String(64), default="")
    locked_until: Mapped[datetime | None] = mapped_column(Utc)
    created_at: Mapped[datetime] = mapped_column(Utc)
    finished_at: Mapped[datetime | None] = mapped_column(Utc)


FRESH = {"state": "queued", "wanted": 1, "taken": 0, "attempts": 0, "error": "", "locked_by": ""}


def promise(
    kind: str,
    key: str,
    now: datetime,
    *,
    portal_id: int | None,
    lane: str | None = None,
    priority: int = SOON,
    due_at: datetime | None = None,
    payload: dict[str, Any] | None = None,
) -> None:
    """Promise work in the running transaction; workers hear of it after the commit."""
    fresh = {
        "kind": kind,
        "key": key,
        "lane": lane,
        "portal_id": portal_id,
        "priority": priority,
        "payload": payload or {},
        "due_at": due_at or now,
        "created_at": now,
    }
    db.session.connection().execute(_upsert(db.engine.dialect.name), FRESH | fresh)
    ring_after_commit("jobs")


@cache
def _upsert(dialect: str) -> Any:
    """The statement of a promise; building it takes longer than running it."""
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    fresh = insert(Job)
    # A running job is only told to run again; a finished one is queued anew.
    return fresh.on_conflict_do_update(
        index_elements=["key"],
        set_={
            "wanted": Job.wanted + 1,
            "state": _unless_running("queued", Job.state),
            # Repeated again and again it is kept all the same: the earlier time counts.
            "due_at": _unless_running(_earlier(fresh.excluded.due_at), Job.due_at),
            "lane": _unless_running(fresh.excluded.lane, Job.lane),
            "priority": _unless_running(fresh.excluded.priority, Job.priority),
            "attempts": _unless_running(0, Job.attempts),
            "payload": fresh.excluded.payload,
            "finished_at": None,
        },
    )


def claim(worker: str, now: datetime, lease: timedelta, limit: int = 1) -> list[Job]:
    """Take due jobs, heads of their lanes only; a job whose lease ran out is taken over.

    Raises:
        IntegrityError: another worker has just taken one of the same lane; look again.
    """
    given = {"worker": worker, "now": now, "until": now + lease, "most": limit}
    return list(db.session.scalars(_claiming(), given))


@cache
def _claiming() -> Any:
    """The statement of a claim; building it takes longer than running it."""
    ahead = aliased(Job)
    now = bindparam("now", type_=Utc)
    due = or_(
        and_(Job.state == "queued", Job.due_at <= now),
        and_(Job.state == "running", Job.locked_until <= now),
    )
    # Two questions, each answered by one row of an index, however long the lane is.
    busy = exists().where(ahead.lane == Job.lane, ahead.state == "running", ahead.id != Job.id)
    behind = exists().where(ahead.lane == Job.lane, ahead.state == "queued", ahead.id < Job.id)
    blocked = or_(busy, and_(~Job.lane.endswith("*"), behind))
    picked = (
        select(Job.id)
        # Who was running is at the head already, whatever was promised again before it.
        .where(due, or_(Job.lane.is_(None), Job.state == "running", ~blocked))
        .order_by(Job.priority, Job.due_at, Job.id)
        .limit(bindparam("most", type_=Integer))
        .with_for_update(skip_locked=True, of=Job)
    )
    return (
        update(Job)
        .where(Job.id.in_(picked.scalar_subquery()))
        .values(
            state="running",
            locked_by=bindparam("worker"),
            locked_until=bindparam("until", type_=Utc),
            attempts=Job.attempts + 1,
            taken=Job.wanted,
        )
        .returning(Job)
        .execution_options(synchronize_session=False)
    )


def finish(job_id: int, worker: str, taken: int, now: datetime) -> bool:
    """The promise is kept; False if the lease had been lost to another worker."""
    given = {"job_id": job_id, "worker": worker, "before": taken, "now": now}
    kept = db.session.execute(_finishing(), given).scalar()
    if kept == "queued":
        ring_after_commit("jobs")
    return kept is not None


@cache
def _finishing() -> Any:
    now = bindparam("now", type_=Utc)
    held = (Job.id == bindparam("job_id"), Job.locked_by == bindparam("worker"))
    return (
        update(Job)
        .where(*held, Job.state == "running")
        .values(
            state=_again("queued", "done"),
            due_at=_again(now, Job.due_at),
            attempts=_again(0, Job.attempts),
            finished_at=now,
            locked_until=None,
            error="",
        )
        .returning(Job.state)
        .execution_options(synchronize_session=False)
    )


def put_off(job_id: int, worker: str, due_at: datetime, error: str) -> None:
    """Try again at `due_at`."""
    _release(job_id, worker, state="queued", due_at=due_at, error=error[:1000], locked_until=None)


def give_up(job_id: int, worker: str, now: datetime, error: str) -> None:
    _release(job_id, worker, state="dead", finished_at=now, error=error[:1000], locked_until=None)


def extend(job_id: int, worker: str, until: datetime) -> None:
    _release(job_id, worker, locked_until=until)


def holders() -> list[str]:
    """Workers that hold jobs, dead or alive."""
    return list(db.session.scalars(select(Job.locked_by).where(Job.state == "running").distinct()))


def abandon(worker: str, at: datetime) -> None:
    """What this worker held may be taken over then, unless its lease ends sooner."""
    db.session.execute(
        update(Job)
        .where(Job.locked_by == worker, Job.state == "running", Job.locked_until > at)
        .values(locked_until=at)
        .execution_options(synchronize_session=False)
    )


def backlog(now: datetime) -> dict[str, Any]:
    """How many promises are open and how old the oldest due one is, in seconds."""
    count, oldest = db.session.execute(
        select(func.count(), func.min(Job.due_at)).where(Job.state == "queued", Job.due_at <= now)
    ).one()
    dead = db.session.scalar(select(func.count()).where(Job.state == "dead"))
    return {
        "due": count,
        "oldest_seconds": (now - oldest).total_seconds() if oldest else 0.0,
        "dead": dead or 0,
    }


def _release(job_id: int, worker: str, **values: Any) -> None:
    db.session.execute(
        update(Job)
        .where(Job.id == job_id, Job.locked_by == worker, Job.state == "running")
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def _unless_running(fresh: Any, kept: Any) -> Any:

    return case((Job.state == "running", kept), else_=fresh)


def _earlier(fresh: Any) -> Any:

    return case((and_(Job.state == "queued", Job.due_at < fresh), Job.due_at), else_=fresh)


def _again(fresh: Any, kept: Any) -> Any:

    return case((Job.wanted > bindparam("before", type_=Integer), fresh), else_=kept)
