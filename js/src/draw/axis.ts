// Ticks of the value axis and of the positions.
import { whole } from "../format.ts";
import { type BaseScale, tickLabel, tickStep, ticks } from "../layout.ts";
import type { YScale } from "./logo.ts";
import { crisp, type Palette, type Pen, setWords } from "./pen.ts";

const LABEL_HEIGHT = 10;

/** A few round values of the attribution, their labels right of `x - 6`, and the zero line over the whole width. */
export function drawValueAxis(
  pen: Pen,
  range: readonly [number, number],
  y: YScale,
  left: number,
  right: number,
  palette: Palette,
  dpr: number,
): void {
  const height = Math.abs(y(range[1]) - y(range[0]));
  const target = Math.max(2, Math.min(4, height / 20));
  const step = tickStep(range[0], range[1], target);
  setWords(pen, palette, "right", "middle");
  pen.lineWidth = 1 / dpr;
  let lastLabel = Number.POSITIVE_INFINITY;
  for (const value of ticks(range[0], range[1], target)) {
    const at = crisp(y(value), dpr);
    pen.strokeStyle = value === 0 ? palette.muted : palette.line;
    pen.beginPath();
    pen.moveTo(value === 0 ? left : left - 4, at);
    pen.lineTo(value === 0 ? right : left, at);
    pen.stroke();
    // the topmost label would be cut by the edge of the canvas
    const middle = Math.max(at, y(range[1]) + LABEL_HEIGHT / 2 - 2);
    if (lastLabel - middle >= LABEL_HEIGHT) {
      pen.fillText(tickLabel(value, step), left - 7, middle);
      lastLabel = middle;
    }
  }
  pen.strokeStyle = palette.line;
  pen.beginPath();
  pen.moveTo(crisp(left, dpr), y(range[1]));
  pen.lineTo(crisp(left, dpr), y(range[0]));
  pen.stroke();
}

/** Positions that get a tick, round ones when counted from `origin`. */
export function positionTicks(scale: BaseScale, origin = 0): { values: number[]; step: number } {
  const { start, end } = scale.viewport;
  const target = Math.max(2, (scale.right - scale.left) / (origin > 0 ? 120 : 90));
  const step = Math.max(1, tickStep(start, end, target));
  const values: number[] = [];
  const first = Math.ceil((start + origin) / step) * step - origin;
  for (let value = first; value <= end; value += step) values.push(value);
  return { values, step };
}

/** Hairlines through a track at the ruler's ticks. */
export function drawGrid(
  pen: Pen,
  scale: BaseScale,
  origin: number,
  top: number,
  bottom: number,
  palette: Palette,
  dpr: number,
): void {
  pen.strokeStyle = palette.grid;
  pen.lineWidth = 1 / dpr;
  pen.beginPath();
  for (const value of positionTicks(scale, origin).values) {
    const x = crisp(scale.toPx(value), dpr);
    pen.moveTo(x, top);
    pen.lineTo(x, bottom);
  }
  pen.stroke();
}

/** The ruler's labels: positions in the sequence, or in the genome where base 0 lies at `origin`. */
export function drawRuler(
  pen: Pen,
  scale: BaseScale,
  origin: number,
  top: number,
  palette: Palette,
  dpr: number,
): void {
  setWords(pen, palette, "center", "top");
  pen.strokeStyle = palette.line;
  pen.lineWidth = 1 / dpr;
  const taken: number[] = [];
  for (const value of positionTicks(scale, origin).values) {
    const x = scale.toPx(value);
    const label = whole(origin + value);
    pen.beginPath();
    pen.moveTo(crisp(x, dpr), top);
    pen.lineTo(crisp(x, dpr), top + 4);
    pen.stroke();
    const half = pen.measureText(label).width / 2;
    // labels at the edges move inwards, where another may be already
    const at = Math.min(Math.max(x, scale.left + half), scale.right - half);
    if (taken.some((other) => Math.abs(other - at) < 2 * half + 6)) continue;
    taken.push(at);
    pen.fillText(label, at, top + 6);
  }
}
