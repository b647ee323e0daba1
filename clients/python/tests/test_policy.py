"""The client against a node that does what a test says."""

import time
import unittest
from unittest import mock

import numpy as np

from parapilot_client import (
    NodeSilentError,
    ObservationError,
    ParapilotError,
    ParapilotPolicy,
    ProtocolError,
    RefusedError,
    ResetNeededError,
)
from parapilot_client.wire import encode

from .nodes import POLICY, ScriptedNode, action, refused

HERE = {"position": [0.25, 0.5]}


class PolicyTest(unittest.TestCase):
    def setUp(self):
        # A machine that stalls must not make the client ask twice where a test counts questions.
        self.repeats_soon = mock.patch("parapilot_client.connection._SOONEST_REPEAT_S", 60.0)
        self.repeats_soon.start()
        self.addCleanup(self.repeats_soon.stop)

    def open(self, answer=lambda asked: [action(asked)], *, timeout=5.0, policy=POLICY):
        node = ScriptedNode(answer, policy)
        self.addCleanup(node.close)
        client = ParapilotPolicy(node.endpoint, timeout=timeout)
        self.addCleanup(client.close)
        return node, client

    def observations(self, node):
        return [message for message in node.heard if message["type"] == "observation"]

    def test_counts_steps_and_episodes_and_stamps_them(self):
        node, policy = self.open()
        for _ in range(2):
            policy.reset()
            for _ in range(3):
                policy.infer(HERE)
        asked = self.observations(node)
        self.assertEqual([a["episode"] for a in asked], [0, 0, 0, 1, 1, 1])
        self.assertEqual([a["step"] for a in asked], [0, 1, 2, 0, 1, 2])
        # An id of 0 begins the conversation anew, also for an episode of the same number.
        self.assertEqual([a["id"] for a in asked], [0, 1, 2, 0, 1, 2])
        self.assertEqual([a["reply"] for a in asked], ["once"] * 6)
        stamps = [a["stamp"] for a in asked]
        self.assertEqual(stamps, sorted(set(stamps)))
        np.testing.assert_array_equal(asked[0]["observation"]["position"], np.array([0.25, 0.5], "<f4"))
        policy.reset(episode=7)
        policy.infer(HERE)
        self.assertEqual(self.observations(node)[-1]["episode"], 7)

    def test_gives_the_action_of_the_step_and_the_plan_after_it(self):
        _, policy = self.open()
        self.assertEqual(policy.plan.shape, (0, 2))
        policy.reset()
        now = policy.infer(HERE)
        self.assertEqual((now.dtype, now.tolist()), (np.float32, [0, 1]))
        self.assertEqual(policy.plan.tolist(), [[2, 3], [4, 5], [6, 7]])
        policy.observe(HERE)
        self.assertEqual((policy.step, policy.plan.tolist()), (2, [[4, 5], [6, 7]]))
        for _ in range(4):
            policy.observe(HERE)
        self.assertEqual(policy.plan.shape, (0, 2))
        self.assertEqual(policy.last.rung, "fresh")

    def test_what_a_caller_does_to_an_action_does_not_change_the_plan(self):
        _, policy = self.open()
        policy.reset()
        policy.infer(HERE)[:] = 99
        self.assertEqual(policy.last.actions[0].tolist(), [0, 1])

    def test_shows_without_asking(self):
        node, policy = self.open()
        policy.reset()
        policy.observe(HERE)
        policy.infer(HERE)
        self.assertEqual([(a["step"], a["reply"]) for a in self.observations(node)], [(0, "none"), (1, "once")])

    def test_refuses_wrong_observations_before_anything_is_sent(self):
        node, policy = self.open()
        policy.reset()
        wrong = {
            'takes the observation "position"; this one has pos, vel': {"pos": [0, 0], "vel": [0, 0]},
            "this one has nothing": {},
            r'"position" has shape \[1, 2\]; policy "toy" takes \[2\] \(m\)': {"position": [[0, 0]]},
            r'"position" has shape \[3\]': {"position": [0, 0, 0]},
            r'"position"\[1\] is nan; check the sensor': {"position": [0, np.nan]},
            r'"position"\[0\] is 1e\+300': {"position": [1e300, 0]},
            '"position" is of dtype <U1; give real numbers': {"position": ["a", "b"]},
            '"position" is of dtype complex128': {"position": [1j, 0]},
            '"position" is of dtype bool': {"position": [True, False]},
            r"a mapping from names to arrays, not ndarray; .*takes position \[2\]": np.zeros(2),
        }
        for text, observation in wrong.items():
            with self.subTest(text), self.assertRaisesRegex(ObservationError, text):
                policy.infer(observation)
        with self.assertRaises(ObservationError):
            policy.observe({})
        self.assertEqual(self.observations(node), [])
        self.assertEqual(policy.infer({**HERE, "camera": "not sent"}).tolist(), [0, 1])
        self.assertEqual(list(self.observations(node)[0]["observation"]), ["position"])

    def test_wants_a_reset_before_an_episode(self):
        _, policy = self.open()
        with self.assertRaisesRegex(ResetNeededError, r"call reset\(\)"):
            policy.infer(HERE)

    def test_hands_on_a_refusal_and_can_try_the_step_again(self):
        answers = [lambda asked: [refused(asked, "busy", message="the node already serves 16 robots")]]
        _, policy = self.open(lambda asked: answers.pop()(asked) if answers else [action(asked)])
        policy.reset()
        with self.assertRaisesRegex(RefusedError, "already serves 16 robots") as caught:
            policy.infer(HERE)
        self.assertEqual((caught.exception.reason, policy.step), ("busy", 0))
        policy.infer(HERE)
        self.assertEqual(policy.step, 1)

    def test_hands_on_that_the_node_cannot_read_it(self):
        _, policy = self.open(lambda asked: [refused(asked, "malformed", id=None, message="cut short")])
        policy.reset()
        with self.assertRaisesRegex(RefusedError, "cannot read this: cut short"):
            policy.infer(HERE)

    def test_gives_up_on_a_silent_node_in_time_and_says_what_the_robot_can_do(self):
        silent = False
        node, policy = self.open(lambda asked: [] if silent else [action(asked)], timeout=0.5)
        policy.reset()
        policy.infer(HERE)
        silent = True
        began = time.monotonic()
        with self.assertRaises(NodeSilentError) as caught:
            policy.infer(HERE)
        self.assertLess(time.monotonic() - began, 30)
        for text in [
            f"the node at {node.endpoint} did not answer the observation of step 1 within 0.5 s",
            "goes on for 3 more steps (policy.plan, and observe() at each of them)",
            "infer() again, or reset()",
        ]:
            self.assertIn(text, str(caught.exception))
        self.assertEqual(policy.plan.tolist(), [[2, 3], [4, 5], [6, 7]])
        silent = False
        policy.infer(HERE)
        self.assertEqual(policy.step, 2)

    def test_counts_the_steps_that_the_robot_takes_while_the_node_is_silent(self):
        silent = False
        node, policy = self.open(lambda asked: [] if silent else [action(asked)], timeout=0.3)
        policy.reset()
        policy.infer(HERE)
        silent = True
        with self.assertRaises(NodeSilentError):
            policy.infer(HERE)
        executed = []
        for _ in range(2):
            executed.append(policy.plan[0].tolist())
            policy.observe(HERE)
        self.assertEqual(executed, [[2, 3], [4, 5]])
        silent = False
        policy.infer(HERE)
        self.assertEqual(self.observations(node)[-1]["step"], 3)

    def test_asks_again_when_an_answer_is_lost(self):
        lost = 2

        def answer(asked):
            nonlocal lost
            if asked["step"] == 1 and lost > 0:
                lost -= 1
                return []
            return [refused(asked, "superseded", id=max(0, asked["id"] - 1)), action(asked)]

        self.repeats_soon.stop()
        # Twice the longest wait before a repetition would be too long.
        node, policy = self.open(answer, timeout=9)
        policy.reset()
        policy.infer(HERE)
        policy.infer(HERE)
        self.assertEqual([a["step"] for a in self.observations(node)][:4], [0, 1, 1, 1])

    def test_a_first_solve_that_takes_longer_than_a_description_is_not_asked_for_twice(self):
        self.repeats_soon.stop()

        def slow(asked):
            time.sleep(0.7)
            return [action(asked)]

        node, policy = self.open(slow)
        policy.reset()
        policy.infer(HERE)
        self.assertEqual(len(self.observations(node)), 1)

    def test_drops_late_answers(self):
        held = []

        def hold_back(asked):
            held.append(action(asked))
            return []

        node, policy = self.open(hold_back, timeout=0.5)
        policy.reset()
        with self.assertRaises(NodeSilentError):
            policy.infer(HERE)
        node.answer = lambda asked: [*held, action(asked)]
        newest = len(held)
        self.assertEqual(policy.infer(HERE)[0], newest)
        self.assertEqual(policy.infer(HERE)[0], newest + 1)

    def test_an_answer_to_the_episode_before_is_not_taken_for_one_of_this(self):
        held = []

        def hold_back(asked):
            held.append((node.peers[-1], action(asked, actions=np.full((1, 2), 99, "<f4"))))
            return []

        node, policy = self.open(hold_back, timeout=0.3)
        policy.reset(episode=5)
        with self.assertRaises(NodeSilentError):
            policy.infer(HERE)
        # The same episode, step and id once more, while the node finds words for what was asked before.
        node.answer = lambda asked: [*held, action(asked)]
        policy.reset(episode=5)
        self.assertEqual(policy.infer(HERE).tolist(), [0, 1])

    def test_says_that_garbage_is_no_answer_of_a_node(self):
        for garbage in [b"\xc1\xff", b"HTTP/1.1 400 Bad Request\r\n", encode({"type": "action"}), b""]:
            with self.subTest(garbage):
                _, policy = self.open(lambda asked, garbage=garbage: [garbage])
                policy.reset()
                with self.assertRaisesRegex(ProtocolError, "does not speak as a Parapilot node does"):
                    policy.infer(HERE)

    def test_notices_another_policy(self):
        _, policy = self.open(lambda asked: [action(asked, actions=np.zeros((1, 7), "<f4"))])
        policy.reset()
        with self.assertRaisesRegex(ProtocolError, "7 numbers in place of 2: it runs another policy"):
            policy.infer(HERE)

    def test_learns_of_another_policy_at_reset(self):
        node, policy = self.open()
        node.policy = {**POLICY, "name": "new", "observation": [{"name": "angle", "shape": [1], "unit": "rad"}]}
        policy.reset()
        self.assertEqual(policy.description.name, "new")
        with self.assertRaisesRegex(ObservationError, 'policy "new" takes the observation "angle"'):
            policy.infer(HERE)

    def test_without_any_plan_it_asks_again_until_there_is_one(self):
        empty = np.empty((0, 2), "<f4")

        def answer(asked):
            return [action(asked, actions=empty, rung="hold", reason="budget up") if asked["id"] < 2 else action(asked)]

        _, policy = self.open(answer)
        policy.reset()
        self.assertEqual(policy.infer(HERE).tolist(), [2, 3])

    def test_gives_up_on_a_node_that_never_has_a_plan(self):
        empty = np.empty((0, 2), "<f4")
        _, policy = self.open(
            lambda asked: [action(asked, actions=empty, rung="stop", reason="no worker")], timeout=0.3
        )
        policy.reset()
        with self.assertRaisesRegex(NodeSilentError, "had no action for step 0 .*stop: no worker.*stay as it is"):
            policy.infer(HERE)

    def test_says_that_nobody_is_there(self):
        began = time.monotonic()
        with self.assertRaisesRegex(
            NodeSilentError, "no node at tcp://127.0.0.1:9 for 0.3 s to describe.*parapilot run"
        ):
            ParapilotPolicy("tcp://127.0.0.1:9", timeout=0.3)
        self.assertLess(time.monotonic() - began, 30)

    def test_refuses_endpoints_timeouts_and_episodes_that_are_none(self):
        for endpoint in ["127.0.0.1:5571", "", "tcp://", "carrier-pigeon://loft"]:
            with self.subTest(endpoint), self.assertRaisesRegex(ParapilotError, "use for example tcp://127.0.0.1:5571"):
                ParapilotPolicy(endpoint, timeout=0.1)
        for timeout in [0, -1, float("nan"), float("inf")]:
            with self.subTest(timeout), self.assertRaisesRegex(ValueError, "give seconds"):
                ParapilotPolicy(timeout=timeout)
        _, policy = self.open()
        for episode in [-1, 0.5, True, "1", 2**53]:
            with self.subTest(episode), self.assertRaisesRegex(ValueError, "whole number"):
                policy.reset(episode=episode)

    def test_is_over_when_closed(self):
        _, policy = self.open()
        with policy:
            policy.reset()
        policy.close()
        with self.assertRaisesRegex(ParapilotError, "closed"):
            policy.infer(HERE)


if __name__ == "__main__":
    unittest.main()
