// Seqlets that no motif explains: what the model uses and the database does not know.
import { type Counts, hitPasses, seqletMotif, seqletPasses, type Thresholds } from "./counts.ts";
import type { Dataset } from "./dataset.ts";

/** A seqlet that counts, has no match, and is not half covered by any hit that counts. */
export function isUnexplained(
  dataset: Dataset,
  counts: Counts,
  thresholds: Thresholds,
  seqlet: number,
): boolean {
  if (!seqletPasses(dataset, thresholds, seqlet) || seqletMotif(dataset, thresholds, seqlet) >= 0)
    return false;
  const { sequence, start, end } = dataset.seqlets;
  const [from, to] = [start[seqlet], end[seqlet]];
  return !dataset.someHitIn(sequence[seqlet], (h) => {
    const overlap = Math.min(to, dataset.hitEnd(h)) - Math.max(from, dataset.hits.start[h]);
    return 2 * overlap >= to - from && hitPasses(dataset, counts, thresholds, h);
  });
}

/** All of them in the sequences that can be shown; the strongest first. */
export function unexplainedSeqlets(dataset: Dataset, counts: Counts, thresholds: Thresholds): number[] {
  const { sequence, attribution } = dataset.seqlets;
  const { tracks } = dataset.manifest;
  const canShow = (s: number): boolean => tracks?.includes(s) ?? true;
  return [...sequence.keys()]
    .filter((q) => canShow(sequence[q]) && isUnexplained(dataset, counts, thresholds, q))
    .sort((a, b) => Math.abs(attribution[b]) - Math.abs(attribution[a]));
}
