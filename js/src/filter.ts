// Which sequences a filter keeps: the same rules as the kernel's.
import type { Dataset } from "./dataset.ts";
import type { Traits } from "./wire.ts";

/** A lower-cased position or region as genome browsers write it, both ends counted from 1: here 0-based and half-open. */
export function readRegion(text: string): { chrom: string; start: number; end: number } | null {
  const found = /^(\S+):([\d,]+)(?:[-–]([\d,]+))?$/.exec(text.trim());
  if (!found) return null;
  const [start, end] = [found[2], found[3] ?? found[2]].map((place) => Number(place!.replaceAll(",", "")));
  return { chrom: found[1], start: start! - 1, end: end! };
}

/** 1 for each sequence that is kept: an index, a region that it overlaps, its chromosome, or part of its name. */
export function allowedSequences(dataset: Dataset, filter: Traits["sequence_filter"]): Uint8Array | null {
  if (filter === null || filter === "") return null;
  const { n_sequences: n, loci } = dataset.manifest;
  const allowed = new Uint8Array(n);
  if (typeof filter !== "string") {
    for (const sequence of filter) allowed[sequence] = 1;
    return allowed;
  }
  const text = filter.toLowerCase();
  const region = loci && readRegion(text);
  for (let s = 0; s < n; s++) {
    const chrom = loci?.chrom[s]?.toLowerCase();
    const isKept = region
      ? chrom === region.chrom && loci.start[s] < region.end && loci.end[s] > region.start
      : chrom === text || dataset.sequenceName(s).toLowerCase().includes(text);
    allowed[s] = Number(isKept);
  }
  return allowed;
}
