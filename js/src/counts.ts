// Exact counts at the present thresholds, recomputed from the hits on every frame.
//
// Comparisons are those of the kernel, so that both sides count the same: attributions are float32 and compared
// with the threshold rounded to float32, p values are float64, and every comparison is strict.
import type { Dataset } from "./dataset.ts";
import type { Sign } from "./wire.ts";

export interface Thresholds {
  attribution: number;
  fimoP: number;
  seqletP: number;
  tomtomP: number;
  sign: Sign;
}

export interface Counts {
  /** Per motif: hits, distinct sequences with a hit, seqlets assigned to the motif. */
  hits: Uint32Array;
  sequences: Uint32Array;
  seqlets: Uint32Array;
  /** Per motif: levels below this index pass the FIMO threshold. */
  levelCut: Uint32Array;
  /** Hits that pass the p threshold, and those that pass attribution too. */
  nMatches: number;
  nHits: number;
  /** Seqlets that pass, and those of them that are assigned to a motif. */
  nSeqlets: number;
  nAssigned: number;
  nMotifsWithHits: number;
}

/** Index of the first element of ascending `values[from..to)` that is not below `x`. */
export function lowerBound(values: Float64Array, x: number, from: number, to: number): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle] < x) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** End of the leading run of descending `values[from..to)` that are above `x`. */
export function endOfAbove(values: Float32Array, x: number, from: number, to: number): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle] > x) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Start of the trailing run of descending `values[from..to)` that are below `x`. */
export function startOfBelow(values: Float32Array, x: number, from: number, to: number): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle] < x) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Whether one hit's or seqlet's attribution passes; `threshold` must already be a float32. */
export function attributionPasses(attribution: number, threshold: number, sign: Sign): boolean {
  return (sign !== "-" && attribution > threshold) || (sign !== "+" && attribution < -threshold);
}

export function hitPasses(dataset: Dataset, counts: Counts, thresholds: Thresholds, hit: number): boolean {
  return (
    dataset.hits.level[hit] < counts.levelCut[dataset.hitMotif[hit]] &&
    attributionPasses(dataset.hits.attribution[hit], Math.fround(thresholds.attribution), thresholds.sign)
  );
}

export function seqletPasses(dataset: Dataset, thresholds: Thresholds, seqlet: number): boolean {
  const { p, attribution } = dataset.seqlets;
  return p[seqlet] < thresholds.seqletP && attributionPasses(attribution[seqlet], 0, thresholds.sign);
}

/** The motif that a seqlet counts for, -1 when its best match is not good enough. */
export function seqletMotif(dataset: Dataset, thresholds: Thresholds, seqlet: number): number {
  const { motif, tomtomP } = dataset.seqlets;
  return motif[seqlet] >= 0 && tomtomP[seqlet] < thresholds.tomtomP ? motif[seqlet] : -1;
}

/** Counts over all sequences, or in one of them. */
export function count(dataset: Dataset, thresholds: Thresholds, sequence: number | null = null): Counts {
  const nMotifs = dataset.manifest.n_motifs;
  const counts: Counts = {
    hits: new Uint32Array(nMotifs),
    sequences: new Uint32Array(nMotifs),
    seqlets: new Uint32Array(nMotifs),
    levelCut: new Uint32Array(nMotifs),
    nMatches: 0,
    nHits: 0,
    nSeqlets: 0,
    nAssigned: 0,
    nMotifsWithHits: 0,
  };
  const { levelOffset, levelP } = dataset;
  for (let m = 0; m < nMotifs; m++) {
    counts.levelCut[m] =
      lowerBound(levelP, thresholds.fimoP, levelOffset[m], levelOffset[m + 1]) - levelOffset[m];
  }
  if (sequence === null) {
    countHits(dataset, thresholds, counts);
    countSeqlets(dataset, thresholds, counts, null);
  } else {
    countHitsIn(dataset, thresholds, counts, sequence);
    countSeqlets(dataset, thresholds, counts, sequence);
  }
  for (let m = 0; m < nMotifs; m++) {
    counts.nHits += counts.hits[m];
    if (counts.hits[m] > 0) counts.nMotifsWithHits++;
  }
  return counts;
}

function countHits(dataset: Dataset, { attribution: t, sign }: Thresholds, counts: Counts): void {
  const { offset, attribution } = dataset.hits;
  const { levelOffset, hitsUpToLevel } = dataset;
  const threshold = Math.fround(t);
  // a sequence counts once per motif: it is stamped with the motif that saw it last
  const lastSeen = new Uint32Array(dataset.manifest.n_sequences);
  for (let m = 0; m < counts.hits.length; m++) {
    const from = offset[m];
    const to = offset[m + 1];
    const cut = counts.levelCut[m];
    if (from === to || cut === 0) continue;
    counts.nMatches += hitsUpToLevel[levelOffset[m] + cut - 1];
    // the attributions of hits from..top are above, those of bottom..to below
    const top = sign === "-" ? from : endOfAbove(attribution, threshold, from, to);
    const bottom = sign === "+" ? to : startOfBelow(attribution, -threshold, from, to);
    const isPassingP = cut === levelOffset[m + 1] - levelOffset[m];
    if (isPassingP && sign !== "both") {
      counts.hits[m] = top - from + (to - bottom);
      counts.sequences[m] = sign === "+" ? dataset.sequencesDownTo(m, top) : dataset.sequencesUpTo(m, bottom);
    } else {
      countRun(dataset, counts, m, from, top, lastSeen);
      countRun(dataset, counts, m, bottom, to, lastSeen);
    }
  }
}

/** Counts those of the hits `from..to` of motif `m` whose p value passes. */
function countRun(
  dataset: Dataset,
  counts: Counts,
  m: number,
  from: number,
  to: number,
  lastSeen: Uint32Array,
): void {
  const { level, sequence } = dataset.hits;
  const cut = counts.levelCut[m];
  const stamp = m + 1;
  let hits = 0;
  let sequences = 0;
  for (let h = from; h < to; h++) {
    if (level[h] >= cut) continue;
    hits++;
    const s = sequence[h];
    if (lastSeen[s] !== stamp) {
      lastSeen[s] = stamp;
      sequences++;
    }
  }
  counts.hits[m] += hits;
  counts.sequences[m] += sequences;
}

function countHitsIn(
  dataset: Dataset,
  { attribution: t, sign }: Thresholds,
  counts: Counts,
  sequence: number,
): void {
  const { attribution, level } = dataset.hits;
  const { hitMotif } = dataset;
  const { offset, item } = dataset.hitsBySequence;
  const threshold = Math.fround(t);
  for (let i = offset[sequence]; i < offset[sequence + 1]; i++) {
    const h = item[i];
    const m = hitMotif[h];
    if (level[h] >= counts.levelCut[m]) continue;
    counts.nMatches++;
    if (!attributionPasses(attribution[h], threshold, sign)) continue;
    counts.hits[m]++;
    counts.sequences[m] = 1;
  }
}

function countSeqlets(
  dataset: Dataset,
  thresholds: Thresholds,
  counts: Counts,
  sequence: number | null,
): void {
  const index = sequence === null ? null : dataset.seqletsBySequence;
  const from = index ? index.offset[sequence!] : 0;
  const to = index ? index.offset[sequence! + 1] : dataset.manifest.n_seqlets;
  for (let i = from; i < to; i++) {
    const q = index ? index.item[i] : i;
    if (!seqletPasses(dataset, thresholds, q)) continue;
    counts.nSeqlets++;
    const m = seqletMotif(dataset, thresholds, q);
    if (m < 0) continue;
    counts.seqlets[m]++;
    counts.nAssigned++;
  }
}
