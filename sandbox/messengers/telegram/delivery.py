"""Updates on their way to webhooks: in order within a chat, again and again until 2xx.

Source: core.telegram.org/bots/api#setwebhook.
"""

import threading
from dataclasses import dataclass

from sandbox.messengers.telegram.world import UPDATE_LIFE_SECONDS, Bot, Telegram, Update
from sandbox.outside import Outside, Unreachable

CARRIERS = 4
LONGEST_WAIT_SECONDS = 60
IDLE_SECONDS = 0.5
TIMEOUT_SECONDS = 10
# What faults call a delivery, among the names of methods.
FAULT_NAME = "webhook"


@dataclass(frozen=True)
class Delivery:
    """One try to bring an update; `status` None: nobody answered."""

    update_id: int
    status: int | None


class Courier:
    """Carries the updates of all bots; `start` does it from background threads."""

    def __init__(self, telegram: Telegram, outside: Outside) -> None:
        self.telegram = telegram
        self.outside = outside
        self._stop = threading.Event()

    def start(self) -> None:
        """Deliver from now on until `stop`."""
        for _ in range(CARRIERS):
            threading.Thread(target=self._run, daemon=True).start()

    def stop(self) -> None:
        """Let the carriers finish what they carry."""
        self._stop.set()

    def _run(self) -> None:
        seen = -1
        while not self._stop.is_set():
            if update := self._claim():
                self._carry(update)
            else:
                seen = self.telegram.wait(seen, IDLE_SECONDS)

    def deliver(self) -> list[Delivery]:
        """Try every waiting update once, now, in this thread, whatever its back-off."""
        with self.telegram.changed:
            waiting = [update for bot in self.telegram.bots.values() for update in bot.pending]
        stuck: set[tuple[int, int]] = set()
        tries = []
        for update in waiting:
            chat = (update.bot_id, update.chat_id)
            if chat not in stuck and self._bot(update).webhook.url:
                tries.append(self._carry(update))
                if not _taken(tries[-1].status):
                    stuck.add(chat)
        return tries

    def _bot(self, update: Update) -> Bot:
        return self.telegram.bots[update.bot_id]

    def _claim(self) -> Update | None:
        """The next update that may go: the first of its chat, due, and not on its way."""
        with self.telegram.changed:
            for bot in self.telegram.bots.values():
                if bot.webhook.url and (update := self._first_due(bot)):
                    update.in_flight = True
                    return update
        return None

    def _first_due(self, bot: Bot) -> Update | None:
        now, seen = self.telegram.clock(), set()
        for update in bot.pending:
            first = update.chat_id not in seen
            seen.add(update.chat_id)
            if first and not update.in_flight and update.due <= now:
                return update
        return None

    def _carry(self, update: Update) -> Delivery:
        """One try; the lock is free while the application thinks, as it may call back."""
        status, trouble = self._post(update)
        with self.telegram.change():
            self._settle(self._bot(update), update, status, trouble)
        return Delivery(update.document["update_id"], status)

    def _post(self, update: Update) -> tuple[int | None, str]:
        fault = self.telegram.faults.before(FAULT_NAME)
        if fault is not None and fault.kind != "delay":
            return None, "Connection timed out"
        status, trouble = self._sent(update)
        if self.telegram.faults.after(FAULT_NAME):
            return None, "Read timeout expired"
        return status, trouble

    def _sent(self, update: Update) -> tuple[int | None, str]:
        hook = self._bot(update).webhook
        headers = {"X-Telegram-Bot-Api-Secret-Token": hook.secret_token}
        try:
            status, _ = self.outside.post(
                hook.url,
                json=update.document,
                headers=headers if hook.secret_token else None,
                timeout=TIMEOUT_SECONDS,
            )
        except Unreachable as error:
            return None, f"Connection failed: {error}"[:200]
        return status, "" if _taken(status) else f"Wrong response from the webhook: {status}"

    def _settle(self, bot: Bot, update: Update, status: int | None, trouble: str) -> None:
        now = self.telegram.clock()
        update.in_flight = False
        update.tries += 1
        update.due = now + min(LONGEST_WAIT_SECONDS, 2 ** (update.tries - 1))
        if trouble:
            bot.webhook.last_error_at, bot.webhook.last_error = int(now), trouble
        if update in bot.pending and (_taken(status) or now - update.born > UPDATE_LIFE_SECONDS):
            bot.pending.remove(update)


def _taken(status: int | None) -> bool:
    return status is not None and 200 <= status < 300
