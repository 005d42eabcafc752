// Which sequences a filter keeps: the same rules as the kernel's.
import type { Dataset } from "./dataset.ts";
import type { Traits } from "./wire.ts";

const REGION = /^(\S+):([\d,]+)-([\d,]+)$/;
const place = (text: string): number => Number(text.replaceAll(",", ""));

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
  const region = loci && REGION.exec(text);
  for (let s = 0; s < n; s++) {
    const chrom = loci?.chrom[s]?.toLowerCase();
    const isKept = region
      ? chrom === region[1] && loci.start[s]! < place(region[3]!) && loci.end[s]! > place(region[2]!)
      : chrom === text || dataset.sequenceName(s).toLowerCase().includes(text);
    allowed[s] = Number(isKept);
  }
  return allowed;
}
