"""How the desk runs acts: on the writer thread, with the outcome shown."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from textual import on, work
from textual.timer import Timer

from leadboard import desk
from leadboard.common.errors import Refused, Trouble, Uncertain
from leadboard.common.language import _, ngettext
from leadboard.common.text import clean
from leadboard.database.fields import now
from leadboard.database.transactions import try_writing
from tui.base import DeskApp, HomeScreen, app_of
from tui.messages import Acted, ActRequest, Failed, Insistence
from tui.notices import with_told
from tui.panes.new_appeal import NewAppeal, Submission
from tui.screen.footer import Notice
from tui.screen.header import Header

if TYPE_CHECKING:
    from leadboard.allocation.intake import Placed

PROBE = 1.0
"""Seconds between checks whether the database can be written again."""
PROBING = "probe"
"""The group of the worker that looks whether the database can be written again."""
ACT = "act"
"""The group of the workers that wait for acts, including those of dialogs."""
MOST_NAMED = 3
"""Acts that a sentence names; the others are counted."""


class ActingScreen(HomeScreen):
    """A screen that runs acts one after another, and reads again after each."""

    def __init__(self, *, classes: str) -> None:
        super().__init__(classes=classes)
        self._probe: Timer | None = None
        self.lost: list[ActRequest] = []
        """Acts that could not be stored, oldest first."""

    @property
    def desk_app(self) -> DeskApp:
        """Return the application, which has the writer and the actor."""
        return app_of(self)

    def reload(self) -> None:
        """Read again what is shown."""
        raise NotImplementedError

    @on(ActRequest)
    def run_act(self, message: ActRequest) -> None:
        """Hand an act to the writer thread, in the order of the keys; a draft may take it."""
        if self.takes_draft(message):
            return
        self.finish(
            self.desk_app.perform(
                partial(message.function, *message.arguments, actor=self.desk_app.actor)
            ),
            message,
        )

    def takes_draft(self, message: ActRequest) -> bool:
        """Tell whether a draft has taken an act; there is none here."""
        return False

    @work(group=ACT, exit_on_error=False)
    async def finish(self, act: Any, message: ActRequest) -> None:
        """Wait for an act and show its outcome."""
        try:
            done: desk.Done[Any] = await act
        except Refused as refusal:
            self.refuse(refusal, message.insistence)
        # Before Trouble, of which it is a kind: the act may be stored, so `.` must not repeat it.
        except Uncertain as uncertain:
            self.say(str(uncertain), is_bad=True)
        except Trouble as trouble:
            self.lose(message, trouble)
        else:
            self.say(done.note)
        self.reload()

    def refuse(self, refusal: Refused, insistence: Insistence | None) -> None:
        """Say why an act was refused; if it only needs confirming, ask."""
        if refusal.field != "force" or insistence is None:
            self.say(str(refusal), is_bad=True)
            return
        from tui.dialogs.forms import Question

        self.app.push_screen(Question(f"{refusal} {insistence.question}", insistence.act))

    def lose(self, act: ActRequest, trouble: Trouble) -> None:
        """Keep an act that was not stored, for a key to repeat once the database is back."""
        self.lost.append(act)
        self.refresh_bindings()
        self.stand(str(trouble))

    @property
    def losses(self) -> str:
        """Return in words the acts neither stored nor repeated; empty if there are none."""
        from tui.wording import words_of  # which loads every act

        words = [
            act.words or words_of(act.function, act.arguments, self.board) for act in self.lost
        ]
        named, more = ", ".join(words[:MOST_NAMED]), len(words) - MOST_NAMED
        if more <= 0:
            return named
        return ngettext("{acts} and {n} more", "{acts} and {n} more", more, acts=named)

    def action_repeat(self) -> None:
        """Run the acts that were not stored again, in their order."""
        # Emptied first: acts that fail once more are added again.
        lost, self.lost = self.lost, []
        self.refresh_bindings()
        for act in lost:
            self.run_act(act)

    @property
    def acts_under_way(self) -> int:
        """Return how many acts are neither stored nor refused yet."""
        return self._workers_of(ACT)

    def _workers_of(self, group: str) -> int:
        """Return how many workers of a group have not finished."""
        return sum(each.group == group and not each.is_finished for each in self.app.workers)

    def stand(self, sentence: str) -> None:
        """Show why nothing can be stored, until a probe succeeds."""
        if self.lost:
            said = _("Not saved: {acts}. {why}", acts=self.losses, why=sentence)
        else:
            said = _("Not saved. {why}", why=sentence)
        self.say(said, is_bad=True)
        self.query_one(Header).write_trouble = sentence
        if self._probe is None:
            self._probe = self.set_interval(PROBE, self._probe_once)

    def _probe_once(self) -> None:
        # One at a time: on a lost server a probe may take longer than the time between two.
        if not self._workers_of(PROBING):
            self.probe()

    @work(group=PROBING, exit_on_error=False)
    async def probe(self) -> None:
        """Check whether the database can be written again."""
        try:
            await self.desk_app.writer.do(try_writing)
        except Trouble as trouble:
            self.query_one(Header).write_trouble = str(trouble)
            return
        if self._probe is not None:
            self._probe.stop()
            self._probe = None
        self.query_one(Header).write_trouble = ""
        self.say(self._recovered(), is_bad=bool(self.lost))
        for submission in self.query_one(NewAppeal).take_held():
            self.send(submission)

    def _recovered(self) -> str:
        if not self.lost:
            return _("Database is back.")
        key = self.desk_app.with_keys("{desk.repeat}")
        return _(
            "Database is back. Not saved: {acts} ({key} repeats it)", acts=self.losses, key=key
        )

    @on(NewAppeal.Submitted)
    def submit(self, message: NewAppeal.Submitted) -> None:
        """Take a draft from the form."""
        self.send(message.submission)

    def send(self, submission: Submission) -> None:
        """Hand a submission to the writer thread."""
        act = partial(_act_of(submission), actor=self.desk_app.actor)
        self.finish_submission(submission, self.desk_app.perform(act))

    @work(group=ACT, exit_on_error=False)
    async def finish_submission(self, submission: Submission, act: Any) -> None:
        """Wait for a submission; the form keeps what could not be stored."""
        form = self.query_one(NewAppeal)
        try:
            done = await act
        except Refused as refusal:
            form.take_back(submission.draft, _("Not saved: {why}", why=refusal))
        except Uncertain as uncertain:
            form.take_back(submission.draft, _("Perhaps saved: {why}", why=uncertain))
        except Trouble as trouble:
            form.hold(submission)
            self.stand(str(trouble))
        else:
            form.answer(submission.draft, done.result)
        self.reload()

    @on(Acted)
    def show_acted(self, message: Acted) -> None:
        """Show what a dialog has stored, and read again."""
        self.say(message.note)
        self.reload()

    @on(Failed)
    def show_failed(self, message: Failed) -> None:
        """Say why something was refused."""
        self.say(message.sentence, is_bad=True)

    def say(self, sentence: str, *, is_bad: bool = False) -> None:
        """Show a sentence in the line above the keys, and keep it for the history."""
        said, at = clean(sentence), now()
        self.notices = with_told(self.notices, said, at, is_bad=is_bad)
        self.query_one(Notice).tell(said, at, is_bad=is_bad)


def _act_of(submission: Submission) -> "Callable[..., desk.Done[Placed]]":
    """Return the act that stores a submission, without the actor."""
    if submission.operator_id is None:
        return partial(desk.submit, *submission.draft)
    return partial(desk.submit_to, *submission.draft, submission.operator_id)
