// A track: axis and logo, and under them the lanes of seqlets and hits.
import { type Box, HIT_LANES, SEQLET_LANES, type TrackBoxes } from "../boxes.ts";
import { whole } from "../format.ts";
import type { BaseScale } from "../layout.ts";
import type { TrackData } from "../tracks.ts";
import { drawGrid, drawValueAxis } from "./axis.ts";
import { BOX_HEIGHT, drawBoxes, LANE_HEIGHT, type PlacedRect } from "./boxes.ts";
import { drawLogo } from "./logo.ts";
import { type Palette, type Pen, setWords } from "./pen.ts";

/** Space for the value axis and the lanes' names. */
export const GUTTER = 52;
export const RIGHT_PAD = 10;
const LOGO_TOP = 3;
const LOGO_HEIGHT = 74;
/** Of several rows; with the air between them. */
const ROW_HEIGHT = 58;
const ROW_GAP = 8;
const LANES_GAP = 7;
/** Share of the height that stays free above and below the letters. */
const HEADROOM = 0.04;

interface TrackGeometry {
  seqletLanes: number;
  hitLanes: number;
  /** Upper edge of each row of letters, and their height. */
  rowTops: number[];
  rowHeight: number;
  lanesTop: number;
  height: number;
}

export function trackGeometry(has: { seqlets: boolean; hits: boolean }, nRows = 1): TrackGeometry {
  const seqletLanes = has.seqlets ? SEQLET_LANES : 0;
  const hitLanes = has.hits ? HIT_LANES : 0;
  const rowHeight = nRows > 1 ? ROW_HEIGHT : LOGO_HEIGHT;
  const first = nRows > 1 ? ROW_GAP : LOGO_TOP;
  const rowTops = Array.from({ length: nRows }, (_, row) => first + row * (rowHeight + ROW_GAP));
  const lanesTop = rowTops[nRows - 1] + rowHeight + LANES_GAP;
  const height = lanesTop + (seqletLanes + hitLanes) * LANE_HEIGHT;
  return { seqletLanes, hitLanes, rowTops, rowHeight, lanesTop, height };
}

export function laneTop({ kind, placement }: Box, { seqletLanes, lanesTop }: TrackGeometry): number {
  const lane = placement.lane + (kind === "hit" ? seqletLanes : 0);
  return lanesTop + lane * LANE_HEIGHT + (LANE_HEIGHT - BOX_HEIGHT) / 2;
}

interface RowScene {
  /** Above the letters where there are several rows. */
  name: string;
  /** Null until the attributions have come. */
  data: TrackData | null;
  /** Least and greatest value to show. */
  range: readonly [number, number];
}

export interface TrackScene {
  rows: readonly RowScene[];
  scale: BaseScale;
  /** The coordinate of base 0 in the ruler. */
  origin: number;
  rects: readonly PlacedRect[];
  hidden: TrackBoxes["hidden"];
  hypothetical: boolean;
  geometry: TrackGeometry;
  palette: Palette;
  dpr: number;
}

/** What thresholds do not change: grid, axes and letters. */
export function drawBackground(pen: Pen, scene: TrackScene): void {
  const { rows, scale, origin, geometry, palette, dpr } = scene;
  drawGrid(pen, scale, origin, LOGO_TOP, geometry.height, palette, dpr);
  rows.forEach((row, i) => {
    drawRow(pen, scene, row, geometry.rowTops[i]);
  });
}

function drawRow(pen: Pen, scene: TrackScene, { name, data, range }: RowScene, top: number): void {
  const { rows, scale, geometry, palette, dpr, hypothetical } = scene;
  if (data) {
    const [least, most] = range;
    const air = HEADROOM * (most - least);
    const low = least < 0 ? least - air : least;
    const high = most + air;
    const y = (value: number): number => top + ((high - value) / (high - low)) * geometry.rowHeight;
    drawValueAxis(pen, [low, high], y, scale.left, scale.right, palette, dpr);
    clipped(pen, scale, geometry.height, () => drawLogo(pen, data, scale, y, hypothetical, palette, dpr));
  }
  if (rows.length < 2) return;
  setWords(pen, palette, "left", "top");
  pen.fillText(name, scale.left + 5, top - 4);
}

/** What follows the thresholds: lanes and boxes. */
export function drawForeground(pen: Pen, scene: TrackScene): void {
  const { scale, rects, geometry, palette, dpr } = scene;
  drawLaneNames(pen, scene);
  clipped(pen, scale, geometry.height, () => drawBoxes(pen, rects, scale, palette, dpr));
}

function clipped(pen: Pen, scale: BaseScale, height: number, draw: () => void): void {
  pen.save();
  pen.beginPath();
  pen.rect(scale.left, 0, scale.right - scale.left, height);
  pen.clip();
  draw();
  pen.restore();
}

/** Bands at the sites of what is pointed at in the table. */
export function drawPointed(
  pen: Pen,
  spans: readonly (readonly [number, number])[],
  { scale, geometry, palette }: TrackScene,
): void {
  pen.beginPath();
  for (const [start, end] of spans) {
    const [left, right] = scale.edges(start, end);
    const from = Math.max(left, scale.left);
    const to = Math.min(Math.max(right, left + 2), scale.right);
    if (to > from) pen.rect(from, LOGO_TOP, to - from, geometry.lanesTop - LOGO_TOP);
  }
  pen.fillStyle = palette.accent;
  pen.globalAlpha = 0.25;
  pen.fill();
  pen.globalAlpha = 1;
}

/** Bands where a selected motif has a site that counts; drawn first, so that letters keep their colours. */
export function drawBands(pen: Pen, { rects, scale, geometry, palette }: TrackScene): void {
  const bands = rects.filter(({ box }) => box.slot >= 0 && box.passes).sort((a, b) => a.left - b.left);
  // hits of look-alikes lie on each other: of each colour a place is painted once
  const reach = new Map<number, number>();
  pen.globalAlpha = 0.14;
  for (const { box, left, right } of bands) {
    const from = Math.max(left, scale.left, reach.get(box.slot) ?? 0);
    const to = Math.min(right, scale.right);
    if (to <= from) continue;
    reach.set(box.slot, to);
    pen.fillStyle = palette.motifs[box.slot % palette.motifs.length];
    pen.fillRect(from, LOGO_TOP, to - from, geometry.lanesTop - LOGO_TOP);
  }
  pen.globalAlpha = 1;
}

function drawLaneNames(pen: Pen, { geometry, palette, scale, hidden }: TrackScene): void {
  const { seqletLanes, hitLanes, lanesTop } = geometry;
  const { start, end } = scale.viewport;
  const nHidden = hidden.reduce((n, site) => n + (site.end > start && site.start < end ? site.hits : 0), 0);
  setWords(pen, palette, "right", "middle");
  const write = (text: string, lane: number): void =>
    pen.fillText(text, scale.left - 7, lanesTop + lane * LANE_HEIGHT + LANE_HEIGHT / 2 + 0.5, scale.left - 9);
  if (seqletLanes > 0) write("seqlets", 0);
  if (hitLanes > 0) write("hits", seqletLanes);
  if (nHidden > 0) write(`${whole(nHidden)} more`, seqletLanes + hitLanes - 1);
}
