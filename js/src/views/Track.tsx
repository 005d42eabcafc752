// One sequence: its logo, and below it the lanes of seqlets and hits.
import { useEffect, useMemo, useRef } from "preact/hooks";
import { layoutBoxes, spansOf } from "../boxes.ts";
import { intervalText, rulerOrigin } from "../describe.ts";
import { boxRects, type PlacedRect } from "../draw/boxes.ts";
import { Layer } from "../draw/layer.ts";
import { unionOfRanges } from "../draw/logo.ts";
import { labelFont, preparePen } from "../draw/pen.ts";
import {
  drawBackground,
  drawBands,
  drawForeground,
  drawPointed,
  GUTTER,
  laneTop,
  RIGHT_PAD,
  trackGeometry,
} from "../draw/track.ts";
import { plural } from "../format.ts";
import { rowStates } from "../layers.ts";
import { BaseScale } from "../layout.ts";
import type { TrackState } from "../tracks.ts";
import { usePainter, useScreen } from "./context.ts";

/** Text widths in the labels' font, each measured once. */
export function makeMeasure(font: string): (text: string) => number {
  const pen = document.createElement("canvas").getContext("2d");
  if (pen) pen.font = labelFont(font);
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

interface TrackProps {
  sequence: number;
  width: number;
  measure: (text: string) => number;
  /** The range of all shown tracks when they share a scale. */
  sharedRange: [number, number] | null;
  /** Where its boxes are, for the pointer. */
  rectsOf: Map<number, readonly PlacedRect[]>;
}

export function Track({ sequence, width, measure, sharedRange, rectsOf }: TrackProps) {
  const { store, palette, pixelRatio } = useScreen();
  const { traits } = store;
  const dataset = store.dataset.value!;
  const canvas = useRef<HTMLCanvasElement>(null);
  const hypothetical = traits._show_hypothetical.value;
  const flipped = traits.reverse_complement.value;
  const shown = rowStates(store, sequence);
  const geometry = trackGeometry(dataset.manifest.has, shown.length);
  const inner = Math.max(1, width - GUTTER - RIGHT_PAD);

  const { start, end } = store.viewport.value;
  // panning must not look like zooming because of a last digit
  const pxPerBase = Number((inner / (end - start)).toPrecision(9));
  const counts = store.counts.value!;
  const thresholds = store.thresholds.value;
  const slots = store.slots.value;
  const layout = useMemo(
    () => layoutBoxes(dataset, counts, thresholds, sequence, slots, pxPerBase, measure, flipped),
    [dataset, counts, thresholds, sequence, slots, pxPerBase, measure, flipped],
  );

  const pointed = store.pointed.value;
  const spans = pointed === null ? [] : spansOf(dataset, counts, thresholds, sequence, pointed);
  const origin = rulerOrigin(dataset, store.shownSequences.value);
  const colors = palette.value;
  const dpr = pixelRatio.value;
  const logoLayer = useMemo(() => new Layer(), []);
  const isFitted = traits._y_mode.value === "fit";
  const data = shown.map(({ state }) => (state.phase === "ready" ? state.data : null));
  const ownRange = useMemo(
    () => unionOfRanges(data, hypothetical, isFitted ? { start, end } : undefined),
    [...data, hypothetical, isFitted && start, isFitted && end],
  );
  usePainter(() => {
    const element = canvas.current;
    const pen = element && width > 0 ? preparePen(element, width, geometry.height, dpr) : null;
    if (!element || !pen) return;
    const scale = new BaseScale({ start, end }, GUTTER, width - RIGHT_PAD, flipped);
    const rects = boxRects(layout.boxes, scale, (box) => laneTop(box, geometry));
    rectsOf.set(sequence, rects);
    const rows = shown.map(({ row }, i) => ({
      name: row.name,
      data: data[i],
      range: sharedRange ?? ownRange,
    }));
    const { hidden } = layout;
    const scene = { rows, scale, origin, rects, hidden, hypothetical, geometry, palette: colors, dpr };
    const ofRows = rows.flatMap((row) => [row.name, row.data, ...row.range]);
    const unchanged = [
      start,
      end,
      origin,
      width,
      hypothetical,
      flipped,
      geometry.height,
      colors,
      dpr,
      ...ofRows,
    ];
    drawPointed(pen, spans, scene);
    drawBands(pen, scene);
    logoLayer.paint(pen, unchanged, width, geometry.height, dpr, (onto) => drawBackground(onto, scene));
    drawForeground(pen, scene);
    element.dataset.boxes = String(rects.filter(({ box }) => box.passes).length);
    element.dataset.ghosts = String(rects.filter(({ box }) => !box.passes).length);
  });
  useEffect(() => () => void rectsOf.delete(sequence), [sequence]);

  const isSelected = traits.sequence.value === sequence;
  const interval = intervalText(dataset, sequence, Math.round(start), Math.round(end));
  const where = flipped ? `${interval}, reverse complement` : interval;
  const summary = [
    ...(dataset.manifest.has.seqlets ? [plural(layout.nSeqlets, "seqlet")] : []),
    ...(dataset.manifest.has.hits ? [plural(layout.nHits, "hit")] : []),
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
        <TrackMessage
          states={shown.map(({ state }) => state)}
          onRetry={() => store.tracks.retry(sequence, hypothetical)}
        />
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
        class="nbm-track-name"
        aria-pressed={isSelected}
        title={`${name}: ${isSelected ? "count in all sequences again" : "count only in this sequence"}`}
        onClick={() => store.set({ sequence: isSelected ? null : sequence })}
      >
        {name}
      </button>
      <span class="nbm-muted nbm-clip">{where}</span>
      <span class="nbm-track-counts">{counts}</span>
    </div>
  );
}

function TrackMessage({ states, onRetry }: { states: readonly TrackState[]; onRetry: () => void }) {
  const { store } = useScreen();
  const state =
    states.find(({ phase }) => phase === "error") ?? states.find(({ phase }) => phase !== "ready");
  if (!state || state.phase === "ready") return null;
  return (
    <div class="nbm-track-message" data-phase={state.phase}>
      {state.phase === "loading" ? "Loading attributions…" : state.message}
      {state.phase === "error" && store.host.source.value === "kernel" && (
        <button class="nbm-button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}
