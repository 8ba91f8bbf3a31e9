"""Commands: `flask --app app worker | doctor | replay | reconcile`."""

import signal
import threading

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from sqlalchemy import select

from b24app import clock
from b24app.actions import line_checks
from b24app.actions import reconcile as lines
from b24app.actions import replay as again
from b24app.db import reading, transaction
from b24app.models import Portal
from b24app.models import job as jobs
from b24app.worker import Worker


def init_app(app: Flask) -> None:
    app.cli.add_command(worker)
    app.cli.add_command(doctor)
    app.cli.add_command(replay)
    app.cli.add_command(reconcile)


@click.command()
@click.option("--threads", default=4, show_default=True, help="How many jobs run at once.")
@with_appcontext
def worker(threads: int) -> None:
    """Run a worker process until SIGTERM; jobs in hand are finished first."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    crew = Worker(current_app._get_current_object(), threads)  # type: ignore[attr-defined]
    crew.start()
    stop.wait()
    crew.stop(timeout=30)


@click.command()
@with_appcontext
def doctor() -> None:
    """Say how the promises stand: what is due, how late, what was given up."""
    state = jobs.backlog(clock.now())
    click.echo(
        f"due {state['due']}, oldest {state['oldest_seconds']:.0f} s, given up {state['dead']}"
    )


@click.command()
@click.option("--days", default=7, show_default=True, help="How far back.")
@with_appcontext
def replay(days: int) -> None:
    """Understand calls that failed again, after a mistake of ours was mended."""
    with transaction():
        count = again.failed(clock.now(), days)
    click.echo(f"{count} calls will be understood again.")


@click.command()
@click.option("--portal", "number", type=int, help="Only this portal.")
@click.option("--dry-run", is_flag=True, help="Say what differs, change nothing.")
@with_appcontext
def reconcile(number: int | None, dry_run: bool) -> None:
    """Compare Open Line chats with ours: replies whose events were lost are delivered."""
    with reading() as session:
        working = select(Portal.id).where(Portal.status == "active").order_by(Portal.id)
        numbers = [one for one in session.scalars(working) if number in (None, one)]
    for one in numbers:
        if dry_run:
            _tell_found(one)
            continue
        with transaction():
            line_checks.ask(one, clock.now())
        click.echo(f"portal {one}: will be compared")


def _tell_found(portal_id: int) -> None:
    for found in lines.dry_run(portal_id):
        if found.differs or found.error:
            owner = (found.moved and found.owner_id) or "same"
            click.echo(
                f"portal {portal_id}, chat {found.conversation_id}: "
                f"lost {len(found.replies)}, changed {len(found.changes)}, "
                f"owner {owner}, {'over' if found.ended else 'running'}, "
                f"gone from the line {len(found.lacking)}"
                + (f", not readable: {found.error}" if found.error else "")
            )
