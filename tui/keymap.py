"""The keys that the settings give to bindings, checked: each must be able to do its work."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from textual.app import App
from textual.binding import Binding, BindingsMap
from textual.widgets import Input, TextArea

from leadboard.common.errors import Refused
from leadboard.common.language import _
from leadboard.common.settings import dotted, fault
from tui.dialogs.act import ActSheet
from tui.dialogs.act_list import ActList, NoticeList
from tui.dialogs.alarms import AlarmList, Alarms
from tui.dialogs.base import Body
from tui.dialogs.details import Details
from tui.dialogs.draft import DraftEnding
from tui.dialogs.factor import Factor
from tui.dialogs.first_steps import FirstSteps
from tui.dialogs.forecast import Forecast
from tui.dialogs.forms import Confirm, Dialog, Question, Quit
from tui.dialogs.help import Help
from tui.dialogs.history import History
from tui.dialogs.move import Fitting, Move
from tui.dialogs.statistics import StatisticsSheet
from tui.dialogs.triage import Triage
from tui.dialogs.whatif import WhatIf
from tui.key_names import keys_written, sign_of
from tui.keys import MADE, REPEAT, Keymap, both, key_label, keys_of, without_twins
from tui.panes.appeals import Appeals
from tui.panes.appeals_pane import AppealsPane
from tui.panes.leads import Leads
from tui.panes.new_appeal import NewAppeal
from tui.panes.operators import Operators
from tui.panes.source_field import SourceField
from tui.panes.waiting import Waiting
from tui.panes.waiting_sources import WaitingSources
from tui.panes.weights import Weights
from tui.screen.desk import DeskScreen
from tui.screen.touring import OF_DEMO
from tui.widgets.choice import ChoiceField
from tui.widgets.filter import FilterLine
from tui.widgets.free_text import FreeText

Place = Sequence[type[Any]]
"""What hears a key, from the focus upwards."""

PLACES: Sequence[Place] = (
    (Operators, DeskScreen),
    (Weights, DeskScreen),
    (Appeals, AppealsPane, DeskScreen),
    (Leads, AppealsPane, DeskScreen),
    (Waiting, AppealsPane, DeskScreen),
    (WaitingSources, AppealsPane, DeskScreen),
    (Input, SourceField, NewAppeal, DeskScreen),
    (Input, NewAppeal, DeskScreen),
    (FreeText, NewAppeal, DeskScreen),
    (FilterLine, DeskScreen),
    (Body, Details),
    (ActList, History),
    (NoticeList, History),
    (Body, ActSheet),
    (AlarmList, Alarms),
    (Body, Forecast),
    (Body, StatisticsSheet),
    (Body, FirstSteps),
    (Body, Triage),
    (Body, WhatIf),
    (Input, Factor),
    (Input, Move),
    (Input, Dialog),
    (FreeText, Dialog),
    (ChoiceField, Dialog),
    *((Body, sheet) for sheet in (Question, Confirm, Fitting, Quit, DraftEnding)),
    (Input, Help),
)
"""Every place of the focus where keys have a meaning of ours."""

DIGITS: Mapping[type[Any], str] = {Weights: "0123456789", Details: "123456789", Triage: "123456789"}
"""The digits that a widget takes itself: weights, and remedies."""

_OF_APP = BindingsMap(
    [*App.BINDINGS, Binding(App.COMMAND_PALETTE_BINDING, "command_palette", _("Commands"))]
)


def keymap_of(written: Mapping[str, str]) -> tuple[Keymap, list[str]]:
    """Return the keys that can be given to bindings, by id, and a sentence for each that cannot."""
    keymap: dict[str, str] = {}
    refused: dict[str, str] = {}
    for id, text in written.items():
        try:
            if (keys := _keys(id, text)) != MADE[id].key:
                keymap[id] = keys
        except Refused as refusal:
            refused[id] = str(refusal)
    # A binding that loses keys has its own again, which another may have been given.
    while clash := next(_clashes(keymap), None):
        id, refused[id] = clash
        del keymap[id]
    return keymap, [fault(dotted("keys", id), refused[id]) for id in written if id in refused]


def all_keys(keymap: Keymap) -> Iterator[tuple[str, str, str]]:
    """Yield the id of every binding, its keys as people write them, and a remark on them."""
    for id, binding in sorted(MADE.items()):
        keys = without_twins(keys_of(id, keymap))
        # A comma by itself separates keys.
        written = ", ".join(key if key == "comma" else key_label(key) for key in keys)
        remark = _("file: {does}") if id in keymap else _("default: {does}")
        yield id, written, remark.format(does=binding.description)


def _keys(id: str, text: str) -> str:
    """Return the keys of a text with their twins; raises Refused."""
    if id not in MADE:
        raise Refused(_("is no setting: leadboard config lists them"))
    keys = keys_written(text)
    if id == "desk.repeat":
        # The full stop itself is what the key of the slash gives on the Russian layout.
        keys = [REPEAT if key == "full_stop" else key for key in keys]
    for owner, place in _homes(id):
        if owner is not DeskScreen:
            _refuse_typed(keys, place)
    return ",".join(dict.fromkeys(both(",".join(keys)).split(",")))


def _refuse_typed(keys: Sequence[str], place: Place) -> None:
    """Raise Refused for keys that never reach the bindings of a place."""
    digits = "".join(DIGITS.get(each, "") for each in place)
    if digit := next((key for key in keys if key in digits), None):
        raise Refused(_("cannot be {key}: digits have a meaning there", key=digit))
    if issubclass(place[0], Input | TextArea) and all(map(sign_of, keys)):
        key = key_label(keys[0])
        raise Refused(_("cannot be only {key}, which is typed as text there", key=key))


def _homes(id: str) -> Iterator[tuple[type[Any], Place]]:
    """Yield each place where a binding has a meaning, with the class there that has it."""
    for place in PLACES:
        for owner in place:
            if any(binding.id == id for _key, binding in owner._merged_bindings):
                yield owner, place
                break


def _clashes(keymap: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield each binding whose new keys another has, the last one first, and which other."""
    for id in reversed(keymap):
        keys = keys_of(id, keymap)
        for owner, place in _homes(id):
            for other, others in _others(id, owner, place, keymap):
                if taken := next((key for key in keys if key in others), None):
                    yield id, _taken(taken, other)


def _taken(key: str, other: str) -> str:
    return _("cannot be {key}, which is the key of {other}", key=key_label(key), other=other)


def _others(
    id: str, owner: type[Any], place: Place, keymap: Keymap
) -> Iterator[tuple[str, set[str]]]:
    """Yield the other bindings of a place that may not share a key with this one, and their keys.

    Those that share one by default may: the first passes the key on where it has nothing to do.
    """
    own = _bindings(owner, keymap)[id][0]
    for each in place:
        # What is typed in a field never reaches the desk, whatever the key.
        if owner is DeskScreen and issubclass(each, Input | TextArea):
            continue
        for name, (default, keys) in _bindings(each, keymap).items():
            if name != id and not own & default and not _gives_way(name, keymap):
                yield name, keys
    for key, binding in _OF_APP:
        if key not in own:
            yield binding.description or binding.action, {key}


def _gives_way(id: str, keymap: Keymap) -> bool:
    """Tell whether a binding leaves its keys to the settings: those of the demo do as they are."""
    return id in OF_DEMO and id not in keymap


def _bindings(owner: type[Any], keymap: Keymap) -> dict[str, tuple[set[str], set[str]]]:
    """Return the bindings of a class by id, else by what they do: keys by default, and as mapped.

    Repeat counts as having the full stop too, which the desk hears for it.
    """
    found: dict[str, tuple[set[str], set[str]]] = {}
    for key, binding in owner._merged_bindings:
        default, keys = found.setdefault(binding.id or binding.description, (set(), set()))
        default.add(key)
        keys.update(keys_of(binding.id, keymap) if binding.id else [key])
        for each in (default, keys):
            each.update({"full_stop"} if REPEAT in each else ())
    return found
