"""The control node over ZeroMQ, for robots that are not on the ROS graph: `parapilot run`."""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, ExecuteProcess
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.substitutions import ExecutableInPackage, FindPackageShare


def generate_launch_description():
    share = FindPackageShare("parapilot")
    return LaunchDescription(
        [
            DeclareLaunchArgument(
                "launch_file",
                default_value=PathJoinSubstitution([share, "launch", "pusht.yaml"]),
                description="YAML file with the policy, its endpoint and its budgets",
            ),
            ExecuteProcess(
                cmd=[
                    ExecutableInPackage(package="parapilot", executable="parapilot"),
                    "run",
                    LaunchConfiguration("launch_file"),
                    "--quiet",
                ],
                name="parapilot",
                output="screen",
            ),
        ]
    )
