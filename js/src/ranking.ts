// In which order the sequences are paged through.
import { attributionPasses, type Counts, hitPasses, seqletPasses, type Thresholds } from "./counts.ts";
import type { Dataset } from "./dataset.ts";

export type SequenceOrder = "seqlets" | "hits" | "selected" | "file";

/** Sequences, those with the most of what `order` names first; ties in file order. */
export function rankSequences(
  dataset: Dataset,
  counts: Counts,
  thresholds: Thresholds,
  order: SequenceOrder,
  selected: readonly number[],
): number[] {
  const { n_sequences: n, tracks } = dataset.manifest;
  const sequences = tracks ? [...tracks].sort((a, b) => a - b) : Array.from({ length: n }, (_, s) => s);
  if (order === "file") return sequences;
  const weight = new Float64Array(n);
  if (order === "seqlets") addSeqlets(dataset, thresholds, weight);
  else if (order === "selected") addHits(dataset, counts, thresholds, selected, weight);
  else addHits(dataset, counts, thresholds, dataset.manifest.motif_names.keys(), weight);
  return sequences.sort((a, b) => weight[b] - weight[a] || a - b);
}

function addSeqlets(dataset: Dataset, thresholds: Thresholds, weight: Float64Array): void {
  const { sequence, attribution } = dataset.seqlets;
  for (let q = 0; q < sequence.length; q++) {
    if (seqletPasses(dataset, thresholds, q)) weight[sequence[q]] += Math.abs(attribution[q]);
  }
}

function addHits(
  dataset: Dataset,
  counts: Counts,
  thresholds: Thresholds,
  motifs: Iterable<number>,
  weight: Float64Array,
): void {
  const { offset, sequence, attribution, level } = dataset.hits;
  const threshold = Math.fround(thresholds.attribution);
  for (const m of motifs) {
    for (let h = offset[m]; h < offset[m + 1]; h++) {
      if (level[h] < counts.levelCut[m] && attributionPasses(attribution[h], threshold, thresholds.sign)) {
        weight[sequence[h]]++;
      }
    }
  }
}

/** The next or previous passing site in a sequence, by its middle; sites of the selected motifs if any are. */
export function nextSite(
  dataset: Dataset,
  counts: Counts,
  thresholds: Thresholds,
  sequence: number,
  selected: ReadonlySet<number>,
  from: number,
  direction: 1 | -1,
): { start: number; end: number } | null {
  let best: { start: number; end: number } | null = null;
  let nearest = Number.POSITIVE_INFINITY;
  const consider = (start: number, end: number): void => {
    const distance = ((start + end) / 2 - from) * direction;
    if (distance > 0.5 && distance < nearest) {
      nearest = distance;
      best = { start, end };
    }
  };
  for (const h of dataset.strongestHits(sequence)) {
    if (selected.size > 0 && !selected.has(dataset.hitMotif[h])) continue;
    if (hitPasses(dataset, counts, thresholds, h)) consider(dataset.hits.start[h], dataset.hitEnd(h));
  }
  if (selected.size === 0) {
    const { offset, item } = dataset.seqletsBySequence;
    for (let i = offset[sequence]; i < offset[sequence + 1]; i++) {
      const q = item[i];
      if (seqletPasses(dataset, thresholds, q)) consider(dataset.seqlets.start[q], dataset.seqlets.end[q]);
    }
  }
  return best;
}
