"""A policy that drives joints: sensor_msgs/JointState in, trajectory_msgs/JointTrajectory out.

Without arguments it plays PushT, whose agent is then a gantry with two joints. With an arm:

ros2 launch parapilot joint_trajectory.launch.py simulator:=false launch_file:=arm.yaml \
  joint_states:=/joint_states controller_topic:=/joint_trajectory_controller/joint_trajectory
"""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, GroupAction, IncludeLaunchDescription
from launch.conditions import IfCondition, UnlessCondition
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import SetRemap
from launch_ros.substitutions import FindPackageShare


def generate_launch_description():
    share = FindPackageShare("parapilot")

    def include(file, names, condition):
        return IncludeLaunchDescription(
            PythonLaunchDescriptionSource(PathJoinSubstitution([share, "launch", file])),
            launch_arguments={name: LaunchConfiguration(name) for name in names}.items(),
            condition=condition,
        )

    shared = ("launch_file", "autostart", "use_sim_time", "params_file")
    wanted = LaunchConfiguration("simulator")
    return LaunchDescription(
        [
            DeclareLaunchArgument(
                "launch_file",
                default_value=PathJoinSubstitution([share, "launch", "pusht-gantry.yaml"]),
                description="YAML file with the policy, its budgets and its topics",
            ),
            DeclareLaunchArgument(
                "joint_states", default_value="joint_states", description="topic of the robot's joints"
            ),
            DeclareLaunchArgument(
                "controller_topic",
                default_value="joint_trajectory",
                description="topic of its controller, e.g. /joint_trajectory_controller/joint_trajectory",
            ),
            DeclareLaunchArgument(
                "simulator", default_value="true", description="start PushT; false: the robot is there"
            ),
            DeclareLaunchArgument(
                "autostart", default_value="true", description="configure and activate the policy"
            ),
            DeclareLaunchArgument("use_sim_time", default_value="false", description="live by /clock"),
            DeclareLaunchArgument(
                "params_file", default_value="", description="ROS parameter file of the policy"
            ),
            DeclareLaunchArgument("episodes", default_value="", description="of the simulator"),
            DeclareLaunchArgument("seed", default_value="100000", description="of the simulator"),
            GroupAction(
                [
                    SetRemap("joint_states", LaunchConfiguration("joint_states")),
                    SetRemap("joint_trajectory", LaunchConfiguration("controller_topic")),
                    include("policy.launch.py", shared, UnlessCondition(wanted)),
                    include("pusht.launch.py", (*shared, "episodes", "seed"), IfCondition(wanted)),
                ]
            ),
        ]
    )
