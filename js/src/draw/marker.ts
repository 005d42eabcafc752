// Each selected motif has a colour and a shape, so that colour is never the only cue.

/** Corners of the shapes in a box from -1 to 1; the first is a circle. */
const SHAPES: readonly (readonly (readonly [number, number])[] | null)[] = [
  null,
  [
    [-0.85, -0.85],
    [0.85, -0.85],
    [0.85, 0.85],
    [-0.85, 0.85],
  ],
  [
    [0, -1],
    [1, 0.8],
    [-1, 0.8],
  ],
  [
    [0, -1.1],
    [1.1, 0],
    [0, 1.1],
    [-1.1, 0],
  ],
  [
    [-1, -0.8],
    [1, -0.8],
    [0, 1],
  ],
  [
    [-0.35, -1],
    [0.35, -1],
    [0.35, -0.35],
    [1, -0.35],
    [1, 0.35],
    [0.35, 0.35],
    [0.35, 1],
    [-0.35, 1],
    [-0.35, 0.35],
    [-1, 0.35],
    [-1, -0.35],
    [-0.35, -0.35],
  ],
  [
    [-0.8, -1],
    [1, 0],
    [-0.8, 1],
  ],
  [
    [0.8, -1],
    [0.8, 1],
    [-1, 0],
  ],
];

/** The shape as a path around a point. */
export function markerPath(slot: number, radius: number, x = 0, y = 0): string {
  const corners = SHAPES[slot % SHAPES.length];
  if (corners) return `M${corners.map(([dx, dy]) => `${x + dx * radius} ${y + dy * radius}`).join("L")}Z`;
  const half = `a${radius} ${radius} 0 1 0 `;
  return `M${x - radius} ${y}${half}${2 * radius} 0${half}${-2 * radius} 0Z`;
}
