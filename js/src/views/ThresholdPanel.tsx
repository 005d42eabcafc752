// Where the hits lie: attribution against p, as found and by chance, with the thresholds as lines to drag.
import { useMemo, useRef } from "preact/hooks";
import { type Background, stopOf } from "../answers.ts";
import type { Palette, Pen } from "../draw/pen.ts";
import { plural, signed, threshold } from "../format.ts";
import type { Store } from "../store.ts";
import { useScreen, useSize } from "./context.ts";
import { Picture } from "./Picture.tsx";

const HEIGHT = 108;
/** Where the curves end and the plane begins. */
const CURVES = 30;

/** Bins of the plane, and where the thresholds stand on it, from 0 to 1. */
interface Plane {
  nColumns: number;
  nRows: number;
  /** How many stops of attribution, and of p, it spans; the last bins may hold fewer. */
  nStops: number;
  nPStops: number;
  /** Hits of a column pass from here on to the right, or on the left up to there. */
  left: number;
  right: number;
  row: number;
}

export function planeOf(store: Store): Plane | null {
  const found = store.answers.background.value;
  const { attribution, fimoP } = store.dataset.value!.stops;
  if (!found || found.density.length === 0) return null;
  const { attribution: t, fimoP: p, sign } = store.thresholds.value;
  const [columnStops, rowStops] = found.densityStep;
  const nRows = Math.ceil(fimoP.length / rowStops);
  const nColumns = found.density.length / nRows;
  const [nStops, nPStops] = [nColumns * columnStops, nRows * rowStops];
  const share = stopOf(attribution, "attribution", t).stop / nStops;
  return {
    nColumns,
    nRows,
    nStops,
    nPStops,
    right: sign === "-" ? 1 : 0.5 + share,
    left: sign === "+" ? 0 : 0.5 - share,
    row: stopOf(fimoP, "p", p).stop / nPStops,
  };
}

export function ThresholdPanel() {
  const { store } = useScreen();
  const area = useRef<HTMLDivElement>(null);
  const width = useSize(area, "clientWidth");
  const plane = planeOf(store);
  const { attribution, fimoP } = store.thresholds.value;
  const counts = store.counts.value!;
  const label = `Hits by attribution and p value: ${plural(counts.nHits, "hit")} beyond ${threshold(attribution)} and below ${threshold(fimoP)}. Arrow keys move the thresholds.`;
  const end = signed(store.dataset.value!.stops.attribution.at(-1) ?? 0);
  return (
    <figure class="nbm-plane-panel">
      <div
        class="nbm-plane"
        ref={area}
        role="group"
        aria-label={label}
        title={`Drag to set both thresholds; arrow keys move them.${store.dataset.value!.manifest.has.null ? " The dashed line is what chance gives." : ""}`}
        tabIndex={0}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          store.dragging.value = true;
          moveTo(store, event);
        }}
        onPointerMove={(event) => {
          if (event.currentTarget.hasPointerCapture(event.pointerId)) moveTo(store, event);
        }}
        onLostPointerCapture={() => settle(store)}
        onKeyDown={(event) => {
          const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[
            event.key
          ];
          if (!by) return;
          event.preventDefault();
          event.stopPropagation();
          step(store, by[0], by[1]);
        }}
        onKeyUp={() => settle(store)}
      >
        {plane ? (
          <PlanePicture plane={plane} width={width} />
        ) : (
          <p class="nbm-muted">
            {!store.settled.value
              ? "Looking at the hits…"
              : store.host.source.value === "page"
                ? "The plane of hits is not in this page."
                : "The plane of hits takes a kernel: run the cell again."}
          </p>
        )}
      </div>
      {plane && (
        <figcaption class="nbm-chart-ends" aria-hidden="true">
          <span>{end.replace("+", "−")}</span>
          <span>attribution · lower p ↑</span>
          <span>{end}</span>
        </figcaption>
      )}
    </figure>
  );
}

function settle(store: Store): void {
  store.dragging.value = false;
  store.host.flush();
}

function set(store: Store, column: number, row: number): void {
  const { attribution, fimoP } = store.dataset.peek()!.stops;
  const at = (stops: Float64Array, i: number): number => stops[Math.max(0, Math.min(stops.length - 1, i))];
  store.set(
    { attribution_threshold: at(attribution, column), fimo_p_threshold: at(fimoP, row) },
    { settle: false },
  );
}

function step(store: Store, byAttribution: number, byP: number): void {
  const { attribution, fimoP } = store.dataset.peek()!.stops;
  const now = store.thresholds.peek();
  store.dragging.value = true;
  set(
    store,
    stopOf(attribution, "attribution", now.attribution).stop + byAttribution,
    stopOf(fimoP, "p", now.fimoP).stop + byP,
  );
}

function moveTo(store: Store, event: PointerEvent): void {
  const plane = planeOf(store);
  const { left, width, top } = (event.currentTarget as Element).getBoundingClientRect();
  if (!plane) return;
  const x = Math.abs((event.clientX - left) / width - 0.5);
  const y = 1 - (event.clientY - top - CURVES) / (HEIGHT - CURVES);
  set(store, Math.round(x * plane.nStops), Math.round(y * plane.nPStops));
}

/** The pictures are drawn once: a threshold only moves the lines, and what of the passing hits' picture is seen. */
function PlanePicture({
  plane: { left, right, row, nColumns, nRows },
  width,
}: {
  plane: Plane;
  width: number;
}) {
  const { store } = useScreen();
  const background = store.answers.background.value!;
  const pictures = useMemo(() => {
    const picture = (passes: boolean) => (
      <Picture
        width={width}
        height={HEIGHT}
        draw={(pen, palette) => drawPlane(pen, background, nColumns, nRows, width, palette, passes)}
      />
    );
    return [picture(false), picture(true)];
  }, [background, nColumns, nRows, width]);
  const y = HEIGHT - row * (HEIGHT - CURVES);
  const [from, to] = [`${100 * left}%`, `${100 * right}%`];
  const passing = `polygon(0 0, ${from} 0, ${from} ${y}px, ${to} ${y}px, ${to} 0, 100% 0, 100% ${y}px, 0 ${y}px)`;
  return (
    <>
      {pictures[0]}
      <div style={{ clipPath: passing }}>{pictures[1]}</div>
      {left > 0 && <i style={{ left: from }} />}
      {right < 1 && <i style={{ left: to }} />}
      <i class="nbm-plane-p" style={{ top: `${y}px` }} />
    </>
  );
}

/** Above the plane how many hits each column has, as found and by chance; darker cells have more hits. */
export function drawPlane(
  pen: Pen,
  { density, densityByChance, nShifts }: Background,
  nColumns: number,
  nRows: number,
  width: number,
  palette: Palette,
  passes: boolean,
): void {
  const [w, h] = [width / nColumns, (HEIGHT - CURVES) / nRows];
  const most = Math.log1p(density.reduce((a, b) => Math.max(a, b), 1));
  const found = new Float64Array(nColumns);
  const byChance = new Float64Array(nColumns);
  pen.fillStyle = passes ? palette.accent : palette.text;
  for (let x = 0; x < nColumns; x++) {
    for (let y = 0; y < nRows; y++) {
      const n = density[x * nRows + y];
      found[x] += n;
      byChance[x] += densityByChance[x * nRows + y];
      if (n === 0) continue;
      pen.globalAlpha = (passes ? 1 : 0.45) * (0.08 + (0.92 * Math.log1p(n)) / most);
      pen.fillRect(x * w, HEIGHT - (y + 1) * h, w, h);
    }
  }
  pen.globalAlpha = 1;
  if (passes) return;
  const top = Math.log1p(found.reduce((a, b) => Math.max(a, b), 1));
  const curves = [
    [found, palette.text, []],
    [byChance, palette.muted, [2, 2]],
  ] as const;
  for (const [curve, color, dashes] of nShifts > 0 ? curves : [curves[0]]) {
    pen.strokeStyle = color;
    pen.lineWidth = 1;
    pen.setLineDash(dashes);
    pen.beginPath();
    curve.forEach((n, x) => {
      const y = CURVES - 3 - ((CURVES - 6) * Math.log1p(n)) / top;
      if (x === 0) pen.moveTo(0, y);
      else pen.lineTo(x * w, y);
      pen.lineTo((x + 1) * w, y);
    });
    pen.stroke();
  }
  pen.setLineDash([]);
}
