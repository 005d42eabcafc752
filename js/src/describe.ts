// In words: what is at one base, which hits and seqlets claim it, and why one was not counted.

import { type Counts, hitPasses, isInside, seqletMotif, seqletPasses, type Thresholds } from "./counts.ts";
import type { Dataset } from "./dataset.ts";
import { readRegion } from "./filter.ts";
import { pValue, threshold, whole } from "./format.ts";
import type { Place } from "./ranking.ts";
import type { CountMode } from "./wire.ts";

export interface Claim {
  kind: "seqlet" | "hit";
  motif: number;
  name: string;
  strand: number;
  attribution: number;
  p: number;
  /** Why it does not count; empty when it does. */
  reason: string;
}

interface Claims {
  claims: Claim[];
  /** How many more there are. */
  more: number;
}

const SHOWN = 7;

/** Seqlets first, then hits; those that count before those that do not, the strongest first. */
export function claimsAt(
  dataset: Dataset,
  counts: Counts,
  thresholds: Thresholds,
  sequence: number,
  base: number,
  selected: ReadonlySet<number>,
  mode: CountMode,
): Claims {
  const seqlets: Claim[] = [];
  const passing: Claim[] = [];
  const failing: Claim[] = [];
  for (const q of dataset.seqletsOf(sequence)) {
    if (base < dataset.seqlets.start[q] || base >= dataset.seqlets.end[q]) continue;
    const passes = seqletPasses(dataset, thresholds, q);
    const motif = passes ? seqletMotif(dataset, thresholds, q) : -1;
    const best = dataset.seqlets.motif[q];
    seqlets.push({
      kind: "seqlet",
      motif,
      name: best < 0 ? "no match" : dataset.labelOf(best),
      strand: best < 0 ? 0 : dataset.seqlets.strand[q],
      attribution: dataset.seqlets.attribution[q],
      p: dataset.seqlets.p[q],
      reason: passes ? whyNotAssigned(dataset, thresholds, q) : whyNotSeqlet(dataset, thresholds, q),
    });
  }
  const own = dataset.strongestHits(sequence).filter((h) => hitPasses(dataset, counts, thresholds, h));
  for (const h of dataset.strongestHits(sequence)) {
    if (base < dataset.hits.start[h] || base >= dataset.hitEnd(h)) continue;
    const passes = own.includes(h);
    const motif = dataset.hits.motif[h];
    (passes ? passing : failing).push({
      kind: "hit",
      motif,
      name: dataset.labelOf(motif),
      strand: dataset.hits.strand[h],
      attribution: dataset.hits.attribution[h],
      p: dataset.hitP(h),
      reason: passes ? whyNotCounted(dataset, counts, own, h, mode) : whyNotHit(dataset, thresholds, h),
    });
  }
  // what loses its site to another one last
  const first = (claim: Claim): number => (claim.reason ? 2 : 0) + (selected.has(claim.motif) ? 0 : 1);
  passing.sort((a, b) => first(a) - first(b));
  failing.sort((a, b) => first(a) - first(b));
  const all = [...seqlets, ...passing, ...failing];
  return { claims: all.slice(0, SHOWN), more: Math.max(0, all.length - SHOWN) };
}

const overlap = (dataset: Dataset, a: number, b: number): boolean =>
  dataset.hits.start[a] < dataset.hitEnd(b) && dataset.hits.start[b] < dataset.hitEnd(a);

/** To which hit one loses that passes the thresholds; `own` are all that do in its sequence, the strongest first. */
export function whyNotCounted(
  dataset: Dataset,
  { grouping: { labels } }: Counts,
  own: Uint32Array,
  hit: number,
  mode: CountMode,
): string {
  const nameOf = (h: number): string => dataset.manifest.motif_names[dataset.hits.motif[h]];
  if (mode === "exclusive") {
    const { offset, sequence } = dataset.hits;
    const s = sequence[hit];
    const passing = new Set(own);
    const won: number[] = [];
    // as they are counted: in this order a hit wins that overlaps no winner
    for (const h of dataset.byStrength.subarray(offset[s], offset[s + 1])) {
      if (!passing.has(h)) continue;
      const winner = won.find((other) => overlap(dataset, h, other));
      if (h === hit) return winner === undefined ? "" : `lost to ${nameOf(winner)}`;
      if (winner === undefined) won.push(h);
    }
  } else if (mode === "sites" || mode === "explained") {
    const family = labels[dataset.hits.motif[hit]];
    const stronger = own
      .subarray(0, own.indexOf(hit))
      .find((h) => labels[dataset.hits.motif[h]] === family && overlap(dataset, h, hit));
    if (stronger !== undefined) return `one site with ${nameOf(stronger)}`;
  }
  return "";
}

function whyNotHit(dataset: Dataset, thresholds: Thresholds, hit: number): string {
  const { attribution: limit, fimoP, sign } = thresholds;
  const { sequence, start } = dataset.hits;
  if (!isInside(thresholds, sequence[hit], start[hit], dataset.hitEnd(hit)))
    return "outside of where is counted";
  if (!(dataset.hitP(hit) < fimoP)) return `p is not below ${threshold(fimoP)}`;
  const text = threshold(limit);
  if (sign === "both") return `size is not above ${text}`;
  return sign === "+" ? `attribution is not above ${text}` : `attribution is not below −${text}`;
}

function whyNotSeqlet(dataset: Dataset, thresholds: Thresholds, seqlet: number): string {
  const { seqletP, sign } = thresholds;
  const { sequence, start, end } = dataset.seqlets;
  if (!isInside(thresholds, sequence[seqlet], start[seqlet], end[seqlet]))
    return "outside of where is counted";
  if (!(dataset.seqlets.p[seqlet] < seqletP)) return `p is not below ${threshold(seqletP)}`;
  return sign === "+" ? "attribution is not positive" : "attribution is not negative";
}

function whyNotAssigned(dataset: Dataset, thresholds: Thresholds, seqlet: number): string {
  if (seqletMotif(dataset, thresholds, seqlet) >= 0) return "";
  if (dataset.seqlets.motif[seqlet] < 0) return "counts, but no motif matches";
  return `counts, but its match has TOMTOM p ${pValue(dataset.seqlets.tomtomP[seqlet])}, not below ${threshold(thresholds.tomtomP)}`;
}

/** The coordinate of base 0 in the ruler: one sequence has one place in the genome, several share positions. */
export function rulerOrigin({ manifest: { loci } }: Dataset, sequences: readonly number[]): number {
  return sequences.length === 1 && loci ? loci.start[sequences[0]] + 1 : 0;
}

/** Coordinates in the genome where they are known, counted from 1 as genome browsers do; else in the sequence. */
export function intervalText(dataset: Dataset, sequence: number, start: number, end: number): string {
  const { loci } = dataset.manifest;
  if (!loci) return `${whole(start)}–${whole(end)}`;
  const origin = loci.start[sequence];
  return `${loci.chrom[sequence]}:${whole(origin + start + 1)}–${whole(origin + end)}`;
}

export function positionText(dataset: Dataset, sequence: number, base: number): string {
  const { loci } = dataset.manifest;
  return loci
    ? `${loci.chrom[sequence]}:${whole(loci.start[sequence] + base + 1)}`
    : `position ${whole(base)}`;
}

/** What a user types to go somewhere: a name or an index, of no base in particular, or a place in the genome. */
export function findSequence(dataset: Dataset, text: string): Place | { problem: string } {
  const { manifest } = dataset;
  const wanted = text.trim();
  const lower = wanted.toLowerCase();
  const available = (sequence: number): boolean => manifest.tracks?.includes(sequence) ?? true;
  const region = readRegion(lower);
  if (region && manifest.loci) {
    const { chrom, start, end } = manifest.loci;
    const sequence = chrom.findIndex(
      (name, s) =>
        name.toLowerCase() === region.chrom && region.end > start[s] && region.start < end[s] && available(s),
    );
    if (sequence < 0) return { problem: `No sequence covers ${wanted}.` };
    const from = start[sequence];
    return { sequence, start: region.start - from, end: region.end - from };
  }
  const names = Array.from({ length: manifest.n_sequences }, (_, s) => dataset.sequenceName(s).toLowerCase());
  let sequence = names.indexOf(lower);
  if (sequence < 0 && /^\d+$/.test(wanted) && Number(wanted) < manifest.n_sequences)
    sequence = Number(wanted);
  if (sequence < 0) sequence = names.findIndex((name) => name.includes(lower));
  if (sequence < 0)
    return {
      problem: `No sequence "${wanted}": type a name, or a number up to ${manifest.n_sequences - 1}.`,
    };
  if (!available(sequence)) return { problem: `${dataset.sequenceName(sequence)} is not in this page.` };
  return { sequence, start: 0, end: 0 };
}
