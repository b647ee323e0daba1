/** Where the arguments for ROS begin; `--` ends them. */
const BEGIN = "--ros-args";
const END = "--";

/**
 * A command line without what is meant for ROS, for a parser of options: `ros2 run` and `ros2 launch` add that.
 *
 * @example
 * withoutRosArgs(["ros-sim", "--seed", "7", "--ros-args", "-r", "__ns:=/lab", "--", "pusht"]); // ["ros-sim", "--seed", "7", "pusht"]
 */
export function withoutRosArgs(args: readonly string[]): readonly string[] {
  const begin = args.indexOf(BEGIN);
  if (begin < 0) return args;
  const end = args.indexOf(END, begin);
  const rest = end < 0 ? [] : args.slice(end + 1);
  return [...args.slice(0, begin), ...withoutRosArgs(rest)];
}
