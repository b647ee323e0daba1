/**
 * The T-shaped block in its own frame (pixels, y down): the origin is the middle of the bar's outer edge and
 * the stem points to +y. Both rectangles are listed with positive shoelace area.
 */
export const BAR: readonly number[] = [-60, 0, 60, 0, 60, 30, -60, 30];
export const STEM: readonly number[] = [-15, 30, 15, 30, 15, 120, -15, 120];

export const TEE_AREA = 120 * 30 + 30 * 90;

/** The mean of the two rectangles' centres, (0, 45). It is not the area centroid, but every published figure rests on it. */
export const CENTRE_OF_GRAVITY_Y = 45;

export const MASS = 1;

/** The bar's moment about the origin counted twice, as in the original task, kept for the same reason. */
export const MOMENT_OF_INERTIA = 3000;
