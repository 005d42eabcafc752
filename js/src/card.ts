// The card of one motif: what the browser knows of it, and what the kernel adds.
import { type Counts, hitPasses, type Thresholds } from "./counts.ts";
import type { Dataset } from "./dataset.ts";
import { toTyped } from "./decode.ts";
import type { Reply } from "./host.ts";
import type { TrackData } from "./tracks.ts";

/** One site of the motif with its surroundings. */
export interface Example {
  quantile: number;
  sequence: number;
  start: number;
  end: number;
  strand: number;
  attribution: number;
  window: TrackData;
}

/** What takes the attributions of every sequence to know. */
export interface Contributions {
  nSites: number;
  /** Between the letters' heights in the logo of the attributions and in that of the database. */
  cosine: number | null;
  /** Mean attribution per base, as the logo of a track whose every letter is full. */
  weights: TrackData;
  /** Bases on each side of an example. */
  flank: number;
  examples: Example[];
}

/** A code that is no base: in a mean every letter is as real as the others. */
const MEAN = 5;

export function decodeCard({ message, buffers }: Reply, width: number): Contributions {
  const [cwm, codes, observed] = buffers;
  const flank = Number(message.flank);
  const span = width + 2 * flank;
  const weights = toTyped("f32", cwm!);
  const bases = toTyped("u8", codes!);
  const values = toTyped("f32", observed!);
  const rows = message.examples as (Omit<Example, "window" | "sequence"> & { sequence_idx: number })[];
  return {
    nSites: Number(message.n_sites),
    cosine: message.cosine as number | null,
    weights: {
      codes: new Uint8Array(width).fill(MEAN),
      observed: new Float32Array(width),
      hypothetical: weights,
    },
    flank,
    examples: rows.map(({ sequence_idx, ...row }, i) => ({
      ...row,
      sequence: sequence_idx,
      window: {
        codes: bases.subarray(i * span, (i + 1) * span),
        observed: values.subarray(i * span, (i + 1) * span),
        hypothetical: null,
      },
    })),
  };
}

/** Per bin, the motif's hits whose p value passes, and those of them that count. */
interface Bins {
  all: Uint32Array;
  passing: Uint32Array;
}

function binned(
  dataset: Dataset,
  counts: Counts,
  thresholds: Thresholds,
  motif: number,
  nBins: number,
  binOf: (hit: number) => number,
): Bins {
  const all = new Uint32Array(nBins);
  const passing = new Uint32Array(nBins);
  for (const h of dataset.hitsOf(motif)) {
    if (dataset.hits.level[h] >= counts.levelCut[motif]) continue;
    const bin = Math.min(nBins - 1, Math.floor(binOf(h)));
    all[bin]++;
    if (hitPasses(dataset, counts, thresholds, h)) passing[bin]++;
  }
  return { all, passing };
}

/** The motif's hits by attribution, in `nBins` equal steps from the least to the greatest, 0 at a step. */
export function attributionBins(
  dataset: Dataset,
  counts: Counts,
  thresholds: Thresholds,
  motif: number,
  nBins: number,
): Bins & { from: number; step: number } {
  const { attribution } = dataset.hits;
  let [low, high] = [0, 0];
  for (const h of dataset.hitsOf(motif)) {
    low = Math.min(low, attribution[h]);
    high = Math.max(high, attribution[h]);
  }
  const step = (high - low) / (nBins - 1) || 1;
  const from = Math.floor(low / step) * step;
  const binOf = (h: number): number => (attribution[h] - from) / step;
  return { from, step, ...binned(dataset, counts, thresholds, motif, nBins, binOf) };
}

/** Where in the sequences the motif's hits lie: those that count, and all that match. */
export function positionBins(
  dataset: Dataset,
  counts: Counts,
  thresholds: Thresholds,
  motif: number,
  nBins: number,
): Bins {
  const half = dataset.motifWidth[motif] / 2;
  const binOf = (h: number): number => ((dataset.hits.start[h] + half) / dataset.manifest.length) * nBins;
  return binned(dataset, counts, thresholds, motif, nBins, binOf);
}
