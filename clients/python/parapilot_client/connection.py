"""The socket to a node: asks, asks again, and gives up in time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TypeVar

import zmq

from .errors import NodeSilentError, ParapilotError, ProtocolError
from .messages import NodeMessage, parse
from .wire import MOST_BYTES

T = TypeVar("T")

# A question is asked again after so many times the longest that an answer has taken, within these bounds.
_REPEAT_AFTER = 4
_SOONEST_REPEAT_S = 0.2
_LATEST_REPEAT_S = 5.0
# How long a socket that takes nothing is left alone.
_RETRY_S = 0.01


class Connection:
    """A DEALER socket that connects to a node, and again whenever the node comes back. For one thread.

    Raises `ParapilotError` for an endpoint that is none.
    """

    def __init__(self, endpoint: str, timeout: float) -> None:
        self.endpoint = endpoint
        self._timeout = timeout
        self._longest_s: float | None = None
        self._context = zmq.Context()
        self._socket = self._connect()

    def send(self, message: bytes) -> bool:
        """Hands one message over without waiting; whether there is a node to take it."""
        self._need_open()
        try:
            self._socket.send(message, zmq.DONTWAIT)
        except zmq.Again:
            return False
        return True

    def ask(
        self, question: Callable[[], bytes], answer: Callable[[NodeMessage], T | None], what: str, *, timed: bool = True
    ) -> T:
        """Sends a question, and again from time to time, until `answer` makes something of a reply.

        Replies of which it makes None, to questions given up for instance, are dropped. Raises `NodeSilentError` when
        the timeout is over; `what` says in its message what the node did not do. How soon the next question is asked
        again follows from how long this one's answer takes, unless it is not `timed`.
        """
        self._need_open()
        began = time.monotonic()
        deadline = began + self._timeout
        asked_at = ask_at = began
        taken = False
        while (now := time.monotonic()) < deadline:
            if now >= ask_at:
                asked_at = now
                sent = self.send(question())
                taken = taken or sent
                ask_at = now + (self._repeat_after if sent else _RETRY_S)
            wait_s = max(0, min(deadline, ask_at) - time.monotonic())
            if not self._socket.poll(math.ceil(wait_s * 1000), zmq.POLLIN):
                continue
            answered = answer(self._receive())
            if answered is not None:
                if timed:
                    self._longest_s = max(self._longest_s or 0, time.monotonic() - asked_at)
                return answered
        raise NodeSilentError(self._silence(what, taken))

    def renew(self) -> None:
        """Connects anew, as another client: nothing that is still to come arrives any more."""
        self._need_open()
        self._socket.close(linger=0)
        self._socket = self._connect()

    def close(self) -> None:
        """Disconnects. May be called again."""
        self._context.destroy(linger=0)

    def _connect(self) -> zmq.Socket[bytes]:
        socket = self._context.socket(zmq.DEALER)
        try:
            _set_up(socket, self.endpoint)
            socket.connect(self.endpoint)
        except zmq.ZMQError as error:
            self._context.destroy(linger=0)
            raise ParapilotError(
                f'"{self.endpoint}" is not an endpoint to connect to; use for example tcp://127.0.0.1:5571'
            ) from error
        return socket

    def _receive(self) -> NodeMessage:
        frames = self._socket.recv_multipart()
        try:
            if len(frames) != 1:
                raise ProtocolError(f"a message in {len(frames)} frames")
            return parse(frames[0])
        except ProtocolError as error:
            raise ProtocolError(
                f"what answers at {self.endpoint} does not speak as a Parapilot node does: {error}; "
                "check the endpoint, and that node and client are of the same version"
            ) from error

    @property
    def _repeat_after(self) -> float:
        if self._longest_s is None:
            return _LATEST_REPEAT_S
        return min(_LATEST_REPEAT_S, max(_SOONEST_REPEAT_S, _REPEAT_AFTER * self._longest_s))

    def _need_open(self) -> None:
        if self._socket.closed:
            raise ParapilotError("the connection is closed; make a new ParapilotPolicy")

    def _silence(self, what: str, taken: bool) -> str:
        if taken:
            return (
                f"the node at {self.endpoint} did not {what} within {self._timeout:g} s: "
                "it was there, so see whether it still runs and what it prints"
            )
        return (
            f"there was no node at {self.endpoint} for {self._timeout:g} s to {what}: "
            "is it running (parapilot run, with a launch file), and on this endpoint?"
        )


def _set_up(socket: zmq.Socket[bytes], endpoint: str) -> None:
    # Queues nothing for a node that is away: it would be stale when the node is back.
    socket.setsockopt(zmq.IMMEDIATE, 1)
    socket.setsockopt(zmq.SNDHWM, 4)
    socket.setsockopt(zmq.RCVHWM, 16)
    socket.setsockopt(zmq.MAXMSGSIZE, MOST_BYTES + 2**20)
    # Without these a pulled cable looks like silence for ever.
    socket.setsockopt(zmq.HEARTBEAT_IVL, 1000)
    socket.setsockopt(zmq.HEARTBEAT_TIMEOUT, 3000)
    socket.setsockopt(zmq.HEARTBEAT_TTL, 3000)
    socket.setsockopt(zmq.IPV6, int("[" in endpoint))
