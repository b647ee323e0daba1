"""Rotations as policies, quaternions and controllers write them. Matrices are [3, 3], quaternions x, y, z, w."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array: TypeAlias = NDArray[np.float64]


def six_d_to_matrix(six_d: ArrayLike) -> Array:
    """The rotation whose first two rows Gram and Schmidt make of the six values, as in pytorch3d and robomimic.

    Raises `ValueError` when the two rows span no plane.
    """
    first, second = np.asarray(six_d, dtype=np.float64).reshape(2, 3)
    first_length = np.linalg.norm(first)
    row = first / first_length if first_length > 1e-6 else np.zeros(3)
    across = second - row.dot(second) * row
    across_length = np.linalg.norm(across)
    if first_length <= 1e-6 or across_length <= 1e-6:
        raise ValueError(f"rotation {np.asarray(six_d).tolist()} has rows that span no plane")
    across /= across_length
    return np.stack([row, across, np.cross(row, across)])


def matrix_to_quaternion(matrix: ArrayLike) -> Array:
    """From the largest of the four components, so that nothing is divided by a small one (Shepperd 1978)."""
    m = np.asarray(matrix, dtype=np.float64)
    squares = 1 + np.array(
        [
            m[0, 0] - m[1, 1] - m[2, 2],
            -m[0, 0] + m[1, 1] - m[2, 2],
            -m[0, 0] - m[1, 1] + m[2, 2],
            m[0, 0] + m[1, 1] + m[2, 2],
        ]
    )
    xy, xz, yz = m[0, 1] + m[1, 0], m[0, 2] + m[2, 0], m[1, 2] + m[2, 1]
    wx, wy, wz = m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1]
    rows = [
        [squares[0], xy, xz, wx],
        [xy, squares[1], yz, wy],
        [xz, yz, squares[2], wz],
        [wx, wy, wz, squares[3]],
    ]
    row: Array = np.array(rows[int(np.argmax(squares))])
    return row / np.linalg.norm(row)


def quaternion_to_matrix(quaternion: ArrayLike) -> Array:
    x, y, z, w = np.asarray(quaternion, dtype=np.float64) / np.linalg.norm(quaternion)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def quaternion_to_axis_angle(quaternion: ArrayLike) -> Array:
    """Axis times angle, rad, the shorter way round: an angle of at most pi."""
    q = np.asarray(quaternion, dtype=np.float64)
    q = q if q[3] >= 0 else -q
    sine = np.linalg.norm(q[:3])
    # The ratio of the angle to the sine of its half tends to 2.
    scale = 2.0 if sine < 1e-8 else 2 * np.arctan2(sine, q[3]) / sine
    return np.asarray(scale * q[:3], dtype=np.float64)


def nearest_sign(quaternion: ArrayLike, other: ArrayLike) -> Array:
    """q or -q, the same rotation, whichever is nearer to `other`: a policy would take a jump for one of the body."""
    q = np.asarray(quaternion, dtype=np.float64)
    return -q if q.dot(np.asarray(other)) < 0 else q
