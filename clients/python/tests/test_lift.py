"""The adapter against robosuite itself."""

import unittest

import numpy as np

from parapilot_client.adapters.rotation import quaternion_to_matrix

try:
    import mujoco

    from parapilot_client.adapters.lift import DivergedError, Lift

    is_there = int(mujoco.__version__.split(".")[0]) < 4
except ImportError:
    is_there = False


def six_d(matrix):
    return matrix[:2].reshape(6)


def turn_about(axis, angle):
    axis = np.asarray(axis) / np.linalg.norm(axis)
    return quaternion_to_matrix([*(np.sin(angle / 2) * axis), np.cos(angle / 2)])


def turn_about_z(angle):
    return turn_about([0, 0, 1], angle)


def controller(env):
    """robosuite makes a new one for every episode."""
    robot = env.env.robots[0]
    return robot.part_controllers["right"] if hasattr(robot, "part_controllers") else robot.controller


def degrees_between(a, b):
    return np.degrees(np.arccos(np.clip((np.trace(a.T @ b) - 1) / 2, -1, 1)))


@unittest.skipUnless(is_there, "needs robosuite and mujoco < 4: pip install robosuite 'mujoco<4'")
class LiftTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.absolute = Lift("absolute")
        cls.delta = Lift("delta")
        cls.addClassCleanup(cls.absolute.close)
        cls.addClassCleanup(cls.delta.close)

    def test_observes_what_robosuite_does_in_robomimics_order(self):
        for seed in range(2):
            seen, _ = self.absolute.reset(seed=seed)
            raw = self.absolute.env._get_observations(force_update=True)
            self.assertEqual({name: array.shape for name, array in seen.items()}, {
                "object": (10,), "cube_pos": (3,), "cube_quat": (4,), "gripper_to_cube_pos": (3,),
                "robot0_eef_pos": (3,), "robot0_eef_quat": (4,), "robot0_gripper_qpos": (2,),
            })  # fmt: skip
            for name in ["cube_pos", "robot0_eef_pos", "robot0_gripper_qpos"]:
                np.testing.assert_allclose(seen[name], raw[name], atol=1e-9)
            for name in ["cube_quat", "robot0_eef_quat"]:
                self.assertAlmostEqual(abs(seen[name].dot(raw[name])), 1)
            np.testing.assert_allclose(seen["object"][:3], raw["object-state"][:3], atol=1e-9)
            np.testing.assert_array_equal(seen["object"][3:7], seen["cube_quat"])
            np.testing.assert_allclose(seen["object"][7:], raw["robot0_eef_pos"] - raw["cube_pos"], atol=1e-9)
            self.assertGreaterEqual(seen["cube_quat"][3], 0)
            self.assertGreater(seen["robot0_eef_quat"][0], 0.9)
            # The hand is above the cube.
            self.assertGreater(seen["gripper_to_cube_pos"][2], 0.1)

    def test_a_seed_starts_the_same_episode_again(self):
        first, _ = self.absolute.reset(seed=100_000)
        other, _ = self.absolute.reset(seed=100_001)
        again, _ = self.absolute.reset(seed=100_000)
        elsewhere, _ = self.delta.reset(seed=100_000)
        for name in first:
            np.testing.assert_array_equal(again[name], first[name])
            np.testing.assert_array_equal(elsewhere[name], first[name])
        self.assertFalse(np.array_equal(other["cube_pos"], first["cube_pos"]))

    def test_goes_to_an_absolute_pose_of_the_hand(self):
        env = self.absolute
        turns = [([0, 0, 1], 0.4), ([1, 0, 0], 0.4), ([0, 1, 0], -0.4), ([1, -2, 2], 0.5)]
        shifts = [[0.1, 0.05, -0.05], [-0.05, -0.1, 0.05], [0.05, -0.15, 0.05], [0, 0.15, -0.05]]
        for shift, (axis, angle) in zip(shifts, turns, strict=True):
            seen, _ = env.reset(seed=1)
            position = seen["robot0_eef_pos"] + shift
            orientation = turn_about(axis, angle) @ quaternion_to_matrix(seen["robot0_eef_quat"])
            for _ in range(80):
                seen, *_ = env.step([*position, *six_d(orientation), -1])
            self.assertLess(np.linalg.norm(seen["robot0_eef_pos"] - position), 0.01)
            hand = quaternion_to_matrix(seen["robot0_eef_quat"])
            self.assertLess(degrees_between(hand, orientation), 2)
            # Open fingers are 4 cm from their middle.
            np.testing.assert_allclose(seen["robot0_gripper_qpos"], [0.04, -0.04], atol=0.005)

    def test_by_robomimics_convention_it_goes_to_an_absolute_pose_of_the_grip_site(self):
        env = Lift("absolute", convention="robomimic")
        self.addCleanup(env.close)
        seen, _ = env.reset(seed=1)
        position = seen["robot0_eef_pos"] + [0.05, 0.05, 0]
        orientation = turn_about_z(0.3) @ env.site_orientation()
        for _ in range(80):
            seen, *_ = env.step([*position, *six_d(orientation), 1])
        self.assertLess(np.linalg.norm(seen["robot0_eef_pos"] - position), 0.01)
        self.assertLess(degrees_between(env.site_orientation(), orientation), 2)
        self.assertGreater(degrees_between(quaternion_to_matrix(seen["robot0_eef_quat"]), orientation), 45)
        np.testing.assert_allclose(seen["robot0_gripper_qpos"], 0, atol=0.005)

    def test_by_robomimics_convention_quaternions_are_robosuites_own(self):
        env = Lift("absolute", convention="robomimic")
        self.addCleanup(env.close)
        signs = set()
        for seed in range(8):
            theirs, _ = env.reset(seed=seed)
            ours, _ = self.absolute.reset(seed=seed)
            raw = env.env._get_observations(force_update=True)
            for name in ["cube_quat", "robot0_eef_quat"]:
                np.testing.assert_allclose(theirs[name], raw[name], atol=1e-9)
            np.testing.assert_array_equal(theirs["object"][3:7], theirs["cube_quat"])
            np.testing.assert_allclose(ours["cube_quat"], theirs["cube_quat"] * np.sign(theirs["cube_quat"][3]))
            signs.add(np.sign(theirs["cube_quat"][3]))
        self.assertEqual(signs, {-1, 1})

    def test_controls_as_robomimics_data_were_made(self):
        for env, kind in [(self.absolute, "absolute"), (self.delta, "delta")]:
            env.reset(seed=0)
            self.assertEqual(env.env.control_freq, 20)
            control = controller(env)
            np.testing.assert_array_equal(control.kp, np.full(6, 150.0))
            # Critically damped.
            np.testing.assert_allclose(control.kd, np.full(6, 2 * np.sqrt(150)))
            np.testing.assert_array_equal(control.output_max, [0.05] * 3 + [0.5] * 3)
            if hasattr(control, "input_ref_frame"):
                self.assertEqual((control.input_type, control.input_ref_frame), (kind, "world"))

    def test_a_delta_of_one_is_5_cm_and_half_a_radian_in_world_axes(self):
        for axis in range(6):
            for size, kept in [(1, 1), (-0.5, -0.5), (7, 1)]:
                self.delta.reset(seed=3)
                control = controller(self.delta)
                control.update(force=True)
                at, turned = np.array(self._position(control)), self.delta.site_orientation()
                action = np.zeros(7)
                action[axis] = size
                self.delta.step(action)
                way = np.zeros(6)
                way[axis] = kept * (0.05 if axis < 3 else 0.5)
                np.testing.assert_allclose(control.goal_pos - at, way[:3], atol=1e-6)
                wanted = turn_about(np.eye(3)[axis % 3], way[axis] if axis >= 3 else 0) @ turned
                np.testing.assert_allclose(control.goal_ori, wanted, atol=1e-6)

    @staticmethod
    def _position(control):
        return control.ref_pos if hasattr(control, "ref_pos") else control.ee_pos

    def test_says_that_the_physics_ran_away(self):
        env = self.absolute
        seen, _ = env.reset(seed=5)
        pose = [*seen["robot0_eef_pos"], *six_d(quaternion_to_matrix(seen["robot0_eef_quat"])), -1]
        env.step(pose)
        # MuJoCo notices, warns and starts over; robosuite says nothing of it.
        env.env.sim.data.qvel[0] = 1e12
        with self.assertRaisesRegex(DivergedError, r"diverged at step 2; begin an episode with reset\(\)"):
            env.step(pose)
        seen, _ = env.reset(seed=5)
        env.step(pose)

    def test_goes_where_deltas_point(self):
        for axis in range(3):
            before, _ = self.delta.reset(seed=2)
            action = np.zeros(7)
            action[axis] = 0.5
            for _ in range(5):
                seen, *_ = self.delta.step(action)
            moved = seen["robot0_eef_pos"] - before["robot0_eef_pos"]
            self.assertEqual(np.argmax(np.abs(moved)), axis)
            self.assertGreater(moved[axis], 0.02)

    def test_a_scripted_expert_lifts_the_cube(self):
        env = self.absolute
        seen, _ = env.reset(seed=100_000)
        down = quaternion_to_matrix([1, 0, 0, 0])
        cube = quaternion_to_matrix(seen["cube_quat"])
        angle = np.arctan2(cube[1, 0], cube[0, 0])
        # The fingers close on any two opposite faces.
        angle = (angle + np.pi / 4) % (np.pi / 2) - np.pi / 4
        orientation = six_d(turn_about_z(angle) @ down)
        at = seen["cube_pos"]
        way = [((0, 0, 0.1), -1, 40), ((0, 0, 0), -1, 40), ((0, 0, 0), 1, 20), ((0, 0, 0.2), 1, 40)]
        terminated = False
        for offset, grip, steps in way:
            for _ in range(steps):
                _, reward, terminated, truncated, _ = env.step([*(at + offset), *orientation, grip])
                if terminated:
                    break
        self.assertEqual((terminated, truncated, reward), (True, False, 1))

    def test_an_episode_ends_after_its_horizon(self):
        env = Lift("delta", horizon=3)
        self.addCleanup(env.close)
        env.reset(seed=0)
        self.assertEqual([env.step(np.zeros(7))[3] for _ in range(3)], [False, False, True])

    def test_refuses_actions_that_are_none(self):
        self.absolute.reset(seed=0)
        for action in [np.zeros(7), np.full(10, np.nan), np.zeros((1, 10))]:
            with self.assertRaisesRegex(ValueError, "absolute actions are 10 finite numbers"):
                self.absolute.step(action)
        with self.assertRaisesRegex(ValueError, "span no plane"):
            self.absolute.step(np.zeros(10))
        with self.assertRaisesRegex(ValueError, "delta actions are 7 finite numbers"):
            self.delta.step(np.zeros(10))
        with self.assertRaisesRegex(ValueError, '"absolute" or "delta"'):
            Lift("relative")
        with self.assertRaisesRegex(ValueError, '"parapilot" or "robomimic"'):
            Lift(convention="columns")


if __name__ == "__main__":
    unittest.main()
