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
  /** Whether the count is a sum of attributions, of which no number is one. */
  isSum: boolean;
}

export interface Counts {
  /** Counted when first asked for: the table shows families alone most of the time. */
  readonly motifs: Level;
  readonly families: Level;
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

/** Writes the count by chance into a level, where it is known. */
export type AddExpected = (level: Level, isFamily: boolean) => void;

/** Index of the first element of ascending `values[from..to)` that is not below `x`. */
export function lowerBound(values: ArrayLike<number>, x: number, from: number, to: number): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle] < x) low = middle + 1;
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

/** Counts of the hits that are here. */
export function count(
  dataset: Dataset,
  thresholds: Thresholds,
  grouping: Families,
  mode: CountMode = "hits",
  addExpected: AddExpected = () => {},
): Counts {
  const { counter } = dataset;
  const levelCut = dataset.levelCut(thresholds.fimoP);
  const selected = counter.select(thresholds, levelCut);
  const { seqlets, ...nSeqlets } = countSeqlets(dataset, thresholds);
  const levelOf = (isFamily: boolean): Level => {
    const level = emptyLevel(dataset, grouping, seqlets, isFamily);
    const groupOf = isFamily ? grouping.labels : dataset.everyMotif;
    // others may have been selected since
    if (counter.selected !== selected) counter.select(thresholds, levelCut);
    counter.tally(groupOf, mode, isFamily, level.count, level.sequences);
    addExpected(level, isFamily);
    return level;
  };
  const families = levelOf(true);
  let motifs: Level | undefined;
  return {
    get motifs() {
      motifs ??= levelOf(false);
      return motifs;
    },
    families,
    grouping,
    levelCut,
    ...selected,
    ...nSeqlets,
    isExact: true,
  };
}

/** What is known of motifs, or families, without hits. */
export function emptyLevel(
  { marginal, manifest }: Dataset,
  { labels, names }: Families,
  seqlets: Float64Array,
  isFamily: boolean,
): Level {
  const n = isFamily ? names.length : manifest.n_motifs;
  const level: Level = {
    count: new Float64Array(n),
    sequences: new Float64Array(n),
    seqlets: isFamily ? new Float64Array(n) : seqlets,
    marginal: isFamily ? new Float32Array(n).fill(Number.NaN) : marginal,
    members: new Float64Array(n).fill(isFamily ? 0 : 1),
    expected: new Float64Array(n).fill(Number.NaN),
    isSum: false,
  };
  if (!isFamily) return level;
  for (let m = 0; m < labels.length; m++) {
    const f = labels[m];
    level.members[f]++;
    level.seqlets[f] += seqlets[m];
    // of marginal effects a family has that of largest size
    const known = level.marginal[f];
    if (Number.isNaN(known) || Math.abs(marginal[m]) > Math.abs(known)) level.marginal[f] = marginal[m];
  }
  return level;
}

export function countSeqlets(
  dataset: Dataset,
  thresholds: Thresholds,
): { seqlets: Float64Array; nSeqlets: number; nAssigned: number } {
  const seqlets = new Float64Array(dataset.manifest.n_motifs);
  let [nSeqlets, nAssigned] = [0, 0];
  for (let q = 0; q < dataset.manifest.n_seqlets; q++) {
    if (!seqletPasses(dataset, thresholds, q)) continue;
    nSeqlets++;
    const m = seqletMotif(dataset, thresholds, q);
    if (m < 0) continue;
    seqlets[m]++;
    nAssigned++;
  }
  return { seqlets, nSeqlets, nAssigned };
}
