// The attribution track: an envelope when a pixel holds several bases, then bars, then letters.
import { type BaseScale, detailAt, type Viewport } from "../layout.ts";
import type { TrackData } from "../tracks.ts";
import { drawLetter } from "./letters.ts";
import type { Palette, Pen } from "./pen.ts";

/** A rectangle to fill with one letter or one bar. */
interface Glyph {
  base: number;
  x: number;
  /** Upper edge. */
  y: number;
  width: number;
  height: number;
  /** Below the axis: the letter stands on its head. */
  negative: boolean;
  /** The base that is there, as opposed to one that could be. */
  observed: boolean;
}

/** Value to pixel. */
export type YScale = (value: number) => number;

/** The range of a track's values, or of those in sight; always holds 0. */
export function valueRange(
  { observed, hypothetical }: TrackData,
  withHypothetical: boolean,
  viewport: Viewport = { start: 0, end: observed.length },
): [number, number] {
  let low = 0;
  let high = 0;
  const length = observed.length;
  const last = Math.min(length, Math.ceil(viewport.end));
  for (let i = Math.max(0, Math.floor(viewport.start)); i < last; i++) {
    let up = observed[i];
    let down = up;
    if (withHypothetical && hypothetical) {
      up = down = 0;
      for (let c = 0; c < 4; c++) {
        const value = hypothetical[c * length + i];
        if (value > 0) up += value;
        else down += value;
      }
    }
    if (up > high) high = up;
    if (down < low) low = down;
  }
  return high === low ? [0, 1] : [low, high];
}

/** The range of the values of several rows, which share a scale; of those that have come. */
export function unionOfRanges(
  rows: readonly (TrackData | null)[],
  withHypothetical: boolean,
  viewport?: Viewport,
): [number, number] {
  const ranges = rows.flatMap((row) => (row ? [valueRange(row, withHypothetical, viewport)] : []));
  if (ranges.length === 0) return [0, 1];
  return [Math.min(...ranges.map(([low]) => low)), Math.max(...ranges.map(([, high]) => high))];
}

/** One glyph per visible base. */
export function observedGlyphs({ codes, observed }: TrackData, scale: BaseScale, y: YScale): Glyph[] {
  const glyphs: Glyph[] = [];
  const [from, to] = visible(scale, codes.length);
  for (let i = from; i < to; i++) glyphs.push(glyphAt(codes[i], i, 0, observed[i], true, scale, y));
  return glyphs;
}

/** Up to four glyphs per visible base, the largest furthest from the axis; all are as real where the code is no base. */
export function hypotheticalGlyphs(data: TrackData, scale: BaseScale, y: YScale): Glyph[] {
  const { codes, hypothetical } = data;
  if (!hypothetical) return observedGlyphs(data, scale, y);
  const length = codes.length;
  const glyphs: Glyph[] = [];
  const bases = [0, 1, 2, 3];
  const [from, to] = visible(scale, length);
  for (let i = from; i < to; i++) {
    bases.sort((a, b) => Math.abs(hypothetical[a * length + i]) - Math.abs(hypothetical[b * length + i]));
    let up = 0;
    let down = 0;
    for (const base of bases) {
      const value = hypothetical[base * length + i];
      glyphs.push(
        glyphAt(base, i, value < 0 ? down : up, value, codes[i] > 4 || base === codes[i], scale, y),
      );
      if (value < 0) down += value;
      else up += value;
    }
  }
  return glyphs;
}

function visible(scale: BaseScale, length: number): [number, number] {
  return [Math.max(0, Math.floor(scale.viewport.start)), Math.min(length, Math.ceil(scale.viewport.end))];
}

function glyphAt(
  base: number,
  position: number,
  from: number,
  value: number,
  observed: boolean,
  scale: BaseScale,
  y: YScale,
): Glyph {
  const top = Math.min(y(from), y(from + value));
  return {
    base: shownBase(base, scale),
    x: scale.edges(position, position + 1)[0],
    y: top,
    width: scale.pxPerBase,
    height: Math.abs(y(from + value) - y(from)),
    negative: value < 0,
    observed,
  };
}

/** The base itself, or its complement on the other strand; N is N on both. */
export const shownBase = (base: number, { flipped }: BaseScale): number =>
  flipped && base < 4 ? 3 - base : base;

/** Below this height nothing can be seen. */
const MIN_HEIGHT = 0.25;
const OTHER_BASE_ALPHA = 0.35;

function drawGlyphs(
  pen: Pen,
  glyphs: readonly Glyph[],
  palette: Palette,
  dpr: number,
  alpha: number,
  letters: boolean,
): void {
  for (let base = 0; base < palette.bases.length; base++) {
    pen.fillStyle = palette.bases[base];
    for (const observed of [true, false]) {
      pen.globalAlpha = alpha * (observed ? 1 : OTHER_BASE_ALPHA);
      if (!letters) pen.beginPath();
      for (const glyph of glyphs) {
        if (glyph.base !== base || glyph.observed !== observed || glyph.height < MIN_HEIGHT) continue;
        const { x, y, width, height, negative } = glyph;
        if (letters)
          drawLetter(pen, base, x + 0.03 * width, y, 0.94 * width, negative ? -height : height, dpr);
        else pen.rect(x, y, Math.max(width * 0.9, 1 / dpr), height);
      }
      if (!letters) pen.fill();
    }
  }
  pen.globalAlpha = 1;
  if (letters) pen.setTransform(dpr, 0, 0, dpr, 0, 0);
}

/** The largest rise and fall in each device pixel, in the colour of its base. */
function drawEnvelope(
  pen: Pen,
  { codes, observed }: TrackData,
  scale: BaseScale,
  y: YScale,
  palette: Palette,
  dpr: number,
): void {
  const columns = Math.ceil((scale.right - scale.left) * dpr);
  const highest = new Int32Array(columns).fill(-1);
  const lowest = new Int32Array(columns).fill(-1);
  const [from, to] = visible(scale, codes.length);
  const step = (scale.flipped ? -dpr : dpr) * scale.pxPerBase;
  const first = (scale.toPx(0.5) - scale.left) * dpr;
  for (let i = from; i < to; i++) {
    // beside the view there is no column, which no value exceeds
    const column = Math.floor(first + step * i);
    if (observed[i] > 0 && (highest[column] < 0 || observed[i] > observed[highest[column]]))
      highest[column] = i;
    if (observed[i] < 0 && (lowest[column] < 0 || observed[i] < observed[lowest[column]])) lowest[column] = i;
  }
  const zero = y(0);
  // no gap between bases that are wider than a device pixel
  const width = Math.max(1, Math.ceil(scale.pxPerBase * dpr)) / dpr;
  const bars: [column: number, at: number][][] = palette.bases.map(() => []);
  for (const extremes of [highest, lowest]) {
    for (let column = 0; column < columns; column++) {
      const i = extremes[column];
      if (i < 0) continue;
      const at = y(observed[i]);
      if (Math.abs(at - zero) >= MIN_HEIGHT) bars[shownBase(codes[i], scale)].push([column, at]);
    }
  }
  bars.forEach((those, base) => {
    pen.fillStyle = palette.bases[base];
    // one by one: a path of a thousand rectangles takes several times as long to fill
    for (const [column, at] of those)
      pen.fillRect(scale.left + column / dpr, Math.min(zero, at), width, Math.abs(at - zero));
  });
}

/** Draws the visible part of a track's attributions. */
export function drawLogo(
  pen: Pen,
  data: TrackData,
  scale: BaseScale,
  y: YScale,
  withHypothetical: boolean,
  palette: Palette,
  dpr: number,
): void {
  const detail = detailAt(scale.pxPerBase);
  if (detail.mode === "envelope") {
    drawEnvelope(pen, data, scale, y, palette, dpr);
    return;
  }
  const glyphs = withHypothetical ? hypotheticalGlyphs(data, scale, y) : observedGlyphs(data, scale, y);
  if (detail.letters < 1) drawGlyphs(pen, glyphs, palette, dpr, 1 - detail.letters, false);
  if (detail.letters > 0) drawGlyphs(pen, glyphs, palette, dpr, detail.letters, true);
}
