// The whole length: a strip per shown sequence, the window that can be dragged and resized, and the ruler.
import { useRef } from "preact/hooks";
import { rulerOrigin } from "../describe.ts";
import { drawRuler } from "../draw/axis.ts";
import { drawOverview } from "../draw/overview.ts";
import { GUTTER, RIGHT_PAD } from "../draw/track.ts";
import { plural, whole } from "../format.ts";
import { rowStates } from "../layers.ts";
import { BaseScale, moveEdge, pan, span, type Viewport } from "../layout.ts";
import { useScreen } from "./context.ts";
import { Picture } from "./Picture.tsx";

const ROW = 7;
const RULER = 24;

const stripHeightOf = (nTracks: number): number => Math.max(2, nTracks) * ROW;
export const overviewHeight = (nTracks: number): number => stripHeightOf(nTracks) + RULER;

type Grip = "start" | "end" | "both";

interface StripProps {
  sequences: readonly number[];
  width: number;
}

/** The strips; they stay as they are while the window moves. */
function Strips({ sequences, width }: StripProps) {
  const { store } = useScreen();
  const { length } = store.dataset.value!.manifest;
  const flipped = store.traits.reverse_complement.value;
  const states = sequences.map((sequence) => rowStates(store, sequence)[0]?.state);
  return (
    <Picture
      width={width}
      height={stripHeightOf(sequences.length)}
      label={`Attribution over the whole ${whole(length)} bases of ${plural(sequences.length, "sequence")}`}
      draw={(pen, palette) => {
        const tracks = states.map((state) => (state?.phase === "ready" ? state.data : null));
        const layout = { left: GUTTER, right: width - RIGHT_PAD, top: 0, rowHeight: ROW, flipped };
        drawOverview(pen, tracks, length, layout, palette);
      }}
    />
  );
}

/** The positions that the tracks show. */
function Ruler({ sequences, width }: StripProps) {
  const { store } = useScreen();
  const dataset = store.dataset.value!;
  const scale = new BaseScale(
    store.viewport.value,
    GUTTER,
    width - RIGHT_PAD,
    store.traits.reverse_complement.value,
  );
  const origin = rulerOrigin(dataset, sequences);
  return (
    <Picture
      width={width}
      height={RULER}
      draw={(pen, palette, dpr) => drawRuler(pen, scale, origin, 4, palette, dpr)}
    />
  );
}

export function Overview({ sequences, width }: StripProps) {
  const { store } = useScreen();
  const drag = useRef<{ grip: Grip; from: number; viewport: Viewport } | null>(null);
  const { length } = store.dataset.value!.manifest;
  const flipped = store.traits.reverse_complement.value;
  const stripHeight = stripHeightOf(sequences.length);
  const left = GUTTER;
  const right = width - RIGHT_PAD;
  const viewport = store.viewport.value;

  const all = new BaseScale({ start: 0, end: length }, left, right, flipped);
  const toBases = (px: number): number => ((flipped ? -px : px) / (right - left)) * length;

  const grab = (grip: Grip) => (event: PointerEvent) => {
    event.stopPropagation();
    (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    drag.current = { grip, from: event.clientX, viewport: store.viewport.peek() };
  };
  const move = (event: PointerEvent): void => {
    if (!drag.current) return;
    const { grip, from, viewport: before } = drag.current;
    const by = toBases(event.clientX - from);
    store.moveTo(grip === "both" ? pan(before, by, length) : moveEdge(before, grip, by, length));
  };
  const release = (): void => {
    if (drag.current) store.host.flush();
    drag.current = null;
  };
  const jump = (event: PointerEvent): void => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const middle = all.toBase(event.clientX - box.left);
    const half = span(store.viewport.peek()) / 2;
    store.moveTo(pan({ start: middle - half, end: middle + half }, 0, length));
    store.host.flush();
  };
  const keys = (event: KeyboardEvent): void => {
    const by = { ArrowLeft: -0.1, ArrowRight: 0.1, PageUp: -1, PageDown: 1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const bases = (flipped ? -by : by) * span(store.viewport.peek());
    store.moveTo(pan(store.viewport.peek(), bases, length));
  };
  const [windowLeft, windowRight] = all.edges(viewport.start, viewport.end);
  const handlers = { onPointerMove: move, onPointerUp: release, onPointerCancel: release };
  return (
    <div class="nbm-overview" onPointerDown={jump}>
      <Strips sequences={sequences} width={width} />
      <Ruler sequences={sequences} width={width} />
      <div
        class="nbm-window"
        role="slider"
        tabIndex={0}
        aria-label="Visible part"
        aria-valuemin={0}
        aria-valuemax={length}
        aria-valuenow={Math.round(viewport.start)}
        aria-valuetext={`${whole(Math.round(viewport.start))} to ${whole(Math.round(viewport.end))}`}
        style={{
          left: `${windowLeft}px`,
          width: `${Math.max(4, windowRight - windowLeft)}px`,
          height: `${stripHeight}px`,
        }}
        onKeyDown={keys}
        onPointerDown={grab("both")}
        {...handlers}
      >
        <div
          class="nbm-grip"
          data-side="left"
          onPointerDown={grab(flipped ? "end" : "start")}
          {...handlers}
        />
        <div
          class="nbm-grip"
          data-side="right"
          onPointerDown={grab(flipped ? "start" : "end")}
          {...handlers}
        />
      </div>
    </div>
  );
}
