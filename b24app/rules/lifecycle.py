"""One state of a talk for the workplace and its Open Line: who has it, and whether it is over.

People change both sides at any time, and news of the other side come late, twice or never.
So nothing follows from their order: what was done here and not yet there is a wish, what was
read there is a fact. Facts wait for a wish; without one they win.
"""

from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

Status = Literal["new", "active", "closed"]
Deed = Literal["accept", "close", "reopen", "transfer"]
Act = Literal["answer", "finish", "another_finish", "start", "transfer", "intercept"]


@dataclass(frozen=True, slots=True)
class Wish:
    """What was done here and is to be done in the line.

    deed: what it was called here. open: the dialog goes on with `holder`; False: it ends.
    by: who did it; their own token goes first. firm: even if a colleague has it there.
    session: the line's session that was closed. after: the last message said before it.
    tries: how often the line refused it.
    """

    deed: Deed
    by: int
    holder: int | None = None
    firm: bool = False
    session: int | None = None
    after: int = 0
    tries: int = 0

    @property
    def open(self) -> bool:
        return self.holder is not None


@dataclass(frozen=True, slots=True)
class Talk:
    """A talk as we know both sides of it.

    session: the line's newest session that is this talk's. ended: the session that is known
    to be over. doubt: the line is to be read.
    """

    status: Status
    responsible: int | None = None
    session: int | None = None
    ended: int | None = None
    wish: Wish | None = None
    doubt: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """A dialog as it was read. owner 0: nobody's, or the portal does not say.

    ended: True, its end is the last of it; False, it went on after an end; None, no end.
    """

    session: int | None = None
    owner: int = 0
    ended: bool | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """Acts in the line, one after another; the last one tells whether it worked.

    by: whose token; None: an administrator's. to: who gets it.
    """

    acts: tuple[Act, ...]
    by: int | None
    to: int = 0


# -- What is done here ----------------------------------------------------------------


def wish(talk: Talk, deed: Deed, by: int, to: int | None = None, after: int = 0) -> Wish:
    """What a deed of an operator here asks of the line.

    Args:
        to: who gets the talk, if that is not `by`.
    A deed before it that the line has not heard of is overtaken; whoever has the dialog there
    then did not know better.
    """
    if deed == "close":
        return Wish(deed, by, session=talk.session, after=after)
    firm = deed == "transfer" or talk.wish is not None
    return Wish(deed, by, to or by, firm, after=after)


def attempts(wanted: Wish, seen: Seen) -> tuple[Attempt, ...]:
    """Ways to bring the line where the wish wants it, best first; none: nothing is to be done."""
    if not wanted.open:
        return () if _is_over(wanted, seen) else _endings(wanted, seen)
    holder = wanted.holder or 0
    if seen.ended:
        return (
            Attempt(("start",), holder),
            Attempt(("start", "transfer"), None, holder),
        )
    if seen.owner == holder or yields(wanted, seen):
        return ()
    if not seen.owner and not wanted.firm:
        return Attempt(("answer",), holder), Attempt(("transfer",), None, holder)
    return (
        Attempt(("transfer",) if seen.owner else ("answer", "transfer"), wanted.by, holder),
        Attempt(("transfer",), None, holder),
        Attempt(("intercept" if seen.owner else "answer",), holder),
    )


def yields(wanted: Wish, seen: Seen) -> bool:
    """Whether a colleague was first there: they keep the dialog, here too."""
    others = seen.owner not in (0, wanted.holder)
    return wanted.open and not wanted.firm and not seen.ended and others


def _is_over(wanted: Wish, seen: Seen) -> bool:
    """The session that was closed here is over there, or a later one runs already."""
    later = wanted.session is not None and (seen.session or 0) > wanted.session
    return bool(seen.ended) or later


def _endings(wanted: Wish, seen: Seen) -> tuple[Attempt, ...]:
    own = (Attempt(("answer", "finish"), wanted.by),) if seen.owner in (0, wanted.by) else ()
    return (*own, Attempt(("another_finish",), None))


# -- What is heard of the line --------------------------------------------------------


def observed(talk: Talk, seen: Seen) -> Talk:
    """The talk after its dialog was read."""
    if (seen.session or 0) < (talk.session or 0):
        return replace(talk, doubt=False)
    if talk.wish is not None:
        return replace(talk, doubt=False)
    newer = talk.session is not None and (seen.session or 0) > talk.session
    runs = newer or seen.ended is False
    session = seen.session or talk.session
    ended = session if seen.ended else None if runs else talk.ended
    known = replace(talk, session=session, ended=ended, doubt=False)
    if seen.ended:
        return replace(known, status="closed")
    if talk.status == "closed" and not runs:
        return known
    if seen.owner:
        return _held(known, seen.owner)
    anew = newer or talk.status == "closed"  # it waits in the queue there, so it waits here
    return replace(known, status="new", responsible=None) if anew else known


def finished(talk: Talk, session: int | None) -> Talk:
    """The line told that a session is over; what is told of an older one means nothing."""
    over = session or talk.session
    if (over or 0) < (talk.session or 0) or (over is not None and over == talk.ended):
        return talk
    told = replace(talk, session=over, ended=over)
    if talk.wish is None:
        return replace(told, status="closed")
    return told if talk.wish.open else replace(told, wish=None)


def met(talk: Talk, session: int | None) -> Talk:
    """A session began there, or a message of ours came into it."""
    if session is None or session < (talk.session or 0):
        return talk
    if session == talk.session:
        again = session == talk.ended
        return replace(talk, ended=None, doubt=True) if again and talk.status != "closed" else talk
    if talk.session is None or talk.status == "new":
        return replace(talk, session=session)
    return replace(talk, doubt=True)  # whose it is, and why it began, is to be read


def answered(talk: Talk, operator: int) -> Talk:
    """An operator spoke in the line: who speaks first takes a talk that nobody has."""
    if talk.status == "new":
        return _held(talk, operator)
    return talk if talk.responsible == operator else replace(talk, doubt=True)


def settled(talk: Talk, seen: Seen) -> Talk:
    """The wish is fulfilled, overtaken or given up: facts count again.

    Args:
        seen: the line after it.
    """
    if talk.wish is None:
        return talk
    if not talk.wish.open and (seen.session or 0) > (talk.session or seen.session or 0):
        return replace(talk, wish=None, ended=talk.session, doubt=True)  # what runs is to be read
    session = max(seen.session or 0, talk.session or 0) or None
    ended = session if seen.ended else None if seen.ended is False else talk.ended
    return replace(talk, wish=None, session=session, ended=ended)


def refused(talk: Talk) -> Talk:
    """The line let nobody do it: the next try reads the line anew."""
    if talk.wish is None:
        return talk
    return replace(talk, wish=replace(talk.wish, tries=talk.wish.tries + 1))


def quiet(talk: Talk, before: Talk) -> Talk:
    """What is known of the line now, without a change here."""
    return replace(talk, status=before.status, responsible=before.responsible)


def _held(talk: Talk, operator: int) -> Talk:
    return replace(talk, status="active", responsible=operator)


# -- As rows keep it ------------------------------------------------------------------


def kept(wanted: Wish | None) -> dict[str, Any] | None:
    return None if wanted is None else asdict(wanted)


def read(document: dict[str, Any] | None) -> Wish | None:
    return None if document is None else Wish(**document)
