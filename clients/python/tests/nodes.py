"""Parapilot nodes for the tests: a real one as a process, and one that says what a test has it say."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
import threading
import unittest
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import zmq

from parapilot_client.wire import decode, encode

ROOT = Path(__file__).resolve().parents[3]
MAIN = ROOT / "dist/src/cli/main.js"
# Few levels and no budget, so that the speed of the machine decides nothing.
LAUNCH = {
    "policy": str(ROOT / "policies/pusht"),
    "solver": {"rule": {"name": "ddim", "steps": 10}},
    "plan": {"overlap": "none", "blend": "none"},
}


def needs_node(test: Any) -> Any:
    """Skips where there is no built node to run."""
    there = shutil.which("node") is not None and MAIN.exists()
    return unittest.skipUnless(there, "needs Node.js and a built node: npm ci && npm run build")(test)


class NodeProcess:
    """`parapilot run` with the PushT policy, from the moment on that it serves."""

    def __init__(self, endpoint: str = "tcp://127.0.0.1:*", launch: Mapping[str, object] = LAUNCH) -> None:
        with tempfile.NamedTemporaryFile("w", suffix=".yaml", delete=False) as file:
            json.dump(launch, file)
        self._file = Path(file.name)
        self._process = subprocess.Popen(
            ["node", str(MAIN), "run", file.name, "--endpoint", endpoint, "--quiet"],
            stderr=subprocess.PIPE,
            text=True,
        )
        self.endpoint = self._wait()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self._file.unlink(missing_ok=True)
        if self._process.stderr:
            self._process.stderr.close()

    def _wait(self) -> str:
        said = ""
        for line in self._process.stderr or ():
            said += line
            found = re.search(r"pusht at (\S+)\n[\s\S]*first solve", said)
            if found:
                return found[1]
        self.kill()
        raise AssertionError(f"the node ended:\n{said}")


POLICY = {
    "type": "policy",
    "name": "toy",
    "task": "toy",
    "rate_hz": 10,
    "command_rate_hz": 10,
    "n_obs_steps": 2,
    "horizon": 16,
    "n_action_steps": 8,
    "observation": [{"name": "position", "shape": [2], "unit": "m"}],
    "action": [{"name": "vx", "unit": "m/s", "min": -1, "max": 1}, {"name": "vy", "unit": "m/s", "min": -1, "max": 1}],
    "solver": "toy",
    "provider": "toy",
    "budgets": "none",
}

# What to send to whoever asked, or to (a peer, what).
Answer = Callable[[dict[str, Any]], list[Any]]


def action(asked: Mapping[str, Any], **changes: object) -> bytes:
    """The answer of a node to an observation: rows of its id, counting up."""
    rows = np.float32(asked["id"]) + np.arange(8, dtype="<f4").reshape(4, 2)
    return encode(
        {
            "type": "action",
            "id": asked["id"],
            "stamp": asked["stamp"],
            "episode": asked["episode"],
            "step": asked["step"],
            "actions": rows,
            "commands": None,
            "rung": "fresh",
            "reason": "",
            "missed": False,
            "plan": None,
            **changes,
        }
    )


def refused(asked: Mapping[str, Any], reason: str, **changes: object) -> bytes:
    answer = {"type": "refused", "id": asked["id"], "stamp": asked["stamp"], "reason": reason, "message": "no"}
    return encode({**answer, **changes})


class ScriptedNode:
    """Introduces itself as it should, and answers observations as `answer` says: any number of messages, to anyone."""

    def __init__(self, answer: Answer = lambda asked: [action(asked)], policy: Mapping[str, object] = POLICY) -> None:
        self.answer = answer
        self.policy = policy
        self.heard: list[dict[str, Any]] = []
        self.peers: list[bytes] = []
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.ROUTER)
        port = self._socket.bind_to_random_port("tcp://127.0.0.1")
        self.endpoint = f"tcp://127.0.0.1:{port}"
        self._open = True
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        self._open = False
        self._thread.join()
        self._context.destroy(linger=0)

    def _serve(self) -> None:
        while self._open:
            if not self._socket.poll(20):
                continue
            peer, data = self._socket.recv_multipart()
            message = decode(data)
            assert isinstance(message, dict)
            self.heard.append(message)
            self.peers.append(peer)
            answers = [encode(self.policy)] if message["type"] == "hello" else self.answer(message)
            for answer in answers:
                self._socket.send_multipart(answer if isinstance(answer, tuple) else (peer, answer))
