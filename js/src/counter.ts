// The loops over hits, which must run within a frame: which pass, and how many there are of each group of motifs.
//
// They are made once for a data set, around its arrays: a JavaScript engine compiles loops over arrays that never change
// three times as well as over arrays that are handed in. They have no branches: which hits pass is as good as random.
import type { Thresholds } from "./counts.ts";
import type { Dataset } from "./dataset.ts";
import type { CountMode } from "./wire.ts";

type Condition = "attribution" | "p" | "window" | "sequences";
const CONDITIONS: readonly Condition[] = ["sequences", "window", "p", "attribution"];

/** 1 or 0. */
const bit = (condition: boolean): number => (condition as unknown as number) | 0;

/** How many hits pass, and how many pass all but the attribution. */
interface Selected {
  nHits: number;
  nMatches: number;
}

export interface Counter {
  /** Finds the hits that pass; returns how many, and how many pass all but the attribution. */
  select(thresholds: Thresholds, levelCut: Uint32Array): Selected;
  /** What was found last. */
  readonly selected: Selected | null;
  /** Adds up what the mode counts, and sequences, for the group of each motif, over the hits selected last. */
  tally(
    groupOf: Uint32Array,
    mode: CountMode,
    isFamily: boolean,
    count: Float64Array,
    sequences: Float64Array,
  ): void;
}

/** While the hits are on their way. The loops are not made for them: engines compile best what is made once. */
export const NO_HITS: Counter = {
  select: () => ({ nHits: 0, nMatches: 0 }),
  selected: null,
  tally() {},
};

export function makeCounter(dataset: Dataset): Counter {
  const { attribution, motif, level, start, sequence, offset } = dataset.hits;
  const { motifWidth: width, manifest } = dataset;
  const n = offset.at(-1)!;
  const nMotifs = width.length;
  /** Of the conditions that do not move: 1 for hits that pass them all, 2 for those that pass all but the attribution. */
  const rest = new Uint8Array(n);
  const passing = new Uint32Array(n + 1);
  const cut = new Uint32Array(nMotifs);
  const isCounted = new Uint8Array(offset.length);
  const group = new Uint32Array(nMotifs);
  const end = Uint32Array.from(start, (from, h) => from + width[motif[h]]);
  /** Where hits begin on one line, on which what is farther apart than hits reach is drawn together. */
  const place = new Int32Array(n);
  /** Hits at the same place, which are neighbours, have the same number. */
  const placeNumber = new Int32Array(n);
  const widest = width.reduce((a, b) => Math.max(a, b), 1);
  for (let h = 1; h < n; h++) {
    const isApart = sequence[h] !== sequence[h - 1];
    const step = isApart ? widest : Math.min(start[h] - start[h - 1], widest);
    place[h] = place[h - 1] + step;
    placeNumber[h] = placeNumber[h - 1] + (bit(step > 0) | bit(width[motif[h]] !== width[motif[h - 1]]));
  }
  // what is known of each group from the hits before
  const reachOf = new Int32Array(nMotifs);
  const last = new Int32Array(nMotifs);
  const lastSequence = new Int32Array(nMotifs);
  const nSequences = new Int32Array(nMotifs);
  const total = new Float64Array(nMotifs);
  const strongest = new Float64Array(nMotifs);
  let nPassing = 0;
  let nMatches = 0;
  let selected: Selected | null = null;

  // -- which pass ---------------------------------------------------------------------------------------------

  const markMatches = (): void => {
    for (let h = 0; h < n; h++) rest[h] &= (level[h] - cut[motif[h]]) >> 31;
  };
  const markBeyond = (low: number, high: number): void => {
    for (let h = 0; h < n; h++) rest[h] &= 2 | bit(attribution[h] > high) | bit(attribution[h] < low);
  };
  const markInside = (left: number, right: number): void => {
    for (let h = 0; h < n; h++) rest[h] &= ~(((start[h] - left) | (right - end[h])) >> 31);
  };
  const markCounted = (): void => {
    for (let h = 0; h < n; h++) rest[h] &= -isCounted[sequence[h]];
  };
  const countMatches = (): void => {
    nMatches = 0;
    for (let h = 0; h < n; h++) nMatches += rest[h] >> 1;
  };
  const keepMatches = (): void => {
    let [k, m] = [0, 0];
    for (let h = 0; h < n; h++) {
      const passes = rest[h] & ((level[h] - cut[motif[h]]) >> 31);
      passing[k] = h;
      k += passes & 1;
      m += passes >> 1;
    }
    [nPassing, nMatches] = [k, m];
  };
  const keepBeyond = (low: number, high: number): void => {
    let k = 0;
    for (let h = 0; h < n; h++) {
      passing[k] = h;
      k += rest[h] & (bit(attribution[h] > high) | bit(attribution[h] < low));
    }
    nPassing = k;
  };
  const keepInside = (left: number, right: number): void => {
    let [k, m] = [0, 0];
    for (let h = 0; h < n; h++) {
      const passes = rest[h] & ~(((start[h] - left) | (right - end[h])) >> 31);
      passing[k] = h;
      k += passes & 1;
      m += passes >> 1;
    }
    [nPassing, nMatches] = [k, m];
  };

  let before: Record<Condition, readonly unknown[]> | undefined;
  /** Which condition is not in `rest`, and for which of the others it is. */
  let marked: { but: Condition; of: Record<Condition, readonly unknown[]> } | undefined;

  const select: Counter["select"] = (thresholds, levelCut) => {
    const { sign, window, allowed } = thresholds;
    const limit = Math.fround(thresholds.attribution);
    const [low, high] = [sign === "+" ? -Infinity : -limit, sign === "-" ? Infinity : limit];
    const [left, right] = window ?? [0, manifest.length];
    cut.set(levelCut);
    if (allowed) isCounted.set(allowed);
    const now = {
      attribution: [low, high],
      p: [thresholds.fimoP],
      window: [left, right],
      sequences: [allowed],
    };
    const moved = CONDITIONS.filter((condition) => !before || !isSame(before[condition], now[condition]));
    if (selected && moved.length === 0) return selected;
    before = now;
    const but = moved.length === 1 && moved[0] !== "sequences" ? moved[0] : "attribution";
    const others = CONDITIONS.filter((condition) => condition !== but);
    if (marked?.but !== but || others.some((condition) => !isSame(marked!.of[condition], now[condition]))) {
      rest.fill(3);
      if (but !== "p") markMatches();
      if (but !== "attribution") markBeyond(low, high);
      if (but !== "window" && window) markInside(left, right);
      if (allowed) markCounted();
      if (but === "attribution") countMatches();
      marked = { but, of: now };
    }
    if (but === "p") keepMatches();
    else if (but === "window") keepInside(left, right);
    else keepBeyond(low, high);
    nWon = -1;
    selected = { nHits: nPassing, nMatches };
    return selected;
  };

  // -- how many of each group ---------------------------------------------------------------------------------

  // in one pass with the sequences, as what takes time is to look up where a hit belongs
  const countSequences = (): void => {
    for (let i = 0; i < nPassing; i++) {
      const h = passing[i];
      const g = group[motif[h]];
      const s = sequence[h];
      nSequences[g] += bit(lastSequence[g] !== s);
      lastSequence[g] = s;
    }
  };
  const countHits = (): void => {
    for (let i = 0; i < nPassing; i++) {
      const h = passing[i];
      const g = group[motif[h]];
      const s = sequence[h];
      nSequences[g] += bit(lastSequence[g] !== s);
      lastSequence[g] = s;
      total[g]++;
    }
  };
  /** Different places: those of look-alikes are neighbours, because hits are sorted by start, then by width. */
  const countPlaces = (): void => {
    for (let i = 0; i < nPassing; i++) {
      const h = passing[i];
      const g = group[motif[h]];
      const s = sequence[h];
      nSequences[g] += bit(lastSequence[g] !== s);
      lastSequence[g] = s;
      const at = placeNumber[h];
      total[g] += bit(last[g] !== at);
      last[g] = at;
    }
  };
  /** Runs of hits each of which overlaps the run before it. */
  const countSites = (): void => {
    for (let i = 0; i < nPassing; i++) {
      const h = passing[i];
      const m = motif[h];
      const g = group[m];
      const s = sequence[h];
      nSequences[g] += bit(lastSequence[g] !== s);
      lastSequence[g] = s;
      const at = place[h];
      const reach = reachOf[g];
      total[g] += bit(at >= reach);
      reachOf[g] = Math.max(reach, at + width[m]);
    }
  };
  /** The largest |attribution| of each site, in whole units, whose sums are exact in any order. */
  const addStrongest = (unit: number): void => {
    for (let i = 0; i < nPassing; i++) {
      const h = passing[i];
      const m = motif[h];
      const g = group[m];
      const s = sequence[h];
      nSequences[g] += bit(lastSequence[g] !== s);
      lastSequence[g] = s;
      const at = place[h];
      const reach = reachOf[g];
      const known = strongest[g] * bit(at < reach);
      const most = Math.max(known, Math.floor(Math.abs(attribution[h]) / unit + 0.5));
      total[g] += most - known;
      strongest[g] = most;
      reachOf[g] = Math.max(reach, at + width[m]);
    }
    for (let g = 0; g < nMotifs; g++) total[g] *= unit;
  };

  // -- each position to one hit -------------------------------------------------------------------------------

  const passes = new Uint8Array(n);
  const candidates = new Uint32Array(n + 1);
  /** A bit for each position of a sequence that a winner has. */
  const taken = new Int32Array((manifest.length >> 5) + 2);
  let byStrength: Uint32Array | undefined;
  let nWon = -1;

  /** Strongest first, a hit wins that overlaps no winner; those that win are then the first of the candidates. */
  const findWinners = (): void => {
    byStrength ??= dataset.byStrength;
    const order = byStrength;
    passes.fill(0);
    for (let i = 0; i < nPassing; i++) passes[passing[i]] = 1;
    let k = 0;
    for (let i = 0; i < n; i++) {
      candidates[k] = order[i];
      k += passes[order[i]];
    }
    nWon = 0;
    let s = -1;
    for (let i = 0; i < k; i++) {
      const h: number = candidates[i];
      if (sequence[h] !== s) {
        s = sequence[h];
        taken.fill(0);
      }
      const from = start[h];
      const to = from + width[motif[h]] - 1;
      const [first, end] = [from >> 5, to >> 5];
      let left = -1 << (from & 31);
      const right = -1 >>> (31 - (to & 31));
      if (first === end) left &= right;
      let isTaken = taken[first] & left;
      if (first !== end) {
        isTaken |= taken[end] & right;
        for (let word = first + 1; word < end; word++) isTaken |= taken[word];
      }
      if (isTaken !== 0) continue;
      taken[first] |= left;
      if (first !== end) {
        taken[end] |= right;
        for (let word = first + 1; word < end; word++) taken[word] = -1;
      }
      candidates[nWon++] = h;
    }
  };
  const countWinners = (): void => {
    if (nWon < 0) findWinners();
    for (let i = 0; i < nWon; i++) total[group[motif[candidates[i]]]]++;
  };

  const tally: Counter["tally"] = (groupOf, mode, isFamily, count, sequences) => {
    group.set(groupOf);
    for (const known of [total, nSequences, reachOf]) known.fill(0);
    for (const known of [last, lastSequence]) known.fill(-1);
    if (mode === "sites") countSites();
    else if (mode === "explained") addStrongest(manifest.unit);
    else if (mode === "hits" && isFamily) countPlaces();
    else if (mode === "hits") countHits();
    else countSequences();
    if (mode === "exclusive") countWinners();
    sequences.set(nSequences.subarray(0, sequences.length));
    if (mode === "sequences") total.set(nSequences);
    count.set(total.subarray(0, count.length));
  };
  return {
    select,
    tally,
    get selected() {
      return selected;
    },
  };
}

const isSame = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.every((value, i) => Object.is(value, b[i]));
