"""A policy that runs elsewhere, as an object with `reset` and `infer`."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from types import TracebackType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .connection import Connection
from .errors import (
    NodeSilentError,
    ObservationError,
    ProtocolError,
    RefusedError,
    ResetNeededError,
)
from .messages import Action, NodeMessage, Observation, ObservationEntry, PolicyDescription, Refused, hello

DEFAULT_ENDPOINT = "tcp://127.0.0.1:5571"


class ParapilotPolicy:
    """The policy of a Parapilot node, one action per control step, in lock-step: the world waits for each action.

    >>> with ParapilotPolicy() as policy:                           # doctest: +SKIP
    ...     observation, _ = env.reset(seed=0)
    ...     policy.reset()
    ...     done = False
    ...     while not done:
    ...         action = policy.infer(observation)
    ...         observation, reward, terminated, truncated, _ = env.step(action)
    ...         done = terminated or truncated

    Waits for a node that is still starting. `timeout` is how long any question may stay unanswered, in seconds. Raises
    `NodeSilentError` when there is no node. One object serves one robot and one thread.
    """

    def __init__(self, endpoint: str = DEFAULT_ENDPOINT, *, timeout: float = 30.0) -> None:
        if not (math.isfinite(timeout) and timeout > 0):
            raise ValueError(f"timeout is {timeout!r}; give seconds, more than 0")
        self._connection = Connection(endpoint, timeout)
        self._timeout = timeout
        self._episode: int | None = None
        self._next_episode = 0
        self._step = 0
        self._next_id = 0
        # The newest question that has no answer yet; the node answers in the order in which it is asked.
        self._unanswered: int | None = None
        self._last: Action | None = None
        try:
            self._description = self._describe()
        except BaseException:
            self._connection.close()
            raise

    @property
    def endpoint(self) -> str:
        """Where the node is."""
        return self._connection.endpoint

    @property
    def description(self) -> PolicyDescription:
        """What the policy sees and does, as the node said at the last `reset`."""
        return self._description

    @property
    def step(self) -> int:
        """Control steps in this episode so far."""
        return self._step

    @property
    def last(self) -> Action | None:
        """The newest answer of this episode: where the action came from, and the figures of the solve behind it."""
        return self._last

    @property
    def plan(self) -> NDArray[np.float32]:
        """The actions planned from the step on that comes next: float32 [rows, width]; no rows: nothing is planned.

        To go on with when the node falls silent, or for a robot that executes several rows at a time. It shows what it
        sees at each of those steps with `observe`, which counts the step.
        """
        if self._last is None:
            return np.empty((0, len(self._description.action)), dtype=np.float32)
        return self._last.actions[self._step - self._last.step :].copy()

    def reset(self, *, episode: int | None = None) -> None:
        """Begins an episode: the policy forgets what it saw and planned.

        With the node's `solver.seed`, the number of the episode fixes all noise: the same observations then give the
        same actions, bit for bit, on a node that solves between steps (`plan.overlap: none`) without a solve budget. It
        counts up from 0 unless given. Raises `NodeSilentError` when the node is away.
        """
        if episode is not None and (type(episode) is not int or not 0 <= episode < 2**53):
            raise ValueError(f"episode is {episode!r}; give a whole number from 0 on")
        self._episode = None
        self._last = None
        self._step = 0
        # To the node, id 0 is the beginning, whatever the episode was before.
        self._next_id = 0
        if self._unanswered is not None:
            # What is still to come must not be taken for the answer to what gets the same number now.
            self._unanswered = None
            self._connection.renew()
        self._description = self._describe()
        self._episode = self._next_episode if episode is None else episode
        self._next_episode = self._episode + 1

    def infer(self, observation: Mapping[str, ArrayLike]) -> NDArray[np.float32]:
        """The action of this control step: float32 [width], in the units and within the limits of the policy.

        Arrays that the policy does not know are not sent. Raises `ObservationError` before anything is sent,
        `RefusedError` when the node gives no action, and `NodeSilentError` when it does not answer; the step may then
        be tried again.
        """
        seen = self._sighting(observation)
        give_up_at = time.monotonic() + self._timeout
        reply = self._ask(seen)
        # A robot without a plan is to stay as it is, and so does a world that waits: it may as well ask again.
        while len(reply.actions) == 0 and time.monotonic() < give_up_at:
            time.sleep(1 / self._description.rate_hz)
            reply = self._ask(seen)
        if len(reply.actions) == 0:
            raise NodeSilentError(
                f"the node at {self.endpoint} had no action for step {seen.step} within {self._timeout:g} s "
                f"({reply.rung}: {reply.reason}). {self._advice()}"
            )
        self._last = reply
        self._step += 1
        # A copy, so that nobody changes the plan by it.
        action: NDArray[np.float32] = reply.actions[0].copy()
        return action

    def observe(self, observation: Mapping[str, ArrayLike]) -> None:
        """Shows what is seen at this control step without asking for an action: the robot executes `plan`.

        Nothing waits for the node: what it refuses, it says at the next `infer`. Raises `ObservationError` before
        anything is sent.
        """
        seen = self._sighting(observation)
        self._connection.send(self._numbered(seen, asks=False))
        self._step += 1

    def close(self) -> None:
        """Disconnects. May be called again."""
        self._connection.close()

    def __enter__(self) -> ParapilotPolicy:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _describe(self) -> PolicyDescription:
        def answer(message: NodeMessage) -> PolicyDescription | None:
            self._hear(message)
            return message if isinstance(message, PolicyDescription) else None

        # Answered at once, which says nothing of how long a solve takes.
        return self._connection.ask(hello, answer, "describe its policy", timed=False)

    def _ask(self, seen: Observation) -> Action:
        asked: set[int] = set()

        def question() -> bytes:
            asked.add(self._next_id)
            self._unanswered = self._next_id
            return self._numbered(seen, asks=True)

        def answer(message: NodeMessage) -> Action | None:
            self._hear(message)
            if isinstance(message, PolicyDescription) or message.id not in asked:
                return None
            if isinstance(message, Action):
                return message
            # What was asked again has been superseded by its own repetition.
            if message.reason == "superseded":
                return None
            raise RefusedError(message.reason, f"the node at {self.endpoint} gave no action: {message.message}")

        try:
            reply = self._connection.ask(question, answer, f"answer the observation of step {seen.step}")
        except NodeSilentError as error:
            raise NodeSilentError(f"{error} {self._advice()}") from None
        self._check(reply)
        return reply

    def _hear(self, message: NodeMessage) -> None:
        if isinstance(message, PolicyDescription):
            return
        if message.id is not None and message.id == self._unanswered:
            self._unanswered = None
        elif message.id is None and isinstance(message, Refused):
            raise RefusedError(message.reason, f"the node at {self.endpoint} cannot read this: {message.message}")

    def _sighting(self, observation: Mapping[str, ArrayLike]) -> Observation:
        if self._episode is None:
            raise ResetNeededError("no episode has begun; call reset() at the beginning of every episode")
        return Observation(self._episode, self._step, checked(observation, self._description))

    def _numbered(self, observation: Observation, *, asks: bool) -> bytes:
        id = self._next_id
        self._next_id += 1
        return observation.encode(id, time.monotonic_ns() // 1000, asks=asks)

    def _check(self, reply: Action) -> None:
        rows, width = reply.actions.shape
        expected = len(self._description.action)
        if rows > 0 and width != expected:
            raise ProtocolError(
                f"the node at {self.endpoint} answers with actions of {width} numbers in place of {expected}: it runs "
                f'another policy by now than "{self._description.name}"; begin an episode with reset()'
            )
        if (reply.episode, reply.step) != (self._episode, self._step):
            raise ProtocolError(
                f"the node at {self.endpoint} answers step {self._step} of episode {self._episode} with an action of "
                f"step {reply.step} of episode {reply.episode}"
            )

    def _advice(self) -> str:
        rows = len(self.plan)
        ahead = (
            f"The plan in hand goes on for {rows} more steps (policy.plan, and observe() at each of them); "
            "after them the robot has to stay as it is"
            if rows
            else "Nothing is planned: the robot has to stay as it is"
        )
        return f"{ahead}. When the node is back, call infer() again, or reset() for a new episode."


def checked(observation: Mapping[str, ArrayLike], policy: PolicyDescription) -> dict[str, NDArray[np.float32]]:
    """What the policy takes of an observation. Raises `ObservationError` naming what is wrong."""
    if not isinstance(observation, Mapping):
        wanted = ", ".join(f"{entry.name} {list(entry.shape)}" for entry in policy.observation)
        raise ObservationError(
            f"an observation is a mapping from names to arrays, not {type(observation).__name__}; "
            f'policy "{policy.name}" takes {wanted}'
        )
    return {entry.name: _array(observation, entry, policy.name) for entry in policy.observation}


def _array(observation: Mapping[str, ArrayLike], entry: ObservationEntry, policy: str) -> NDArray[np.float32]:
    name = entry.name
    if name not in observation:
        offered = ", ".join(str(key) for key in observation) or "nothing"
        raise ObservationError(f'policy "{policy}" takes the observation "{name}"; this one has {offered}')
    found = np.asarray(observation[name])
    if found.dtype.kind not in "fiu":
        raise ObservationError(f'observation "{name}" is of dtype {found.dtype}; give real numbers ({entry.unit})')
    if found.shape != entry.shape:
        raise ObservationError(
            f'observation "{name}" has shape {list(found.shape)}; policy "{policy}" takes {list(entry.shape)} '
            f"({entry.unit})"
        )
    # As the TypeScript client sends it, so that both are answered with the same chunk.
    with np.errstate(over="ignore"):
        values = np.ascontiguousarray(found, dtype="<f4")
    wild = np.argwhere(~np.isfinite(values))
    if len(wild):
        at = "".join(f"[{index}]" for index in wild[0])
        raise ObservationError(f'observation "{name}"{at} is {found[tuple(wild[0])]}; check the sensor')
    return values
