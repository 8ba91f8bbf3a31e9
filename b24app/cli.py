"""Commands: `flask --app app worker | doctor | replay`."""

import signal
import threading

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from b24app import clock
from b24app.actions import replay as again
from b24app.db import transaction
from b24app.models import job as jobs
from b24app.worker import Worker


def init_app(app: Flask) -> None:
    app.cli.add_command(worker)
    app.cli.add_command(doctor)
    app.cli.add_command(replay)


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
