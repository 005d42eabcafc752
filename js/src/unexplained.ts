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
  for (const h of dataset.strongestHits(sequence[seqlet])) {
    const overlap = Math.min(to, dataset.hitEnd(h)) - Math.max(from, dataset.hits.start[h]);
    if (2 * overlap >= to - from && hitPasses(dataset, counts, thresholds, h)) return false;
  }
  return true;
}
