import unittest

import numpy as np

from parapilot_client.adapters.rotation import (
    matrix_to_quaternion,
    nearest_sign,
    quaternion_to_axis_angle,
    quaternion_to_matrix,
    six_d_to_matrix,
)


def rotations(count=200):
    random = np.random.default_rng(7)
    some = random.normal(size=(count, 4))
    # The hand straight down is half a turn, where formulas that divide by a sine fail.
    special = [
        [1, 0, 0, 0],
        [0, 1, 0, 0],
        [0, 0, 1, 0],
        [0, 0, 0, 1],
        [1, 1, 0, 0],
        [1, 0, 1e-9, 1e-9],
        [0, 1e-10, 0, 1],
    ]
    return [np.asarray(q, dtype=float) / np.linalg.norm(q) for q in [*some, *special]]


def rotated(axis_angle, vector):
    """Rodrigues' formula."""
    angle = np.linalg.norm(axis_angle)
    axis = axis_angle / angle if angle > 0 else axis_angle
    return (
        np.cos(angle) * vector + np.sin(angle) * np.cross(axis, vector) + (1 - np.cos(angle)) * axis.dot(vector) * axis
    )


class RotationTest(unittest.TestCase):
    def test_known_answers(self):
        half_root = np.sqrt(0.5)
        about_z = quaternion_to_matrix([0, 0, half_root, half_root])
        np.testing.assert_allclose(about_z @ [1, 0, 0], [0, 1, 0], atol=1e-12)
        np.testing.assert_allclose(quaternion_to_axis_angle([1, 0, 0, 0]), [np.pi, 0, 0])
        np.testing.assert_allclose(quaternion_to_axis_angle([0, 0, -half_root, -half_root]), [0, 0, np.pi / 2])
        np.testing.assert_allclose(six_d_to_matrix([1, 0, 0, 0, -1, 0]), np.diag([1, -1, -1]))

    def test_matrices_quaternions_and_axis_angles_are_the_same_rotation(self):
        vector = np.array([0.3, -0.7, 0.5])
        for q in rotations():
            matrix = quaternion_to_matrix(q)
            np.testing.assert_allclose(nearest_sign(matrix_to_quaternion(matrix), q), q, atol=1e-9)
            np.testing.assert_allclose(six_d_to_matrix(matrix[:2]), matrix, atol=1e-9)
            np.testing.assert_allclose(rotated(quaternion_to_axis_angle(q), vector), matrix @ vector, atol=1e-7)
            self.assertLessEqual(np.linalg.norm(quaternion_to_axis_angle(q)), np.pi + 1e-12)

    def test_makes_a_rotation_of_rows_that_are_only_about_one(self):
        matrix = six_d_to_matrix([2, 0.1, 0, 0.3, 0.5, 0.1])
        np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-12)
        self.assertAlmostEqual(np.linalg.det(matrix), 1)
        np.testing.assert_allclose(np.cross(matrix[0], [2, 0.1, 0]), 0, atol=1e-12)

    def test_refuses_rows_that_span_no_plane(self):
        for rows in [[0] * 6, [1, 0, 0, 2, 0, 0], [0, 0, 0, 1, 0, 0]]:
            with self.assertRaisesRegex(ValueError, "span no plane"):
                six_d_to_matrix(rows)

    def test_keeps_quaternions_from_jumping(self):
        np.testing.assert_array_equal(nearest_sign([0, 0, 0.1, -0.9], [0, 0, 0, 1]), [0, 0, -0.1, 0.9])


if __name__ == "__main__":
    unittest.main()
