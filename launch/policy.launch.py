"""The policy as a lifecycle node, brought to its active state unless told otherwise."""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, EmitEvent, OpaqueFunction, RegisterEventHandler
from launch.events import matches_action
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import LifecycleNode
from launch_ros.event_handlers import OnStateTransition
from launch_ros.events.lifecycle import ChangeState
from launch_ros.substitutions import FindPackageShare
from lifecycle_msgs.msg import Transition


def is_true(context, name):
    return LaunchConfiguration(name).perform(context).lower() in ("true", "1")


def policy_node(context):
    params_file = LaunchConfiguration("params_file").perform(context)
    node = LifecycleNode(
        package="parapilot",
        executable="policy_node",
        name="parapilot",
        namespace="",
        arguments=[LaunchConfiguration("launch_file")],
        parameters=[
            {"use_sim_time": is_true(context, "use_sim_time")},
            *([params_file] if params_file else []),
        ],
        output="screen",
    )
    if not is_true(context, "autostart"):
        return [node]

    def change(transition):
        return EmitEvent(
            event=ChangeState(lifecycle_node_matcher=matches_action(node), transition_id=transition)
        )

    activate = RegisterEventHandler(
        OnStateTransition(
            target_lifecycle_node=node,
            start_state="configuring",
            goal_state="inactive",
            entities=[change(Transition.TRANSITION_ACTIVATE)],
        )
    )
    return [node, activate, change(Transition.TRANSITION_CONFIGURE)]


def generate_launch_description():
    share = FindPackageShare("parapilot")
    return LaunchDescription(
        [
            DeclareLaunchArgument(
                "launch_file",
                default_value=PathJoinSubstitution([share, "launch", "pusht.yaml"]),
                description="YAML file with the policy, its budgets and its topics",
            ),
            DeclareLaunchArgument(
                "autostart", default_value="true", description="configure and activate the node"
            ),
            DeclareLaunchArgument("use_sim_time", default_value="false", description="live by /clock"),
            DeclareLaunchArgument(
                "params_file", default_value="", description="ROS parameter file; it wins over launch_file"
            ),
            OpaqueFunction(function=policy_node),
        ]
    )
