"""Lift of robosuite for policies with robomimic's low-dimensional observations.

`pip install "parapilot-client[robosuite]"`. Works with robosuite 1.4 and 1.5, which differ in how a controller is
configured, in what `gripper_to_cube_pos` means and in where randomness comes from.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import mujoco
import numpy as np
import robosuite
from numpy.typing import ArrayLike, NDArray

from .rotation import (
    matrix_to_quaternion,
    nearest_sign,
    quaternion_to_axis_angle,
    quaternion_to_matrix,
    six_d_to_matrix,
)

Observation: TypeAlias = dict[str, NDArray[np.float64]]

CONTROL_HZ = 20
_HAND_DOWN = np.array([1.0, 0.0, 0.0, 0.0])
_UPRIGHT = np.array([0.0, 0.0, 0.0, 1.0])
_WIDTHS = {"absolute": 10, "delta": 7}
_DIVERGED = (mujoco.mjtWarning.mjWARN_BADQPOS, mujoco.mjtWarning.mjWARN_BADQVEL, mujoco.mjtWarning.mjWARN_BADQACC)


class DivergedError(RuntimeError):
    """The physics has run away, and MuJoCo has begun it anew by itself: nothing that is seen belongs to the episode."""


class Lift:
    """A Panda that is to lift a cube: `reset` and `step` as in gymnasium, without a window or cameras.

    Observations are float64, in m and world axes, quaternions x, y, z, w:

    - `object` [10]: `cube_pos` [3], `cube_quat` [4] and `gripper_to_cube_pos` [3], from the cube to the hand; and each
      of them by its own name,
    - `robot0_eef_pos` [3], `robot0_eef_quat` [4] (of the hand), `robot0_gripper_qpos` [2].

    Actions go to robosuite's OSC_POSE controller, and end with the gripper: -1 open, 1 close.

    - `absolute` [10]: target position, target orientation as the first two rows of its matrix, gripper.
    - `delta` [7]: in [-1, 1], 1 for 0.05 m and 0.5 rad per step: position, axis times angle, gripper.

    `convention` says by whose data the policy was trained, which differ in two things:

    - `parapilot`, as its own simulator: absolute targets are orientations of the hand, which is what is observed; a
      quaternion has the sign that is nearer to that of the step before, and at first to the hand straight down or the
      cube upright.
    - `robomimic`: they are orientations of the grip site, a quarter turn from the hand's, which is what robosuite
      controls; quaternions are as robosuite gives them, where a cube starts with w below 0 in half of the episodes.

    An episode terminates when the cube is lifted, which gives reward 1, and is truncated after `horizon` steps.

    >>> env = Lift()
    >>> observation, _ = env.reset(seed=100000)
    >>> observation["object"].shape
    (10,)
    """

    def __init__(
        self,
        actions: Literal["absolute", "delta"] = "absolute",
        *,
        convention: Literal["parapilot", "robomimic"] = "parapilot",
        horizon: int = 400,
    ) -> None:
        if actions not in _WIDTHS:
            raise ValueError(f'actions is {actions!r}; it is "absolute" or "delta"')
        if convention not in ("parapilot", "robomimic"):
            raise ValueError(f'convention is {convention!r}; it is "parapilot" or "robomimic"')
        self.actions = actions
        self.convention = convention
        self.horizon = horizon
        self.env = _make(actions)
        self._steps = 0
        self._cube = _UPRIGHT
        self._hand = _HAND_DOWN
        self._hand_to_site = np.eye(3)

    def reset(self, *, seed: int | None = None) -> tuple[Observation, dict[str, Any]]:
        """Starts an episode; the same seed and version of robosuite start the same one."""
        if seed is not None:
            self._seed(seed)
        seen = self.env.reset()
        self._steps = 0
        self._cube, self._hand = _UPRIGHT, _HAND_DOWN
        observation = self._observe(seen)
        # Rigid, but not written down anywhere in robosuite.
        self._hand_to_site = quaternion_to_matrix(self._hand).T @ self.site_orientation()
        return observation, {}

    def step(self, action: ArrayLike) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """One control step of 50 ms.

        Raises `ValueError` for an action of another width, and `DivergedError`, after which an episode has to begin.
        """
        seen, reward, _, _ = self.env.step(self.to_robosuite(action))
        self._steps += 1
        self._need_sound()
        is_lifted = reward > 0
        return self._observe(seen), float(is_lifted), bool(is_lifted), self._steps >= self.horizon, {}

    def to_robosuite(self, action: ArrayLike) -> NDArray[np.float64]:
        """The seven values that robosuite takes, of an action of the policy."""
        values = np.asarray(action, dtype=np.float64)
        width = _WIDTHS[self.actions]
        if values.shape != (width,) or not np.isfinite(values).all():
            raise ValueError(f"{self.actions} actions are {width} finite numbers, not {values.tolist()}")
        if self.actions == "delta":
            return values
        target = six_d_to_matrix(values[3:9])
        if self.convention == "parapilot":
            target = target @ self._hand_to_site
        return np.concatenate([values[:3], quaternion_to_axis_angle(matrix_to_quaternion(target)), values[9:]])

    def site_orientation(self) -> NDArray[np.float64]:
        """The matrix of the grip site, whose pose the controller controls."""
        gripper = self.env.robots[0].gripper
        # One gripper per arm since 1.5.
        gripper = gripper["right"] if isinstance(gripper, dict) else gripper
        name = gripper.important_sites["grip_site"]
        return np.array(self.env.sim.data.get_site_xmat(name), dtype=np.float64).reshape(3, 3)

    def close(self) -> None:
        self.env.close()

    def _need_sound(self) -> None:
        warnings = self.env.sim.data._data.warning
        if any(warnings[kind].number > 0 for kind in _DIVERGED):
            raise DivergedError(
                f"the simulation has diverged at step {self._steps}; begin an episode with reset(), and look at what "
                "was asked of the arm last"
            )

    def _observe(self, seen: dict[str, Any]) -> Observation:
        self._cube = self._signed(seen["cube_quat"], self._cube)
        self._hand = self._signed(seen["robot0_eef_quat"], self._hand)
        cube, hand = np.array(seen["cube_pos"]), np.array(seen["robot0_eef_pos"])
        # robosuite 1.5 gives it the other sign.
        between = hand - cube
        return {
            "object": np.concatenate([cube, self._cube, between]),
            "cube_pos": cube,
            "cube_quat": self._cube.copy(),
            "gripper_to_cube_pos": between,
            "robot0_eef_pos": hand,
            "robot0_eef_quat": self._hand.copy(),
            "robot0_gripper_qpos": np.array(seen["robot0_gripper_qpos"]),
        }

    def _signed(self, quaternion: ArrayLike, before: NDArray[np.float64]) -> NDArray[np.float64]:
        return nearest_sign(quaternion, before) if self.convention == "parapilot" else np.array(quaternion)

    def _seed(self, seed: int) -> None:
        if not hasattr(self.env, "rng"):
            # robosuite 1.4 draws from the global generator.
            np.random.seed(seed)
            return
        self.env.rng = np.random.default_rng(seed)
        # It was given the generator that there was when it was made.
        self.env.placement_initializer.rng = self.env.rng


def _make(actions: str) -> Any:
    try:
        return robosuite.make(
            "Lift",
            robots="Panda",
            controller_configs=_controller(actions),
            control_freq=CONTROL_HZ,
            # The end of an episode is decided here.
            ignore_done=True,
            has_renderer=False,
            has_offscreen_renderer=False,
            use_camera_obs=False,
        )
    except AssertionError as error:
        raise RuntimeError(
            f"robosuite {robosuite.__version__} does not work with mujoco {mujoco.__version__} "
            f"({error or 'an assertion failed'}); up to 1.5.2 it needs: pip install 'mujoco<4'"
        ) from error


def _controller(actions: str) -> dict[str, Any]:
    """OSC_POSE with robosuite's own gains, in world axes."""
    config: dict[str, Any]
    if hasattr(robosuite, "load_composite_controller_config"):
        config = robosuite.load_composite_controller_config(robot="Panda")
        config["body_parts"]["right"].update(input_type=actions, input_ref_frame="world")
    else:
        config = robosuite.load_controller_config(default_controller="OSC_POSE")
        config["control_delta"] = actions == "delta"
    return config
