// In which order the sequences are paged through.
import { type Counts, hitPasses, seqletPasses, type Thresholds } from "./counts.ts";
import type { Dataset } from "./dataset.ts";
import { isUnexplained } from "./unexplained.ts";
import type { SequenceOrder } from "./wire.ts";

/**
 * What one jumps between: sites that count, of the marked motifs if there are any; seqlets without a motif; or what
 * was picked in a chart.
 */
export type SiteKind = "sites" | "unexplained" | "picked";

/** The sequences that can be shown, in file order: that are in the page, and that the filter keeps. */
export function offeredSequences(
  { manifest: { n_sequences: n, tracks } }: Dataset,
  allowed: Uint8Array | null,
): number[] {
  const all = tracks ? [...tracks].sort((a, b) => a - b) : Array.from({ length: n }, (_, s) => s);
  return allowed ? all.filter((s) => allowed[s]) : all;
}

/** Sequences, those with the most of what `order` names first; ties in file order. */
export function rankSequences(
  dataset: Dataset,
  counts: Counts,
  thresholds: Thresholds,
  order: SequenceOrder,
  selected: readonly number[],
): number[] {
  const sequences = offeredSequences(dataset, thresholds.allowed);
  if (order === "file") return sequences;
  const weight = new Float64Array(dataset.manifest.n_sequences);
  if (order === "seqlets") addSeqlets(dataset, weight, (q) => seqletPasses(dataset, thresholds, q));
  else if (order === "unexplained")
    addSeqlets(dataset, weight, (q) => isUnexplained(dataset, counts, thresholds, q));
  else addHits(dataset, counts, thresholds, order === "selected" ? new Set(selected) : null, weight);
  return sequences.sort((a, b) => weight[b] - weight[a]);
}

function addSeqlets(dataset: Dataset, weight: Float64Array, counts: (seqlet: number) => boolean): void {
  const { sequence, attribution } = dataset.seqlets;
  for (let q = 0; q < sequence.length; q++) {
    if (counts(q)) weight[sequence[q]] += Math.abs(attribution[q]);
  }
}

function addHits(
  dataset: Dataset,
  counts: Counts,
  thresholds: Thresholds,
  motifs: ReadonlySet<number> | null,
  weight: Float64Array,
): void {
  const { motif, sequence, offset } = dataset.hits;
  for (let h = 0; h < offset.at(-1)!; h++) {
    if ((!motifs || motifs.has(motif[h])) && hitPasses(dataset, counts, thresholds, h)) weight[sequence[h]]++;
  }
}

/** Some bases of a sequence. */
export interface Place {
  sequence: number;
  start: number;
  end: number;
}

interface SiteSearch {
  dataset: Dataset;
  counts: Counts;
  thresholds: Thresholds;
  kind: SiteKind;
  picked: readonly Place[];
  selected: ReadonlySet<number>;
  sequence: number;
  /** Sites are told apart by their middle; the one at this base is not found again. */
  from: number;
  direction: 1 | -1;
}

/** The next or previous site in a sequence. */
export function nextSite(search: SiteSearch): { start: number; end: number } | null {
  const { dataset, counts, thresholds, kind, picked, selected, sequence, from, direction } = search;
  let best: { start: number; end: number } | null = null;
  let nearest = Number.POSITIVE_INFINITY;
  const consider = (start: number, end: number): void => {
    const distance = (Math.floor((start + end) / 2) - from) * direction;
    if (distance > 0 && distance < nearest) {
      nearest = distance;
      best = { start, end };
    }
  };
  if (kind === "picked") {
    for (const site of picked) if (site.sequence === sequence) consider(site.start, site.end);
    return best;
  }
  for (const q of dataset.seqletsOf(sequence)) {
    const isWanted =
      kind === "unexplained"
        ? isUnexplained(dataset, counts, thresholds, q)
        : selected.size === 0 && seqletPasses(dataset, thresholds, q);
    if (isWanted) consider(dataset.seqlets.start[q], dataset.seqlets.end[q]);
  }
  if (kind === "unexplained") return best;
  for (const h of dataset.strongestHits(sequence)) {
    if (selected.size > 0 && !selected.has(dataset.hits.motif[h])) continue;
    if (hitPasses(dataset, counts, thresholds, h)) consider(dataset.hits.start[h], dataset.hitEnd(h));
  }
  return best;
}
