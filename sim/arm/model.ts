import type { Quaternion } from "../rotation/quaternion.js";

/** Joints from the base on; the gripper's two fingers come after them. */
export const ARM_JOINTS = [
  "base_yaw",
  "shoulder",
  "upper_roll",
  "elbow",
  "fore_roll",
  "wrist",
  "hand_roll",
] as const;
export const FINGER_JOINTS = ["left_finger", "right_finger"] as const;
/** Between the finger pads; z points out of the hand, y from one finger to the other. */
export const GRIP_SITE = "grip";

/** Nm */
export const TORQUE_LIMITS = [87, 87, 87, 87, 12, 12, 12] as const;
/** How far a finger opens, m. */
export const FINGER_TRAVEL = 0.04;
const FINGER_FORCE = 20;

/** Elbow up, hand straight down over the middle of the table. */
export const HOME = [0, 0.1964, 0, 2.5182, 0, 0.427, 0] as const;

/** Straight down, with the fingers to the left and to the right of the arm. */
export const HAND_DOWN: Quaternion = [1, 0, 0, 0];

interface Link {
  readonly joint: (typeof ARM_JOINTS)[number];
  /** Of the joint in the frame of the link before it. */
  readonly at: string;
  readonly axis: string;
  readonly range: string;
  readonly mass: number;
  readonly armature: number;
  /** Capsule of the link's body. */
  readonly from: string;
  readonly to: string;
  readonly radius: number;
}

// With all joints at zero the arm stands upright. Reach, masses and limits are those of a light seven-axis arm: 0.86 m to the
// wrist, 18 kg. Inertias follow from the shapes; armature is the rotors' share.
const LINKS: readonly Link[] = [
  {
    joint: "base_yaw",
    at: "0 0 0.33",
    axis: "0 0 1",
    range: "-2.9 2.9",
    mass: 3.2,
    armature: 0.1,
    from: "0 0 -0.13",
    to: "0 0 0",
    radius: 0.062,
  },
  {
    joint: "shoulder",
    at: "0 0 0",
    axis: "0 1 0",
    range: "-1.76 1.76",
    mass: 3.2,
    armature: 0.1,
    from: "0 0 0.02",
    to: "0 0 0.16",
    radius: 0.058,
  },
  {
    joint: "upper_roll",
    at: "0 0 0.16",
    axis: "0 0 1",
    range: "-2.9 2.9",
    mass: 2.8,
    armature: 0.1,
    from: "0 0 0.04",
    to: "0.08 0 0.15",
    radius: 0.055,
  },
  {
    joint: "elbow",
    at: "0.08 0 0.16",
    axis: "0 1 0",
    range: "0.07 3.05",
    mass: 2.6,
    armature: 0.1,
    from: "0 0 0",
    to: "-0.08 0 0.1",
    radius: 0.055,
  },
  {
    joint: "fore_roll",
    at: "-0.08 0 0.38",
    axis: "0 0 1",
    range: "-2.9 2.9",
    mass: 2.4,
    armature: 0.05,
    from: "0 0 -0.24",
    to: "0 0 -0.02",
    radius: 0.05,
  },
  {
    joint: "wrist",
    at: "0 0 0",
    axis: "0 1 0",
    range: "-0.6 3.1",
    mass: 1.6,
    armature: 0.05,
    from: "0 0 0",
    to: "-0.085 0 0.01",
    radius: 0.048,
  },
  {
    joint: "hand_roll",
    at: "-0.09 0 0",
    axis: "0 0 1",
    range: "-2.9 2.9",
    mass: 0.7,
    armature: 0.05,
    from: "0 0 0.03",
    to: "0 0 0.08",
    radius: 0.043,
  },
];

const PAINT = ["0.93 0.94 0.95 1", "0.8 0.82 0.85 1"] as const;

/** Links answer to what touches them and not to each other: contype 0 meets the conaffinity of things alone. */
const LINK_CONTACT = 'contype="0" conaffinity="1"';
/** What the base carries cannot come down to the table: from the elbow on it can. */
const NO_CONTACT = 'contype="0" conaffinity="0"';
const FIRST_TO_REACH = 3;

/**
 * A seven-joint arm with a parallel gripper as MJCF: a body for the scene and its actuators.
 *
 * @param base where it stands, m.
 */
export function armModel(base: readonly [x: number, y: number, z: number]): {
  readonly body: string;
  readonly actuators: string;
} {
  const links = LINKS.reduceRight(
    (inner, link, k) => linkBody(link, PAINT[k % 2], k >= FIRST_TO_REACH, inner),
    HAND,
  );
  const body = `<body name="base" pos="${base.join(" ")}">
    <geom type="cylinder" fromto="0 0 0 0 0 0.2" size="0.075" mass="4" rgba="0.6 0.63 0.67 1" ${NO_CONTACT}/>
    ${links}
  </body>`;
  const motors = LINKS.map(({ joint }, k) => {
    const limit = TORQUE_LIMITS[k];
    return `<motor name="${joint}" joint="${joint}" ctrllimited="true" ctrlrange="-${limit} ${limit}"/>`;
  });
  const fingers = FINGER_JOINTS.map(
    (joint) =>
      `<position name="${joint}" joint="${joint}" kp="1000" kv="20" forcelimited="true" forcerange="-${FINGER_FORCE} ${FINGER_FORCE}"/>`,
  );
  return { body, actuators: [...motors, ...fingers].join("\n") };
}

function linkBody(
  { joint, at, axis, range, mass, armature, from, to, radius }: Link,
  paint: string,
  reaches: boolean,
  inner: string,
): string {
  return `<body name="${joint}" pos="${at}">
    <joint name="${joint}" axis="${axis}" range="${range}" damping="0.1" armature="${armature}"/>
    <geom type="capsule" fromto="${from} ${to}" size="${radius}" mass="${mass}" rgba="${paint}" ${reaches ? LINK_CONTACT : NO_CONTACT}/>
    ${inner}
  </body>`;
}

const finger = (joint: string, side: 1 | -1) => {
  const range = side > 0 ? `0 ${FINGER_TRAVEL}` : `-${FINGER_TRAVEL} 0`;
  return `<body name="${joint}" pos="0 0 0.072">
    <joint name="${joint}" type="slide" axis="0 1 0" range="${range}" damping="1" armature="0.05"/>
    <geom type="box" pos="0 ${side * 0.013} 0.01" size="0.009 0.006 0.012" mass="0.015" rgba="0.35 0.37 0.4 1" ${LINK_CONTACT}/>
    <geom name="${joint}_pad" type="box" pos="0 ${side * 0.006} 0.038" size="0.011 0.006 0.017" mass="0.015" rgba="0.25 0.27 0.3 1"
      friction="1.5 0.02 0.0001" condim="4" solref="0.004 1" ${LINK_CONTACT}/>
  </body>`;
};

// The site is turned by half a turn so that a hand that points straight down has the orientation (1, 0, 0, 0), half a turn
// about x, as in robosuite.
const HAND = `<body name="hand" pos="0 0 0.09">
    <geom type="box" pos="0 0 0.035" size="0.03 0.1 0.035" mass="0.6" rgba="0.93 0.94 0.95 1" ${LINK_CONTACT}/>
    <site name="${GRIP_SITE}" pos="0 0 0.115" quat="0 0 0 1"/>
    ${finger("left_finger", 1)}
    ${finger("right_finger", -1)}
  </body>`;
