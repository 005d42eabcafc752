// Motifs that share sequences: how often, how far apart, and in which orientation; and what chance would give.
import { type Counts, hitPasses, type Thresholds } from "./counts.ts";
import type { Dataset } from "./dataset.ts";

/** Motifs whose hits are taken together; overlapping ones are one site. */
export interface Group {
  name: string;
  motifs: readonly number[];
}

export interface Site {
  sequence: number;
  start: number;
  end: number;
  strand: number;
}

/** Sites of each sequence that has any, from left to right. */
export type Sites = ReadonlyMap<number, readonly Site[]>;

/** How two sites stand to each other, read along the strand; the same on both strands. */
export const ORIENTATIONS = ["first then second", "second then first", "facing", "diverging"] as const;

/** Gaps of this many bases and more are left out. */
export const MAX_GAP = 100;
const SHUFFLES = 20;

/** The group's hits that count; of overlapping ones the strongest. */
export function sitesOf(dataset: Dataset, counts: Counts, thresholds: Thresholds, { motifs }: Group): Sites {
  const { attribution, sequence, start, strand } = dataset.hits;
  const passing: number[] = [];
  for (const m of motifs) {
    for (const h of dataset.hitsOf(m)) if (hitPasses(dataset, counts, thresholds, h)) passing.push(h);
  }
  passing.sort((a, b) => Math.abs(attribution[b]) - Math.abs(attribution[a]) || a - b);
  const sites = new Map<number, Site[]>();
  for (const h of passing) {
    const site = { sequence: sequence[h], start: start[h], end: dataset.hitEnd(h), strand: strand[h] };
    const others = sites.get(site.sequence);
    if (!others) sites.set(site.sequence, [site]);
    else if (others.every((other) => other.end <= site.start || site.end <= other.start)) others.push(site);
  }
  for (const own of sites.values()) own.sort((a, b) => a.start - b.start);
  return sites;
}

/** Sequences with both, and as many as chance would give if neither knew of the other. */
export function together(a: Sites, b: Sites, nSequences: number): { observed: number; expected: number } {
  let observed = 0;
  for (const sequence of a.keys()) if (b.has(sequence)) observed++;
  return { observed, expected: (a.size * b.size) / nSequences };
}

/** Gap and orientation of two sites; null where they overlap or lie far apart. */
export function relation(a: Site, b: Site): { gap: number; orientation: number } | null {
  const [left, right] = a.start <= b.start ? [a, b] : [b, a];
  const gap = right.start - left.end;
  if (gap < 0 || gap >= MAX_GAP) return null;
  const isForward = left.strand >= 0;
  if (isForward !== right.strand >= 0) return { gap, orientation: isForward ? 2 : 3 };
  return { gap, orientation: (isForward ? left : right) === a ? 0 : 1 };
}

function eachPair(a: readonly Site[], b: readonly Site[], visit: (a: Site, b: Site) => void): void {
  for (const [i, one] of a.entries()) {
    // a site with itself is no pair, and each pair of one group is met once
    for (const other of a === b ? b.slice(i + 1) : b) visit(one, other);
  }
}

export interface Spacing {
  /** Per orientation: pairs at each gap. */
  observed: Uint32Array[];
  /** The same with the second sites of another sequence, averaged over shuffles: what their positions alone give. */
  expected: Float64Array[];
}

export function spacing(a: Sites, b: Sites): Spacing {
  const observed = ORIENTATIONS.map(() => new Uint32Array(MAX_GAP));
  const expected = ORIENTATIONS.map(() => new Float64Array(MAX_GAP));
  const isSame = a === b;
  const add = (into: readonly (Uint32Array | Float64Array)[], weight: number) => (one: Site, other: Site) => {
    const found = relation(one, other);
    // of one group neither is the first
    if (found) into[isSame && found.orientation === 1 ? 0 : found.orientation]![found.gap] += weight;
  };
  for (const [sequence, own] of a) eachPair(own, b.get(sequence) ?? [], add(observed, 1));
  // sequences with both exchange their second sites: how often both meet stays, where they stand is mixed
  const both = [...a.keys()].filter((sequence) => b.has(sequence));
  const random = generator();
  for (let shuffle = 0; shuffle < SHUFFLES; shuffle++) {
    const mixed = both.slice();
    for (let i = mixed.length - 1; i > 0; i--) {
      const j = Math.floor(random() * (i + 1));
      [mixed[i], mixed[j]] = [mixed[j]!, mixed[i]!];
    }
    both.forEach((sequence, i) => {
      const weight = (isSame ? 0.5 : 1) / SHUFFLES;
      const others = b.get(mixed[i]!)!.slice();
      eachPair(a.get(sequence)!, others, add(expected, weight));
    });
  }
  return { observed, expected };
}

/** Pairs at one gap in one orientation, as stretches that hold both. */
export function pairsAt(a: Sites, b: Sites, orientation: number, gap: number): Site[] {
  const found: Site[] = [];
  for (const [sequence, own] of a) {
    eachPair(own, b.get(sequence) ?? [], (one, other) => {
      const at = relation(one, other);
      if (at?.gap !== gap || (a === b && at.orientation === 1 ? 0 : at.orientation) !== orientation) return;
      const start = Math.min(one.start, other.start);
      found.push({ sequence, start, end: Math.max(one.end, other.end), strand: 0 });
    });
  }
  return found;
}

/** The same numbers in 0..1 each time (mulberry32). */
function generator(): () => number {
  let state = 1;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
