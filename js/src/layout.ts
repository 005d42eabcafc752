// Positions in bases and in pixels: the viewport that all tracks share, ticks, and the level of detail.

/** The visible part of a sequence, 0-based half-open, in bases; may be fractional while it moves. */
export interface Viewport {
  start: number;
  end: number;
}

/** At this zoom a base is as wide as a letter need ever be. */
export const MIN_SPAN = 12;

export const span = ({ start, end }: Viewport): number => end - start;

const clampSpan = (width: number, length: number): number => Math.min(Math.max(width, MIN_SPAN), length);

/** The nearest viewport that lies inside `0..length`, at least MIN_SPAN wide where it is as long. */
export function clampViewport({ start, end }: Viewport, length: number): Viewport {
  const width = clampSpan(end - start, length);
  const from = Math.min(Math.max(start, 0), length - width);
  return { start: from, end: from + width };
}

/** Zooms so that the base at `anchor` stays where it is; `factor` below 1 shows less. */
export function zoom(viewport: Viewport, factor: number, anchor: number, length: number): Viewport {
  const width = clampSpan(span(viewport) * factor, length);
  const share = (anchor - viewport.start) / span(viewport);
  const start = anchor - share * width;
  return clampViewport({ start, end: start + width }, length);
}

export function pan({ start, end }: Viewport, bases: number, length: number): Viewport {
  return clampViewport({ start: start + bases, end: end + bases }, length);
}

/** Moves one edge and leaves the other where it is, also where it is pulled beyond an end of the sequence. */
export function moveEdge(
  { start, end }: Viewport,
  edge: "start" | "end",
  bases: number,
  length: number,
): Viewport {
  return edge === "start"
    ? { start: Math.max(0, Math.min(start + bases, end - MIN_SPAN)), end }
    : { start, end: Math.min(length, Math.max(end + bases, start + MIN_SPAN)) };
}

/** Centers on `start..end` with air around it; for jumps to a site. */
export function centerOn(start: number, end: number, width: number, length: number): Viewport {
  const middle = (start + end) / 2;
  return clampViewport({ start: middle - width / 2, end: middle + width / 2 }, length);
}

/** Whole bases as the trait holds them; null when everything is visible. */
export function toTrait({ start, end }: Viewport, length: number): [number, number] | null {
  const rounded: [number, number] = [Math.round(start), Math.round(end)];
  return rounded[0] <= 0 && rounded[1] >= length ? null : rounded;
}

export function fromTrait(trait: readonly [number, number] | null, length: number): Viewport {
  return trait ? clampViewport({ start: trait[0], end: trait[1] }, length) : { start: 0, end: length };
}

/** A linear map from bases to pixels. */
export class BaseScale {
  readonly viewport: Viewport;
  /** Pixels between which the viewport lies. */
  readonly left: number;
  readonly right: number;
  /** The reverse complement is shown: the last base is on the left. */
  readonly flipped: boolean;

  constructor(viewport: Viewport, left: number, right: number, flipped = false) {
    this.viewport = viewport;
    this.left = left;
    this.right = right;
    this.flipped = flipped;
  }

  get pxPerBase(): number {
    return (this.right - this.left) / span(this.viewport);
  }

  toPx(base: number): number {
    const { start, end } = this.viewport;
    return this.left + (this.flipped ? end - base : base - start) * this.pxPerBase;
  }

  toBase(px: number): number {
    const { start, end } = this.viewport;
    const by = (px - this.left) / this.pxPerBase;
    return this.flipped ? end - by : start + by;
  }

  /** The left and the right edge of some bases. */
  edges(start: number, end: number): [number, number] {
    return this.flipped ? [this.toPx(end), this.toPx(start)] : [this.toPx(start), this.toPx(end)];
  }
}

interface Detail {
  mode: "envelope" | "bars" | "letters";
  /** While bars turn into letters both are drawn; the share of the letters. */
  letters: number;
}

const LETTERS_FROM = 3.5;
const LETTERS_ONLY = 5.5;

/** What can be told apart at this many pixels per base. */
export function detailAt(pxPerBase: number): Detail {
  if (pxPerBase < 1) return { mode: "envelope", letters: 0 };
  if (pxPerBase < LETTERS_FROM) return { mode: "bars", letters: 0 };
  return {
    mode: "letters",
    letters: Math.min(1, (pxPerBase - LETTERS_FROM) / (LETTERS_ONLY - LETTERS_FROM)),
  };
}

/** Steps of 1, 2 or 5 times a power of ten, about `target` of them over `start..end`. */
export function tickStep(start: number, end: number, target: number): number {
  const rough = (end - start) / Math.max(1, target);
  const power = 10 ** Math.floor(Math.log10(rough));
  const share = rough / power;
  return power * (share > Math.sqrt(50) ? 10 : share > Math.sqrt(10) ? 5 : share > Math.sqrt(2) ? 2 : 1);
}

/** Round values inside `start..end`. */
export function ticks(start: number, end: number, target: number): number[] {
  if (!(end > start)) return [];
  const step = tickStep(start, end, target);
  const values: number[] = [];
  for (let i = Math.ceil(start / step); i * step <= end + step * 1e-9; i++) values.push(i * step);
  return values;
}

/** A tick's label with as many decimals as its step needs. */
export function tickLabel(value: number, step: number): string {
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const text = Math.abs(value).toFixed(decimals);
  return Number(text) === 0 ? "0" : value < 0 ? `−${text}` : text;
}
