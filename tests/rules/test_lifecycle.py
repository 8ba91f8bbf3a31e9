"""One state of a talk on both sides, whatever order news come in."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from b24app.rules import lifecycle
from b24app.rules.lifecycle import Attempt, Deed, Seen, Talk, Wish

BORIS, VERA = 2, 3
NEW = Talk("new", session=10)
TAKEN = Talk("active", BORIS, session=10)
OVER = Talk("closed", BORIS, session=10, ended=10)


def wish(talk: Talk, deed: Deed, by: int = BORIS, to: int | None = None) -> Wish:
    return lifecycle.wish(talk, deed, by, to)


def ways(talk: Talk, deed: Deed, seen: Seen, to: int | None = None) -> list[Attempt]:
    return list(lifecycle.attempts(wish(talk, deed, to=to), seen))


def test_accepting_answers_with_ones_own_token() -> None:
    assert ways(NEW, "accept", Seen(10))[0] == Attempt(("answer",), BORIS)


def test_accepting_without_a_token_is_done_by_an_administrator() -> None:
    assert ways(NEW, "accept", Seen(10))[1] == Attempt(("transfer",), None, BORIS)


def test_accepting_what_one_has_does_nothing() -> None:
    assert ways(NEW, "accept", Seen(10, BORIS)) == []


def test_who_took_it_there_first_keeps_it() -> None:
    wanted = wish(NEW, "accept")
    assert lifecycle.yields(wanted, Seen(10, VERA))
    assert lifecycle.attempts(wanted, Seen(10, VERA)) == ()


def test_transfer_takes_it_from_its_holder() -> None:
    first, second, third = ways(TAKEN, "transfer", Seen(10, BORIS), to=VERA)
    assert first == Attempt(("transfer",), BORIS, VERA)
    assert second == Attempt(("transfer",), None, VERA)
    assert third == Attempt(("intercept",), VERA)


def test_closing_ends_ones_own_dialog() -> None:
    own, anothers = ways(TAKEN, "close", Seen(10, BORIS))
    assert own == Attempt(("answer", "finish"), BORIS)
    assert anothers == Attempt(("another_finish",), None)


def test_colleagues_dialog_is_closed_by_an_administrator() -> None:
    assert ways(TAKEN, "close", Seen(10, VERA)) == [Attempt(("another_finish",), None)]


def test_session_after_the_closed_one_is_left_alone() -> None:
    assert ways(TAKEN, "close", Seen(11, BORIS)) == []


def test_closing_what_is_over_does_nothing() -> None:
    assert ways(TAKEN, "close", Seen(10, BORIS, ended=True)) == []


def test_reopening_starts_a_session() -> None:
    assert ways(OVER, "reopen", Seen(10, ended=True))[0] == Attempt(("start",), BORIS)


def test_reopening_before_the_close_was_heard_keeps_it() -> None:
    closed = replace(TAKEN, status="closed", wish=wish(TAKEN, "close"))
    again = wish(closed, "reopen", by=VERA)
    assert lifecycle.attempts(again, Seen(10, BORIS))[1] == Attempt(("transfer",), None, VERA)


def test_end_of_an_older_session_means_nothing() -> None:
    assert lifecycle.finished(TAKEN, 9) == TAKEN


def test_end_told_twice_does_not_close_what_was_reopened() -> None:
    reopened = replace(OVER, status="active", session=11)
    assert lifecycle.finished(reopened, 10) == reopened
    waiting = replace(OVER, status="active", wish=wish(OVER, "reopen"))
    assert lifecycle.finished(waiting, 10) == waiting


def test_echo_of_our_own_close_fulfils_the_wish() -> None:
    closing = replace(TAKEN, status="closed", wish=wish(TAKEN, "close"))
    assert lifecycle.finished(closing, 10) == OVER


def test_new_session_nobody_has_waits_here_too() -> None:
    seen = lifecycle.observed(TAKEN, Seen(11))
    assert (seen.status, seen.responsible, seen.session) == ("new", None, 11)


def test_dialog_begun_again_there_goes_on_here() -> None:
    seen = lifecycle.observed(OVER, Seen(11, VERA))
    assert (seen.status, seen.responsible, seen.ended) == ("active", VERA, None)


def test_silence_about_the_end_reopens_nothing() -> None:
    assert lifecycle.observed(OVER, Seen(10, VERA)) == OVER


def test_word_into_an_ended_session_makes_us_look() -> None:
    resumed = lifecycle.met(replace(OVER, status="new"), 10)
    assert (resumed.ended, resumed.doubt) == (None, True)


def test_wish_survives_its_row() -> None:
    wanted = wish(TAKEN, "transfer", to=VERA)
    assert lifecycle.read(lifecycle.kept(wanted)) == wanted
    assert lifecycle.read(None) is None


# -- A line and a workplace, and all that may go wrong between them ------------------------


@dataclass
class Line:
    """The dialog as it is over there; `news` is every event it ever told."""

    session: int = 10
    owner: int = 0
    over: bool = False
    begun: bool = True  # a session that ended may go on: then something was said after the end
    news: list[tuple[str, int]] = field(default_factory=list)
    answers: int = 0
    ends: int = 0

    def seen(self) -> Seen:
        return Seen(self.session, self.owner, True if self.over else None if self.begun else False)

    def word(self) -> int:
        """The client's; the session that it came into."""
        if self.over:
            self._begin(0)
        return self.session

    def _begin(self, owner: int) -> None:
        self.session, self.owner, self.over, self.begun = self.session + 1, owner, False, True
        self.news.append(("start", self.session))

    def resume(self) -> None:
        """Within the time of closing a client's word goes on with the same session."""
        if self.over:
            self.over, self.begun = False, False

    def answer(self, by: int) -> bool:
        if self.over or self.owner not in (0, by):
            return False
        self.answers += self.owner != by
        self.owner = by
        return True

    def transfer(self, by: int | None, to: int) -> bool:
        if self.over or (by is not None and self.owner not in (0, by)):
            return False
        self.owner = to
        return True

    def finish(self, by: int | None) -> bool:
        if self.over or (by is not None and self.owner != by):
            return False
        self.over, self.begun = True, False
        self.ends += 1
        self.news.append(("finish", self.session))
        return True

    def start(self, by: int | None) -> bool:
        if self.over:
            self._begin(by or 1)
        return True

    def intercept(self, by: int) -> bool:
        return not self.over and self.transfer(None, by)

    def act(self, name: str, one: Attempt) -> bool:
        deeds = {
            "answer": lambda: self.answer(one.by or 1),
            "finish": lambda: self.finish(one.by),
            "another_finish": lambda: self.finish(None),
            "start": lambda: self.start(one.by),
            "transfer": lambda: self.transfer(one.by, one.to),
            "intercept": lambda: self.intercept(one.by or 1),
        }
        return deeds[name]()


@dataclass
class Both:
    """Two sides and the machine between them; `calls` counts acts in the line."""

    line: Line = field(default_factory=Line)
    talk: Talk = field(default_factory=lambda: NEW)
    calls: int = 0

    def here(self, deed: Deed, by: int, to: int) -> None:
        fitting = {"accept": "new", "transfer": "active", "reopen": "closed"}
        if self.talk.status != fitting.get(deed, self.talk.status):
            return
        if deed == "close" and self.talk.status == "closed":
            return
        status: lifecycle.Status = "closed" if deed == "close" else "active"
        holder = self.talk.responsible if deed == "close" else to if deed == "transfer" else by
        wanted = lifecycle.wish(self.talk, deed, by, to if deed == "transfer" else None)
        self.talk = replace(self.talk, status=status, responsible=holder, wish=wanted)

    def there(self, deed: str, by: int, to: int) -> None:
        deeds: dict[str, Callable[[], object]] = {
            "answer": lambda: self.line.answer(by),
            "transfer": lambda: self.line.transfer(None, to),
            "finish": lambda: self.line.finish(None),
            "start": lambda: self.line.start(by),
            "speak": lambda: self._speak(by),
        }
        deeds[deed]()

    def _speak(self, by: int) -> None:
        """An operator writes there; their event comes at once."""
        if not self.line.over and self.line.answer(by) and self.talk.status != "closed":
            self.talk = lifecycle.answered(self.talk, by)

    def word(self, resumes: bool) -> None:
        """The client writes: what was done here before goes first, then the word."""
        self.settle()
        if self.talk.status == "closed":
            self.talk = Talk("new", doubt=True)
        if resumes:
            self.line.resume()
        self.talk = lifecycle.met(self.talk, self.line.word())

    def hear(self, kind: str, session: int) -> None:
        change = {"start": lifecycle.met, "finish": lifecycle.finished}[kind]
        self.talk = change(self.talk, session)

    def settle(self, outcomes: Sequence[str] = ()) -> None:
        """Until the wish is gone; `outcomes` are the fates of the first acts."""
        fates = iter(outcomes)
        for _ in range(9):
            if self.talk.wish is None:
                return
            ways = lifecycle.attempts(self.talk.wish, self.line.seen())
            outcome = self._tried(ways, fates) if ways else "done"
            if outcome == "done":
                self.talk = lifecycle.settled(self.talk, self.line.seen())
        raise AssertionError("the wish never ends")

    def _tried(self, ways: Sequence[Attempt], fates: Iterator[str]) -> str:
        """Refused, the next way is tried; when nobody knows, the line is read anew."""
        for one in ways:
            fate = next(fates, "done")
            if fate == "lost":
                return "unknown"
            if fate == "no token" and one.by is not None:
                continue
            done = [self.line.act(name, one) for name in one.acts]
            self.calls += len(done)
            if fate == "silent":  # done, and its answer is lost
                return "unknown"
            if done[-1]:
                return "done"
        return "refused"

    def look(self) -> None:
        self.talk = lifecycle.observed(self.talk, self.line.seen())

    def agree(self) -> bool:
        if self.line.over:
            return self.talk.status == "closed"
        mine = self.talk.responsible if self.talk.status == "active" else 0
        return self.talk.status != "closed" and mine == self.line.owner


THERE = ["answer", "transfer", "finish", "start", "speak"]
people = st.sampled_from([BORIS, VERA])
fates = st.lists(st.sampled_from(["done", "silent", "lost", "no token"]), max_size=3)
steps = st.one_of(
    st.tuples(st.just("here"), st.sampled_from(["accept", "close", "reopen", "transfer"])),
    st.tuples(st.just("there"), st.sampled_from(THERE)),
    st.tuples(st.just("word"), st.sampled_from(["new", "resumes"])),
    st.tuples(st.just("hear"), st.just("")),
    st.tuples(st.just("settle"), st.just("")),
    st.tuples(st.just("look"), st.just("")),
)
stories = st.lists(st.tuples(steps, people, people, fates, st.integers(0, 30)), max_size=10)


def told(story: list[tuple[tuple[str, str], int, int, list[str], int]]) -> Both:
    both = Both()
    for (side, deed), by, to, outcomes, pick in story:
        if side in ("here", "there"):
            getattr(both, side)(deed, by, to)
        elif side == "word":
            both.word(deed == "resumes")
        elif side == "hear" and both.line.news:
            both.hear(*both.line.news[pick % len(both.line.news)])  # late, again, never
        elif side == "settle":
            both.settle(outcomes)
        elif side == "look":
            both.look()
    return both


@settings(max_examples=150, deadline=None)
@given(stories, st.randoms(use_true_random=False))
def test_any_order_of_news_ends_in_the_same_state(story: list, dice: object) -> None:  # type: ignore[type-arg]
    both = told(story)
    late = list(both.line.news)
    dice.shuffle(late)  # type: ignore[attr-defined]
    for one in late[: len(late) // 2]:
        both.hear(*one)
    both.settle()
    both.look()
    assert both.agree(), (both.talk, both.line)


@settings(max_examples=100, deadline=None)
@given(stories)
def test_echoes_never_loop(story: list) -> None:  # type: ignore[type-arg]
    """News of our own deeds ask nothing more of the line."""
    both = told(story)
    both.settle()
    both.look()
    calls, line = both.calls, replace(both.line, news=[])
    for _ in range(2):
        for one in list(both.line.news):
            both.hear(*one)
        both.settle()
        both.look()
    assert both.calls == calls
    assert replace(both.line, news=[]) == line
    assert both.agree()


@given(fates, fates)
def test_accepted_once_and_closed_once(first: list[str], second: list[str]) -> None:
    """Whatever answers are lost: one answer, one end."""
    both = Both()
    both.here("accept", BORIS, BORIS)
    both.settle(first)
    both.here("close", BORIS, BORIS)
    both.settle(second)
    assert both.line.answers <= 1  # an administrator may have handed it over instead
    assert (both.line.owner, both.line.ends) == (BORIS, 1)
