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
/** How often sequences exchange their sites; of few sequences each with every other. */
const EXCHANGES = 20;

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

/** How many sequences the filter keeps. */
export const countedSequences = ({ manifest }: Dataset, { allowed }: Thresholds): number =>
  allowed?.reduce((n, isKept) => n + isKept, 0) ?? manifest.n_sequences;

/** Sequences with both, and as many as chance would give if neither knew of the other; of `nSequences` that count. */
export function together(a: Sites, b: Sites, nSequences: number): { observed: number; expected: number } {
  let observed = 0;
  for (const sequence of a.keys()) if (b.has(sequence)) observed++;
  return { observed, expected: (a.size * b.size) / nSequences };
}

/** Gap and orientation of two sites, of which neither is the first in one group; null where they overlap. */
export function relation(a: Site, b: Site, isSame = false): { gap: number; orientation: number } | null {
  const [left, right] = a.start <= b.start ? [a, b] : [b, a];
  const gap = right.start - left.end;
  if (gap < 0) return null;
  // a site that reads the same on both strands stands as the other one does
  const isForward = (left.strand || right.strand) >= 0;
  if (isForward !== (right.strand || left.strand) >= 0) return { gap, orientation: isForward ? 2 : 3 };
  return { gap, orientation: isSame || (isForward ? left : right) === a ? 0 : 1 };
}

function eachPair(a: readonly Site[], b: readonly Site[], visit: (a: Site, b: Site) => void): void {
  for (const [i, one] of a.entries()) {
    // a site with itself is no pair, and each pair of one group is met once
    for (const other of a === b ? b.slice(i + 1) : b) visit(one, other);
  }
}

interface Spacing {
  /** Per orientation: pairs at each gap. */
  observed: Uint32Array[];
  /**
   * As many pairs in all, each of sites in two sequences: what their positions alone give. Null where no other
   * sequence has both, to exchange sites with.
   */
  expected: Float64Array[] | null;
}

export function spacing(a: Sites, b: Sites): Spacing {
  const isSame = a === b;
  const observed = ORIENTATIONS.map(() => new Uint32Array(MAX_GAP));
  const expected = ORIENTATIONS.map(() => new Float64Array(MAX_GAP));
  /** Adds the pairs of these sites; returns how many do not overlap, also those that lie far apart. */
  const add = (
    into: readonly (Uint32Array | Float64Array)[],
    own: readonly Site[],
    others: readonly Site[],
  ) => {
    let n = 0;
    eachPair(own, others, (one, other) => {
      const found = relation(one, other, isSame);
      if (!found) return;
      n++;
      if (found.gap < MAX_GAP) into[found.orientation][found.gap]++;
    });
    return n;
  };
  const both = [...a.keys()].filter((sequence) => (isSame ? a.get(sequence)!.length > 1 : b.has(sequence)));
  const [first, second] = [a, b].map((sites) => both.map((sequence) => sites.get(sequence)!)) as [
    Site[][],
    Site[][],
  ];
  const nOwn = first.reduce((n, own, i) => n + add(observed, own, second[i]), 0);
  // each takes the second sites of one that stands some places on, never its own
  const n = both.length;
  const nExchanges = Math.min(EXCHANGES, n - 1);
  let nCrossed = 0;
  for (let k = 1; k <= nExchanges; k++) {
    const shift = Math.ceil((k * n) / (nExchanges + 1));
    first.forEach((own, i) => {
      nCrossed += add(expected, own, second[(i + shift) % n]);
    });
  }
  // as many pairs as there are
  const scaled = expected.map((row) => row.map((value) => (value * nOwn) / nCrossed));
  return { observed, expected: nCrossed > 0 ? scaled : null };
}

/** Pairs at one gap in one orientation, as stretches that hold both. */
export function pairsAt(a: Sites, b: Sites, orientation: number, gap: number): Site[] {
  const found: Site[] = [];
  for (const [sequence, own] of a) {
    eachPair(own, b.get(sequence) ?? [], (one, other) => {
      const at = relation(one, other, a === b);
      if (at?.gap !== gap || at.orientation !== orientation) return;
      const start = Math.min(one.start, other.start);
      found.push({ sequence, start, end: Math.max(one.end, other.end), strand: 0 });
    });
  }
  return found;
}
