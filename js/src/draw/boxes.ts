// Seqlets and hits in their lanes.
import type { Box } from "../boxes.ts";
import type { BaseScale } from "../layout.ts";
import { markerPath } from "./marker.ts";
import { crisp, type Palette, type Pen, setWords } from "./pen.ts";

export const LANE_HEIGHT = 16;
export const BOX_HEIGHT = 12;
const TIP = 4;
const MARKER_WIDTH = 11;

export interface PlacedRect {
  box: Box;
  left: number;
  right: number;
  top: number;
  /** As drawn: the other one where the reverse complement is shown. */
  strand: number;
}

/** Where the visible boxes are, in pixels. */
export function boxRects(
  boxes: readonly Box[],
  scale: BaseScale,
  laneTop: (box: Box) => number,
): PlacedRect[] {
  const rects: PlacedRect[] = [];
  for (const box of boxes) {
    const [left, end] = scale.edges(box.start, box.end);
    const right = Math.max(end, left + 3);
    if (right <= scale.left || left >= scale.right) continue;
    rects.push({ box, left, right, top: laneTop(box), strand: scale.flipped ? -box.strand : box.strand });
  }
  return rects;
}

/** The box under a point, if any. */
export function boxAt(rects: readonly PlacedRect[], x: number, y: number): Box | undefined {
  return rects.find(
    ({ left, right, top }) => x >= left - 1 && x <= right + 1 && y >= top && y < top + BOX_HEIGHT,
  )?.box;
}

const colorOf = ({ slot, kind }: Box, palette: Palette): string =>
  slot >= 0 ? palette.motifs[slot % palette.motifs.length] : kind === "hit" ? palette.hit : palette.seqlet;

/** Traces a box whose tip shows the strand; a side without one is straight through its middle. */
function trace(pen: Pen, left: number, right: number, top: number, strand: number): void {
  const bottom = top + BOX_HEIGHT;
  const middle = top + BOX_HEIGHT / 2;
  const tip = right - left > 3 * TIP ? TIP : 0;
  const from = strand < 0 ? left + tip : left;
  const to = strand > 0 ? right - tip : right;
  pen.moveTo(from, top);
  pen.lineTo(to, top);
  pen.lineTo(right, middle);
  pen.lineTo(to, bottom);
  pen.lineTo(from, bottom);
  pen.lineTo(left, middle);
  pen.closePath();
}

export function drawBoxes(
  pen: Pen,
  rects: readonly PlacedRect[],
  scale: BaseScale,
  palette: Palette,
  dpr: number,
): void {
  const solid = new Map<string, PlacedRect[]>();
  for (const rect of rects) {
    if (!rect.box.passes) continue;
    const color = colorOf(rect.box, palette);
    const group = solid.get(color);
    if (group) group.push(rect);
    else solid.set(color, [rect]);
  }
  for (const [color, group] of solid) {
    pen.fillStyle = color;
    pen.beginPath();
    for (const { left, right, top, strand } of group) trace(pen, left, right, top, strand);
    pen.fill();
  }
  pen.setLineDash([2, 2]);
  pen.lineWidth = 1;
  for (const { left, right, top, strand, box } of rects) {
    if (box.passes) continue;
    pen.strokeStyle = colorOf(box, palette);
    pen.globalAlpha = 0.7;
    pen.beginPath();
    trace(pen, crisp(left, dpr), crisp(right, dpr), crisp(top, dpr), strand);
    pen.stroke();
  }
  pen.setLineDash([]);
  pen.globalAlpha = 1;
  drawLabels(pen, rects, scale, palette, dpr);
}

function drawLabels(
  pen: Pen,
  rects: readonly PlacedRect[],
  scale: BaseScale,
  palette: Palette,
  dpr: number,
): void {
  setWords(pen, palette, "left", "middle");
  for (const { box, left, right, top } of rects) {
    const { label } = box.placement;
    if (label === "none" || box.label === "") continue;
    const middle = top + BOX_HEIGHT / 2 + 0.5;
    const inside = label === "inside";
    // a box that starts left of the view keeps its label in sight
    let x = inside ? Math.max(left, scale.left) + 5 : right + 4;
    pen.fillStyle = inside ? palette.onBox : box.slot >= 0 ? colorOf(box, palette) : palette.text;
    // a name that would be cut is left out: the hover card has it
    const width = pen.measureText(box.label).width + (box.slot >= 0 ? MARKER_WIDTH : 0);
    if (x + width > (inside ? Math.min(right - 2, scale.right) : scale.right)) continue;
    if (box.slot >= 0) {
      pen.fill(new Path2D(markerPath(box.slot, 3.5, x + 4, middle - 0.5)));
      x += MARKER_WIDTH;
    }
    // at whole device pixels the browser finds the glyphs that it has drawn before
    pen.fillText(box.label, Math.round(x * dpr) / dpr, middle);
  }
}
