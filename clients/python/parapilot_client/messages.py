"""What node and client say to each other; the node's `src/transport/message.ts` is the reference."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from .errors import ProtocolError
from .fields import Fields
from .wire import WireValue, decode, encode


@dataclass(frozen=True)
class ObservationEntry:
    """One array that the policy sees."""

    name: str
    shape: tuple[int, ...]
    unit: str


@dataclass(frozen=True)
class ActionEntry:
    """One number of an action, and its limits."""

    name: str
    unit: str
    min: float
    max: float


@dataclass(frozen=True)
class PolicyDescription:
    """What the policy sees and does, in physical units, and how the node runs it.

    `horizon` counts the steps that a chunk predicts, `n_obs_steps - 1` of them in the past; `n_action_steps` are
    executed before the next chunk is due.
    """

    name: str
    task: str
    rate_hz: float
    command_rate_hz: float
    n_obs_steps: int
    horizon: int
    n_action_steps: int
    observation: tuple[ObservationEntry, ...]
    action: tuple[ActionEntry, ...]
    solver: str
    provider: str
    budgets: str


@dataclass(frozen=True)
class Commands:
    """The commands within one control step, evenly spread over it: float32 [commands, width] each."""

    positions: NDArray[np.float32]
    velocities: NDArray[np.float32]
    """Per second."""


@dataclass(frozen=True)
class PlanFigures:
    """The chunk behind an action: its first step, how its solve ended (`accepted`, or cut short by its `budget`)."""

    step: int
    outcome: str
    sweeps: int
    evaluations: int
    residual: float
    solve_ms: float
    age_ms: float
    """Of the observation that it derives from."""


@dataclass(frozen=True)
class Action:
    """The action of one control step, with the plan ahead.

    Row 0 of `actions` (float32 [rows, width]) is the action of `step`, row k that of `step + k` as the plan stands. No
    rows: stay as you are. `rung` says where it comes from, best first: `fresh`, `iterate`, `rest`, `hold`, `stop`;
    `reason` why it is not `fresh`; `missed`, that a solve was due and did not make it.
    """

    id: int | None
    stamp: int | None
    """When the observation was acquired that the action derives from, microseconds of this client's clock."""
    episode: int
    step: int
    actions: NDArray[np.float32]
    commands: Commands | None
    rung: str
    reason: str
    missed: bool
    plan: PlanFigures | None


@dataclass(frozen=True)
class Refused:
    """No action for observation `id`, and why."""

    id: int | None
    reason: str
    message: str


NodeMessage: TypeAlias = PolicyDescription | Action | Refused


def hello() -> bytes:
    """Asks for the `PolicyDescription`."""
    return encode({"type": "hello"})


@dataclass(frozen=True)
class Observation:
    """What the robot saw at one control step, counted from 0 in its episode."""

    episode: int
    step: int
    arrays: Mapping[str, NDArray[np.float32]]

    def encode(self, id: int, stamp: int, *, asks: bool) -> bytes:
        """`stamp` is in microseconds of a monotonic clock; `asks` for the action of this step."""
        return encode(
            {
                "type": "observation",
                "id": id,
                "stamp": stamp,
                "episode": self.episode,
                "step": self.step,
                "reply": "once" if asks else "none",
                "observation": self.arrays,
            }
        )


def parse(data: bytes) -> NodeMessage:
    """What a node sent. Raises `ProtocolError`, whatever the bytes."""
    value = decode(data)
    type_ = Fields(value, "the message").text("type")
    readers: dict[str, Callable[[WireValue], NodeMessage]]
    readers = {"policy": _policy, "action": _action, "refused": _refused}
    if type_ not in readers:
        raise ProtocolError(f'a message of type "{type_[:40]}"')
    return readers[type_](value)


def _policy(value: WireValue) -> PolicyDescription:
    fields = Fields(value, "the policy message")
    return PolicyDescription(
        name=fields.text("name"),
        task=fields.text("task"),
        rate_hz=fields.number("rate_hz"),
        command_rate_hz=fields.number("command_rate_hz"),
        n_obs_steps=fields.count("n_obs_steps"),
        horizon=fields.count("horizon"),
        n_action_steps=fields.count("n_action_steps"),
        observation=fields.items(
            "observation",
            lambda entry: ObservationEntry(entry.text("name"), entry.counts("shape"), entry.text("unit")),
        ),
        action=fields.items(
            "action",
            lambda entry: ActionEntry(entry.text("name"), entry.text("unit"), entry.number("min"), entry.number("max")),
        ),
        solver=fields.text("solver"),
        provider=fields.text("provider"),
        budgets=fields.text("budgets"),
    )


def _action(value: WireValue) -> Action:
    fields = Fields(value, "the action message")
    commands = fields.fields_or_none("commands")
    plan = fields.fields_or_none("plan")
    return Action(
        id=fields.count_or_none("id"),
        stamp=fields.count_or_none("stamp"),
        episode=fields.count("episode"),
        step=fields.count("step"),
        actions=fields.matrix("actions"),
        commands=Commands(commands.matrix("positions"), commands.matrix("velocities")) if commands else None,
        rung=fields.text("rung"),
        reason=fields.text("reason"),
        missed=fields.flag("missed"),
        plan=_figures(plan) if plan else None,
    )


def _figures(fields: Fields) -> PlanFigures:
    return PlanFigures(
        step=fields.count("step"),
        outcome=fields.text("outcome"),
        sweeps=fields.count("sweeps"),
        evaluations=fields.count("evaluations"),
        residual=fields.number("residual"),
        solve_ms=fields.number("solve_ms"),
        age_ms=fields.number("age_ms"),
    )


def _refused(value: WireValue) -> Refused:
    fields = Fields(value, "the refusal")
    return Refused(fields.count_or_none("id"), fields.text("reason"), fields.text("message"))
