"""REST calls for a client's first message and each further one, in an Open Line and in CRM."""

import tempfile
from pathlib import Path

from bench.figures import say
from tests.reliability.stage import BOT, SECOND_BOT, Client, Stage, stage

MORE = 20


def cost(here: Stage, client: Client, words: list[str]) -> int:
    """HTTP requests to the portal until everything has arrived everywhere."""
    before = len(here.portal.http)
    client.say(*words)
    here.rest()
    return len(here.portal.http) - before


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, stage(Path(folder)) as here:
        here.rest()
        for bot, title in ((BOT, "Open Line"), (SECOND_BOT, "CRM")):
            client = here.client(bot)
            first = cost(here, client, ["one"])
            alone = cost(here, client, ["two"])
            burst = cost(here, client, [f"word {number}" for number in range(MORE)])
            say(
                title,
                f"first message {first} · one more {alone} · {MORE} at once {burst} "
                f"({burst / MORE:.2f} each)",
            )
    say("a call for each step, as usual", "first message 8-12 · one more 1-3")
