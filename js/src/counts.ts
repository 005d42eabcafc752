// Exact counts at the present thresholds, recomputed from the hits on every frame.
//
// Comparisons are those of the kernel, so that both sides count the same: attributions are float32 and compared
// with the threshold rounded to float32, p values are float64, and every comparison is strict.
import type { Dataset } from "./dataset.ts";
import type { Families } from "./families.ts";
import type { CountMode, Sign } from "./wire.ts";

export interface Thresholds {
  attribution: number;
  fimoP: number;
  seqletP: number;
  tomtomP: number;
  sign: Sign;
  /** What counts lies between these positions. */
  window: readonly [number, number] | null;
  /** 1 for sequences in which is counted; null for all. */
  allowed: Uint8Array | null;
}

/** The numbers of motifs, or of families. */
export interface Level {
  /** What the mode counts. */
  count: Float64Array;
  sequences: Float64Array;
  seqlets: Float64Array;
  marginal: Float32Array;
  members: Float64Array;
  /** The count by chance; NaN where it is not known. */
  expected: Float64Array;
}

export interface Counts {
  motifs: Level;
  families: Level;
  grouping: Families;
  /** Per motif: levels below this index pass the FIMO threshold. */
  levelCut: Uint32Array;
  /** Hits that pass all but the attribution threshold, and those that pass that too. */
  nMatches: number;
  nHits: number;
  /** Seqlets that pass, and those of them that are assigned to a motif. */
  nSeqlets: number;
  nAssigned: number;
  /** False for numbers that the kernel has yet to confirm. */
  isExact: boolean;
}

/** Index of the first element of ascending `values[from..to)` that is not below `x`. */
export function lowerBound(values: ArrayLike<number>, x: number, from: number, to: number): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle]! < x) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Whether one hit's or seqlet's attribution passes; `threshold` must already be a float32. */
export function attributionPasses(attribution: number, threshold: number, sign: Sign): boolean {
  return (sign !== "-" && attribution > threshold) || (sign !== "+" && attribution < -threshold);
}

/** Whether a place is where things count. */
export function isInside(
  { window, allowed }: Thresholds,
  sequence: number,
  start: number,
  end: number,
): boolean {
  return (!allowed || allowed[sequence] === 1) && (!window || (start >= window[0] && end <= window[1]));
}

export function hitPasses(dataset: Dataset, counts: Counts, thresholds: Thresholds, hit: number): boolean {
  const { level, motif, attribution, sequence, start, offset } = dataset.hits;
  const matches =
    hit < offset.at(-1)! ? level[hit] < counts.levelCut[motif[hit]] : dataset.hitP(hit) < thresholds.fimoP;
  return (
    matches &&
    attributionPasses(attribution[hit], Math.fround(thresholds.attribution), thresholds.sign) &&
    isInside(thresholds, sequence[hit], start[hit], dataset.hitEnd(hit))
  );
}

export function seqletPasses(dataset: Dataset, thresholds: Thresholds, seqlet: number): boolean {
  const { p, attribution, sequence, start, end } = dataset.seqlets;
  return (
    p[seqlet] < thresholds.seqletP &&
    attributionPasses(attribution[seqlet], 0, thresholds.sign) &&
    isInside(thresholds, sequence[seqlet], start[seqlet], end[seqlet])
  );
}

/** The motif that a seqlet counts for, -1 when its best match is not good enough. */
export function seqletMotif(dataset: Dataset, thresholds: Thresholds, seqlet: number): number {
  const { motif, tomtomP } = dataset.seqlets;
  return motif[seqlet] >= 0 && tomtomP[seqlet] < thresholds.tomtomP ? motif[seqlet] : -1;
}

/** Counts of the hits that are here, in all sequences or in one of those that are allowed. */
export function count(
  dataset: Dataset,
  thresholds: Thresholds,
  grouping: Families,
  mode: CountMode = "hits",
  sequence: number | null = null,
): Counts {
  const nMotifs = dataset.manifest.n_motifs;
  const { levelOffset, levelP } = dataset;
  const counts: Counts = {
    motifs: emptyLevel(nMotifs),
    families: emptyLevel(grouping.names.length),
    grouping,
    levelCut: new Uint32Array(nMotifs),
    nMatches: 0,
    nHits: 0,
    nSeqlets: 0,
    nAssigned: 0,
    isExact: true,
  };
  for (let m = 0; m < nMotifs; m++) {
    counts.levelCut[m] =
      lowerBound(levelP, thresholds.fimoP, levelOffset[m], levelOffset[m + 1]) - levelOffset[m];
  }
  const passing = select(dataset, thresholds, counts, sequence);
  tally(dataset, passing, counts, mode);
  countSeqlets(dataset, thresholds, counts, sequence);
  rollUp(dataset, counts);
  return counts;
}

const emptyLevel = (n: number): Level => ({
  count: new Float64Array(n),
  sequences: new Float64Array(n),
  seqlets: new Float64Array(n),
  marginal: new Float32Array(n).fill(Number.NaN),
  members: new Float64Array(n),
  expected: new Float64Array(n).fill(Number.NaN),
});

/** Reused from frame to frame. */
let scratch = new Uint32Array(0);

/** The hits that pass, in the order of their places. */
function select(dataset: Dataset, thresholds: Thresholds, counts: Counts, only: number | null): Uint32Array {
  const { offset, attribution, motif, level, start } = dataset.hits;
  const { motifWidth, manifest } = dataset;
  const { levelCut } = counts;
  const { window, allowed, sign } = thresholds;
  const threshold = Math.fround(thresholds.attribution);
  const isBoth = sign === "both";
  const side = sign === "-" ? -1 : 1;
  if (scratch.length < attribution.length) scratch = new Uint32Array(attribution.length);
  const passing = scratch;
  const [first, last] = only === null ? [0, manifest.n_sequences] : [only, only + 1];
  let n = 0;
  let nMatches = 0;
  for (let s = first; s < last; s++) {
    if (only === null && allowed && allowed[s] === 0) continue;
    const end = offset[s + 1];
    for (let h = offset[s]; h < end; h++) {
      const m = motif[h];
      if (window && (start[h] < window[0] || start[h] + motifWidth[m] > window[1])) continue;
      // without a branch: which hits pass is as good as random
      const matches = (level[h] - levelCut[m]) >>> 31;
      const value = attribution[h] * side;
      nMatches += matches;
      passing[n] = h;
      n += matches & Number(value > threshold || (isBoth && -value > threshold));
    }
  }
  counts.nMatches = nMatches;
  counts.nHits = n;
  return passing.subarray(0, n);
}

function tally(dataset: Dataset, passing: Uint32Array, counts: Counts, mode: CountMode): void {
  const { motif, sequence, start, attribution } = dataset.hits;
  const { motifWidth, manifest } = dataset;
  const { motifs, families, grouping } = counts;
  const { labels } = grouping;
  // what is known of each motif, and of each family, from the hits before
  const inSequence = [
    new Int32Array(motifs.count.length).fill(-1),
    new Int32Array(families.count.length).fill(-1),
  ] as const;
  const [lastOfMotif, lastOfFamily] = inSequence;
  for (let i = 0; i < passing.length; i++) {
    const h = passing[i];
    const s = sequence[h];
    const m = motif[h];
    const f = labels[m];
    if (lastOfMotif[m] !== s) {
      lastOfMotif[m] = s;
      motifs.sequences[m]++;
    }
    if (lastOfFamily[f] !== s) {
      lastOfFamily[f] = s;
      families.sequences[f]++;
    }
  }
  if (mode === "sequences") {
    motifs.count.set(motifs.sequences);
    families.count.set(families.sequences);
  } else if (mode === "hits") {
    const lastStart = new Float64Array(families.count.length).fill(-1);
    const lastWidth = new Uint16Array(families.count.length);
    for (let i = 0; i < passing.length; i++) {
      const h = passing[i];
      const m = motif[h];
      const f = labels[m];
      motifs.count[m]++;
      // hits of look-alikes at one place are neighbours: they are sorted by start, then by width
      const place = sequence[h] * manifest.length + start[h];
      if (lastStart[f] !== place || lastWidth[f] !== motifWidth[m]) {
        lastStart[f] = place;
        lastWidth[f] = motifWidth[m];
        families.count[f]++;
      }
    }
  } else if (mode === "exclusive") {
    for (const h of winners(dataset, passing)) {
      motifs.count[motif[h]]++;
      families.count[labels[motif[h]]]++;
    }
  } else {
    const isSum = mode === "explained";
    const self = labels.map((_, m) => m);
    for (const [level, groupOf] of [
      [motifs, self],
      [families, labels],
    ] as const) {
      const nGroups = level.count.length;
      const reach = new Float64Array(nGroups);
      const strongest = new Float64Array(nGroups);
      for (let i = 0; i < passing.length; i++) {
        const h = passing[i];
        const m = motif[h];
        const g = groupOf[m];
        // sequences lie behind each other on one line, with a gap
        const place = sequence[h] * (manifest.length + 1) + start[h] + 1;
        const isNew = place >= reach[g];
        const end = place + motifWidth[m];
        if (end > reach[g]) reach[g] = end;
        if (isSum) {
          // in whole units, whose sums are exact in any order
          const size = Math.floor(Math.abs(attribution[h]) / manifest.unit + 0.5);
          if (isNew) strongest[g] = 0;
          if (size > strongest[g]) {
            level.count[g] += size - strongest[g];
            strongest[g] = size;
          }
        } else if (isNew) level.count[g]++;
      }
      if (isSum) for (let g = 0; g < nGroups; g++) level.count[g] *= manifest.unit;
    }
  }
}

/** Hits that have their place to themselves: strongest first, a hit wins that overlaps no winner. */
export function winners(dataset: Dataset, passing: Uint32Array): Uint32Array {
  const { offset, motif, sequence, start } = dataset.hits;
  const { motifWidth, byStrength, manifest } = dataset;
  const passes = new Uint8Array(byStrength.length);
  for (let i = 0; i < passing.length; i++) passes[passing[i]] = 1;
  // a winner is at least this wide: of a hit's positions it takes one that is looked at
  const step = Math.max(
    1,
    motifWidth.reduce((least, w) => Math.min(least, w), 1 << 16),
  );
  const taken = new Int32Array(manifest.length + 1).fill(-1);
  const won = new Uint32Array(passing.length);
  let n = 0;
  for (let i = 0; i < passing.length; ) {
    const s = sequence[passing[i]];
    const end = offset[s + 1];
    for (let k = offset[s]; k < end; k++) {
      const h = byStrength[k];
      if (passes[h] === 0) continue;
      const from = start[h];
      const to = from + motifWidth[motif[h]];
      let isFree = taken[to - 1] !== s;
      for (let x = from; isFree && x < to; x += step) isFree = taken[x] !== s;
      if (!isFree) continue;
      taken.fill(s, from, to);
      won[n++] = h;
    }
    while (i < passing.length && passing[i] < end) i++;
  }
  return won.subarray(0, n);
}

function countSeqlets(dataset: Dataset, thresholds: Thresholds, counts: Counts, only: number | null): void {
  const { seqlets } = counts.motifs;
  const everywhere = only === null ? thresholds : { ...thresholds, allowed: null };
  const index = only === null ? null : dataset.seqletsBySequence;
  const from = index ? index.offset[only!] : 0;
  const to = index ? index.offset[only! + 1] : dataset.manifest.n_seqlets;
  for (let i = from; i < to; i++) {
    const q = index ? index.item[i] : i;
    if (!seqletPasses(dataset, everywhere, q)) continue;
    counts.nSeqlets++;
    const m = seqletMotif(dataset, thresholds, q);
    if (m < 0) continue;
    seqlets[m]++;
    counts.nAssigned++;
  }
}

/** What families get from their motifs: seqlets, members, and the marginal effect of largest size. */
function rollUp({ marginal }: Dataset, { motifs, families, grouping }: Counts): void {
  motifs.marginal = marginal;
  motifs.members.fill(1);
  for (let m = 0; m < marginal.length; m++) {
    const f = grouping.labels[m];
    families.members[f]++;
    families.seqlets[f] += motifs.seqlets[m];
    const known = families.marginal[f];
    if (Number.isNaN(known) || Math.abs(marginal[m]) > Math.abs(known)) families.marginal[f] = marginal[m];
  }
}
