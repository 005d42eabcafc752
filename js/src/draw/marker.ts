// Each selected motif has a colour and a shape, so that colour is never the only cue.
import type { Pen } from "./pen.ts";

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

/** The shape as an SVG path around 0,0; for the table and the legend. */
export function markerPath(slot: number, radius: number): string {
  const corners = SHAPES[slot % SHAPES.length];
  if (!corners)
    return `M${-radius} 0A${radius} ${radius} 0 1 0 ${radius} 0A${radius} ${radius} 0 1 0 ${-radius} 0Z`;
  return `M${corners.map(([x, y]) => `${x * radius} ${y * radius}`).join("L")}Z`;
}

export function drawMarker(pen: Pen, slot: number, x: number, y: number, radius: number): void {
  const corners = SHAPES[slot % SHAPES.length];
  pen.beginPath();
  if (corners) {
    for (const [i, [dx, dy]] of corners.entries()) {
      if (i === 0) pen.moveTo(x + dx * radius, y + dy * radius);
      else pen.lineTo(x + dx * radius, y + dy * radius);
    }
    pen.closePath();
  } else {
    pen.arc(x, y, radius, 0, 2 * Math.PI);
  }
  pen.fill();
}
