// One sequence: its logo, and below it the lanes of seqlets and hits.
import { useEffect, useMemo, useRef } from "preact/hooks";
import { type Box, HIT_LANES, layoutBoxes, SEQLET_LANES } from "../boxes.ts";
import { intervalText } from "../describe.ts";
import { drawGrid, drawValueAxis } from "../draw/axis.ts";
import { BOX_HEIGHT, boxRects, drawBoxes, LANE_HEIGHT, labelFont, type PlacedRect } from "../draw/boxes.ts";
import { drawLogo, valueRange } from "../draw/logo.ts";
import { type Palette, type Pen, preparePen } from "../draw/pen.ts";
import { plural } from "../format.ts";
import { BaseScale } from "../layout.ts";
import type { TrackState } from "../tracks.ts";
import { ownKeys, usePainter, useScreen } from "./context.ts";

/** Space for the value axis and the lanes' names. */
export const GUTTER = 52;
export const RIGHT_PAD = 10;
const LOGO_TOP = 4;
const LOGO_HEIGHT = 74;
const LANES_TOP = LOGO_TOP + LOGO_HEIGHT + 7;

export interface TrackGeometry {
  seqletLanes: number;
  hitLanes: number;
  height: number;
}

export function trackGeometry(has: { seqlets: boolean; hits: boolean }): TrackGeometry {
  const seqletLanes = has.seqlets ? SEQLET_LANES : 0;
  const hitLanes = has.hits ? HIT_LANES : 0;
  return { seqletLanes, hitLanes, height: LANES_TOP + (seqletLanes + hitLanes) * LANE_HEIGHT };
}

const measureCanvas = (): Pen | null => document.createElement("canvas").getContext("2d");

/** Text widths in the labels' font, each measured once. */
export function makeMeasure(palette: Palette): (text: string) => number {
  const pen = measureCanvas();
  if (pen) pen.font = labelFont(palette);
  const known = new Map<string, number>();
  return (text) => {
    let width = known.get(text);
    if (width === undefined) {
      width = pen?.measureText(text).width ?? 6 * text.length;
      known.set(text, width);
    }
    return width;
  };
}

export interface TrackHandle {
  sequence: number;
  rects: PlacedRect[];
}

interface TrackProps {
  sequence: number;
  width: number;
  measure: (text: string) => number;
  /** The range of all shown tracks when they share a scale. */
  sharedRange: [number, number] | null;
  handles: Map<number, TrackHandle>;
}

export function Track({ sequence, width, measure, sharedRange, handles }: TrackProps) {
  const { store, palette, pixelRatio } = useScreen();
  const { traits } = store;
  const dataset = store.dataset.value!;
  const geometry = trackGeometry(dataset.manifest.has);
  const canvas = useRef<HTMLCanvasElement>(null);
  const hypothetical = traits._show_hypothetical.value;
  const state = store.tracks.get(sequence, hypothetical);
  const inner = Math.max(1, width - GUTTER - RIGHT_PAD);

  const { start, end } = store.viewport.value;
  // panning must not look like zooming because of a last digit
  const pxPerBase = Number((inner / (end - start)).toPrecision(9));
  const counts = store.counts.value!;
  const thresholds = store.thresholds.value;
  const selected = store.selected.value;
  const layout = useMemo(
    () => layoutBoxes(dataset, counts, thresholds, sequence, selected, pxPerBase, measure),
    [dataset, counts, thresholds, sequence, selected, pxPerBase, measure],
  );

  const colors = palette.value;
  const dpr = pixelRatio.value;
  const shown = state.value;
  usePainter(() => {
    const element = canvas.current;
    if (!element || width === 0) return;
    const pen = preparePen(element, width, geometry.height, dpr);
    if (!pen) return;
    const scale = new BaseScale({ start, end }, GUTTER, width - RIGHT_PAD);
    const rects = boxRects(layout.boxes, scale, (box) => laneTop(box, geometry));
    handles.set(sequence, { sequence, rects });
    drawTrack(pen, {
      state: shown,
      scale,
      rects,
      nHidden: layout.hidden.filter((site) => site.end > start && site.start < end).length,
      range: sharedRange,
      hypothetical,
      geometry,
      palette: colors,
      dpr,
    });
    element.dataset.boxes = String(rects.filter(({ box }) => box.passes).length);
    element.dataset.ghosts = String(rects.filter(({ box }) => !box.passes).length);
  });
  useEffect(() => () => void handles.delete(sequence), [sequence]);

  const nPassing = (kind: Box["kind"]): number =>
    layout.boxes.filter((box) => box.kind === kind && box.passes).length;
  const isSelected = traits.sequence.value === sequence;
  const where = intervalText(dataset, sequence, Math.round(start), Math.round(end));
  const summary = [
    ...(dataset.manifest.has.seqlets ? [plural(nPassing("seqlet"), "seqlet")] : []),
    ...(dataset.manifest.has.hits ? [plural(nPassing("hit") + layout.hidden.length, "hit")] : []),
  ].join(" · ");
  return (
    <div class="nbm-track" data-selected={isSelected}>
      <TrackHead sequence={sequence} isSelected={isSelected} where={where} counts={summary} />
      <div class="nbm-track-body">
        <canvas
          ref={canvas}
          data-sequence={sequence}
          role="img"
          aria-label={`${dataset.sequenceName(sequence)}, ${where}: ${summary}`}
          style={{ width: `${width}px`, height: `${geometry.height}px` }}
        />
        <TrackMessage state={shown} onRetry={() => store.tracks.retry(sequence, hypothetical)} />
      </div>
    </div>
  );
}

function TrackHead(props: { sequence: number; isSelected: boolean; where: string; counts: string }) {
  const { sequence, isSelected, where, counts } = props;
  const { store } = useScreen();
  const name = store.dataset.value!.sequenceName(sequence);
  return (
    <div class="nbm-track-head">
      <button
        type="button"
        class="nbm-track-name"
        aria-pressed={isSelected}
        title={isSelected ? "Count in all sequences again" : "Count only in this sequence"}
        onClick={() => store.toggleSequence(sequence)}
        {...ownKeys}
      >
        {name}
      </button>
      <span class="nbm-muted">{where}</span>
      <span class="nbm-track-counts">{counts}</span>
    </div>
  );
}

function TrackMessage({ state, onRetry }: { state: TrackState; onRetry: () => void }) {
  const { store } = useScreen();
  if (state.phase === "ready") return null;
  return (
    <div class="nbm-track-message" data-phase={state.phase}>
      {state.phase === "loading" ? "Loading attributions…" : state.message}
      {state.phase === "error" && store.host.canCompute && (
        <button type="button" class="nbm-button" onClick={onRetry} {...ownKeys}>
          Try again
        </button>
      )}
    </div>
  );
}

function laneTop({ kind, placement }: Box, { seqletLanes }: TrackGeometry): number {
  const lane = placement.lane + (kind === "hit" ? seqletLanes : 0);
  return LANES_TOP + lane * LANE_HEIGHT + (LANE_HEIGHT - BOX_HEIGHT) / 2;
}

interface Scene {
  state: TrackState;
  scale: BaseScale;
  rects: PlacedRect[];
  nHidden: number;
  range: [number, number] | null;
  hypothetical: boolean;
  geometry: TrackGeometry;
  palette: Palette;
  dpr: number;
}

export function drawTrack(pen: Pen, scene: Scene): void {
  const { state, scale, rects, geometry, palette, dpr, hypothetical } = scene;
  drawGrid(pen, scale, LOGO_TOP, geometry.height, palette, dpr);
  drawHighlights(pen, rects, scale, palette);
  if (state.phase === "ready") {
    const [low, high] = scene.range ?? valueRange(state.data, hypothetical);
    const y = (value: number): number => LOGO_TOP + ((high - value) / (high - low)) * LOGO_HEIGHT;
    drawValueAxis(pen, [low, high], y, scale.left, scale.right, palette, dpr);
    clipped(pen, scale, 0, geometry.height, () =>
      drawLogo(pen, state.data, scale, y, hypothetical, palette, dpr),
    );
  }
  drawLaneNames(pen, scene);
  clipped(pen, scale, 0, geometry.height, () => drawBoxes(pen, rects, scale, palette, dpr));
}

function clipped(pen: Pen, scale: BaseScale, top: number, bottom: number, draw: () => void): void {
  pen.save();
  pen.beginPath();
  pen.rect(scale.left, top, scale.right - scale.left, bottom - top);
  pen.clip();
  draw();
  pen.restore();
}

/** Bands through the logo where a selected motif has a site that counts. */
function drawHighlights(pen: Pen, rects: readonly PlacedRect[], scale: BaseScale, palette: Palette): void {
  for (const { box, left, right } of rects) {
    if (box.slot < 0 || !box.passes) continue;
    pen.fillStyle = palette.motifs[box.slot % palette.motifs.length]!;
    pen.globalAlpha = 0.14;
    pen.beginPath();
    const from = Math.max(left, scale.left);
    pen.rect(from, LOGO_TOP, Math.min(right, scale.right) - from, LANES_TOP - LOGO_TOP);
    pen.fill();
  }
  pen.globalAlpha = 1;
}

function drawLaneNames(pen: Pen, { geometry, palette, scale, nHidden }: Scene): void {
  const { seqletLanes, hitLanes } = geometry;
  pen.font = `10px ${palette.font}`;
  pen.textAlign = "right";
  pen.textBaseline = "middle";
  pen.fillStyle = palette.muted;
  const write = (text: string, lane: number): void =>
    pen.fillText(text, scale.left - 7, LANES_TOP + lane * LANE_HEIGHT + LANE_HEIGHT / 2 + 0.5);
  if (seqletLanes > 0) write("seqlets", 0);
  if (hitLanes > 0) write("hits", seqletLanes);
  if (nHidden > 0) write(`+${nHidden.toLocaleString("en-US")}`, seqletLanes + hitLanes - 1);
}
