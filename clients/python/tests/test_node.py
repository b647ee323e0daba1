"""The client and a real node, as processes over real sockets."""

import time
import unittest

import numpy as np
import zmq

from parapilot_client import NodeSilentError, ObservationError, ParapilotPolicy
from parapilot_client.messages import Refused, parse
from parapilot_client.wire import encode

from .nodes import NodeProcess, needs_node


def sighting(step: int) -> dict[str, np.ndarray]:
    return {
        "keypoints": 200 + 5 * np.arange(18.0).reshape(9, 2) + step,
        "agent_position": np.array([100.0 + 3 * step, 400.0]),
    }


def play(policy: ParapilotPolicy, steps: int, episode: int | None = None) -> np.ndarray:
    policy.reset(episode=episode)
    return np.stack([policy.infer(sighting(step)) for step in range(steps)])


@needs_node
class NodeTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.node = NodeProcess()
        cls.addClassCleanup(cls.node.kill)

    def open(self, **options) -> ParapilotPolicy:
        policy = ParapilotPolicy(self.node.endpoint, **options)
        self.addCleanup(policy.close)
        return policy

    def test_describes_what_it_sees_and_does(self):
        description = self.open().description
        self.assertEqual((description.name, description.rate_hz, description.n_action_steps), ("pusht", 10, 8))
        self.assertEqual([(e.name, e.shape) for e in description.observation], [
            ("keypoints", (9, 2)),
            ("agent_position", (2,)),
        ])  # fmt: skip
        self.assertEqual([(e.unit, e.min, e.max) for e in description.action], [("px", 0, 512)] * 2)

    def test_acts_within_the_limits_and_plans_ahead(self):
        policy = self.open()
        actions = play(policy, 10)
        self.assertEqual((actions.shape, actions.dtype), ((10, 2), np.float32))
        self.assertTrue(((actions >= 0) & (actions <= 512)).all())
        self.assertEqual(policy.last.rung, "fresh")
        self.assertEqual(policy.last.plan.step, 8)
        self.assertEqual(policy.last.plan.outcome, "accepted")

    def test_the_plan_is_what_comes(self):
        policy = self.open()
        policy.reset()
        policy.infer(sighting(0))
        planned = policy.plan[:7]
        coming = np.stack([policy.infer(sighting(step)) for step in range(1, 8)])
        np.testing.assert_array_equal(coming, planned)

    def test_executes_chunks_with_what_is_seen_in_between(self):
        policy = self.open()
        policy.reset(episode=3)
        first = [policy.infer(sighting(0)), *policy.plan[:7]]
        for step in range(1, 8):
            policy.observe(sighting(step))
        second = policy.infer(sighting(8))
        self.assertEqual(policy.last.plan.step, 8)
        by_steps = play(self.open(), 8, episode=3)
        np.testing.assert_array_equal(np.stack(first), by_steps)
        self.assertEqual(second.shape, (2,))

    def test_the_same_episode_and_observations_give_the_same_bits(self):
        policy = self.open()
        first = play(policy, 20, episode=11)
        other = play(policy, 20, episode=12)
        np.testing.assert_array_equal(play(policy, 20, episode=11), first)
        np.testing.assert_array_equal(play(self.open(), 20, episode=11), first)
        self.assertFalse(np.array_equal(other, first))

    def test_an_episode_may_be_begun_again_at_once(self):
        policy = self.open()
        first = play(policy, 5, episode=11)
        np.testing.assert_array_equal(play(policy, 5, episode=11), first)

    def test_two_clients_do_not_disturb_each_other(self):
        alone = [play(self.open(), 12, episode=episode) for episode in (21, 22)]
        together = [self.open(), self.open()]
        for policy, episode in zip(together, (21, 22), strict=True):
            policy.reset(episode=episode)
        taken = [[policy.infer(sighting(step)) for policy in together] for step in range(12)]
        for k in range(2):
            np.testing.assert_array_equal(np.stack([actions[k] for actions in taken]), alone[k])

    def test_a_sensor_that_fails_for_a_moment_costs_nothing_but_that_moment(self):
        policy = self.open()
        policy.reset()
        policy.infer(sighting(0))
        with self.assertRaisesRegex(ObservationError, r'"agent_position"\[1\] is nan'):
            policy.infer({**sighting(1), "agent_position": [100.0, np.nan]})
        policy.infer(sighting(1))
        self.assertEqual(policy.step, 2)

    def test_a_client_that_does_not_look_is_refused_by_the_node(self):
        context = zmq.Context()
        self.addCleanup(context.destroy, linger=0)
        socket = context.socket(zmq.DEALER)
        self.addCleanup(socket.close, linger=0)
        socket.connect(self.node.endpoint)

        def ask(observation, **changes):
            message = {"type": "observation", "id": 0, "stamp": 0, "episode": 0, "step": 0, "reply": "once"}
            socket.send(encode({**message, "observation": observation, **changes}))
            self.assertTrue(socket.poll(20_000))
            return parse(socket.recv())

        arrays = {name: value.astype("<f4") for name, value in sighting(0).items()}
        cases = {
            "agent_position": ({"keypoints": arrays["keypoints"]}, {"id": 1}),
            "has shape [18]": ({**arrays, "keypoints": arrays["keypoints"].reshape(18)}, {"id": 2}),
            "is NaN": ({**arrays, "agent_position": np.array([np.nan, 0], "<f4")}, {"id": 3}),
        }
        for text, (observation, changes) in cases.items():
            with self.subTest(text):
                answer = ask(observation, **changes)
                self.assertIsInstance(answer, Refused)
                self.assertEqual(answer.reason, "invalid-observation")
                self.assertIn(text, answer.message)
        self.assertEqual(ask(arrays, id=4, reply="now").reason, "malformed")


@needs_node
class LostNodeTest(unittest.TestCase):
    def test_a_killed_node_is_told_of_in_time_and_a_new_one_is_found(self):
        node = NodeProcess()
        self.addCleanup(node.kill)
        policy = ParapilotPolicy(node.endpoint, timeout=1.5)
        self.addCleanup(policy.close)
        before = play(policy, 4, episode=7)
        node.kill()
        began = time.monotonic()
        with self.assertRaisesRegex(NodeSilentError, "answer the observation of step 4.*for 11 more steps"):
            policy.infer(sighting(4))
        self.assertLess(time.monotonic() - began, 30)
        with self.assertRaisesRegex(NodeSilentError, "describe its policy"):
            policy.reset()

        again = NodeProcess(node.endpoint)
        self.addCleanup(again.kill)
        policy.reset(episode=7)
        np.testing.assert_array_equal(np.stack([policy.infer(sighting(step)) for step in range(4)]), before)

    def test_a_node_that_restarts_within_the_timeout_costs_a_wait(self):
        node = NodeProcess()
        self.addCleanup(node.kill)
        policy = ParapilotPolicy(node.endpoint, timeout=60)
        self.addCleanup(policy.close)
        play(policy, 3)
        node.kill()
        again = NodeProcess(node.endpoint)
        self.addCleanup(again.kill)
        policy.infer(sighting(3))
        self.assertEqual(policy.step, 4)


if __name__ == "__main__":
    unittest.main()
