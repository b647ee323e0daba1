"""The adapter against gym-pusht itself."""

import unittest

import numpy as np

try:
    from parapilot_client.adapters.pusht import PushT, observe, start
except ImportError:
    PushT = None


@unittest.skipIf(PushT is None, "needs gym-pusht: pip install gym-pusht 'pymunk<7'")
class PushTTest(unittest.TestCase):
    def test_starts_as_diffusion_policy_does(self):
        env = PushT()
        self.addCleanup(env.close)
        seen, _ = env.reset(seed=100_000)
        np.testing.assert_array_equal(seen["agent_position"], start(100_000)[:2])
        again, _ = env.reset(seed=100_000)
        other, _ = env.reset(seed=100_001)
        np.testing.assert_array_equal(again["keypoints"], seen["keypoints"])
        self.assertFalse(np.array_equal(other["keypoints"], seen["keypoints"]))

    def test_hands_options_on(self):
        env = PushT()
        self.addCleanup(env.close)
        # gym-pusht's own example of where its legacy placement puts a block.
        seen, _ = env.reset(seed=1, options={"reset_to_state": [0.0, 10.0, 20.0, 30.0, 1.0]})
        np.testing.assert_array_equal(seen["agent_position"], [0, 10])
        expected = observe([0, 10, 57.866196, 50.686398, 1.0])
        np.testing.assert_allclose(seen["keypoints"], expected["keypoints"], atol=1e-4)

    def test_keypoints_are_fixed_on_the_block(self):
        env = PushT()
        self.addCleanup(env.close)
        env.reset(seed=3)
        block = env.unwrapped.block
        for target in [(300, 300), (200, 250), (256, 256)]:
            seen, reward, _, _, info = env.step(np.array(target, dtype=np.float32))
            in_block = np.array([block.world_to_local(tuple(point)) for point in seen["keypoints"]])
            np.testing.assert_allclose(in_block[0], [9.2698, 90.041], atol=1e-9)
            np.testing.assert_allclose(in_block[8], [23.5415, -1.7003], atol=1e-9)
            np.testing.assert_allclose(seen["agent_position"], info["pos_agent"])
            self.assertAlmostEqual(reward, min(info["coverage"] / 0.95, 1))

    def test_is_a_gymnasium_world(self):
        env = PushT()
        self.addCleanup(env.close)
        seen, _ = env.reset(seed=0)
        self.assertTrue(env.observation_space.contains(seen))
        self.assertEqual(env.action_space.shape, (2,))
        truncated = [env.step(env.action_space.sample())[3] for _ in range(300)]
        self.assertEqual(truncated, [False] * 299 + [True])


if __name__ == "__main__":
    unittest.main()
