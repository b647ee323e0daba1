"""PushT over ROS 2: the simulator and the policy that plays it.

ros2 launch parapilot pusht.launch.py
ros2 launch parapilot pusht.launch.py episodes:=10 use_sim_time:=true
"""

from launch import LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    IncludeLaunchDescription,
    OpaqueFunction,
    Shutdown,
)
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.substitutions import FindPackageShare


def simulator(context):
    def value(name):
        return LaunchConfiguration(name).perform(context)

    arguments = ["--seed", value("seed")]
    if value("episodes"):
        arguments += ["--episodes", value("episodes")]
    if value("use_sim_time").lower() in ("true", "1"):
        arguments += ["--clock", "--rate-factor", value("rate_factor")]
    return [
        Node(
            package="parapilot",
            executable="pusht_simulator",
            name="pusht",
            arguments=arguments,
            output="screen",
            on_exit=Shutdown(reason="the simulator has ended"),
        )
    ]


def generate_launch_description():
    share = FindPackageShare("parapilot")
    policy = PathJoinSubstitution([share, "launch", "policy.launch.py"])
    return LaunchDescription(
        [
            DeclareLaunchArgument(
                "launch_file",
                default_value=PathJoinSubstitution([share, "launch", "pusht.yaml"]),
                description="YAML file with the policy, its budgets and its topics",
            ),
            DeclareLaunchArgument(
                "autostart", default_value="true", description="configure and activate the policy"
            ),
            DeclareLaunchArgument(
                "use_sim_time",
                default_value="false",
                description="the simulator publishes /clock, and the policy lives by it",
            ),
            DeclareLaunchArgument(
                "rate_factor", default_value="1", description="with use_sim_time: simulated seconds per second"
            ),
            DeclareLaunchArgument(
                "params_file", default_value="", description="ROS parameter file of the policy"
            ),
            DeclareLaunchArgument(
                "episodes", default_value="", description="end after so many; empty: when interrupted"
            ),
            DeclareLaunchArgument("seed", default_value="100000", description="of the first episode"),
            OpaqueFunction(function=simulator),
            IncludeLaunchDescription(
                PythonLaunchDescriptionSource(policy),
                launch_arguments={
                    name: LaunchConfiguration(name)
                    for name in ("launch_file", "autostart", "use_sim_time", "params_file")
                }.items(),
            ),
        ]
    )
