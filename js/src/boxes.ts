// What lies under a logo: seqlets and hits of one sequence as boxes in lanes, passing ones solid, others ghosted.
import { type Counts, hitPasses, seqletMotif, seqletPasses, type Thresholds } from "./counts.ts";
import type { Dataset } from "./dataset.ts";
import type { Families } from "./families.ts";
import { type Placement, packLanes } from "./lanes.ts";

export const SEQLET_LANES = 1;
export const HIT_LANES = 3;
const MIN_BOX_PX = 3;

export interface Box {
  kind: "seqlet" | "hit";
  /** Index of the seqlet or hit. */
  index: number;
  start: number;
  end: number;
  strand: number;
  /** The motif it counts for, -1 for none. */
  motif: number;
  label: string;
  passes: boolean;
  /** Place of its motif among the selected ones, -1 when not selected. */
  slot: number;
  /** Weaker hits of the same family on the same site, which this box stands for. */
  alike: number;
  placement: Placement;
}

export interface TrackBoxes {
  boxes: Box[];
  /** Passing hits for which no lane had room. */
  hidden: { start: number; end: number; hits: number }[];
  /** Passing items, shown or not. */
  nSeqlets: number;
  nHits: number;
}

type MeasureText = (text: string) => number;

type Unplaced = Omit<Box, "placement">;

/**
 * The boxes of a sequence at one zoom. Hits of selected motifs come first, then the strongest; look-alikes on the
 * same site, or motifs that are selected together, share the box of the strongest. Failing hits are shown only for selected motifs, where the question
 * "why not here?" arises.
 */
export function layoutBoxes(
  dataset: Dataset,
  counts: Counts,
  thresholds: Thresholds,
  sequence: number,
  slots: ReadonlyMap<number, number>,
  pxPerBase: number,
  measure: MeasureText,
  flipped = false,
): TrackBoxes {
  const seqlets = collectSeqlets(dataset, thresholds, sequence, slots);
  const hits = collectHits(dataset, counts, thresholds, sequence, slots);
  const hidden: TrackBoxes["hidden"] = [];
  const boxes = [
    ...place(seqlets, SEQLET_LANES, pxPerBase, measure, flipped, []),
    ...place(hits, HIT_LANES, pxPerBase, measure, flipped, hidden),
  ];
  const nPassing = (items: readonly Unplaced[]): number =>
    items.reduce((n, { passes, alike }) => n + (passes ? 1 + alike : 0), 0);
  return { boxes, hidden, nSeqlets: nPassing(seqlets), nHits: nPassing(hits) };
}

/** Where hits of a motif, or of ~family, count in a sequence, whether a lane has room for them or not. */
export function spansOf(
  dataset: Dataset,
  counts: Counts,
  thresholds: Thresholds,
  sequence: number,
  row: number,
): [number, number][] {
  const { motif, start } = dataset.hits;
  const { labels } = counts.grouping;
  const spans: [number, number][] = [];
  for (const h of dataset.strongestHits(sequence)) {
    const isOf = row < 0 ? labels[motif[h]] === ~row : motif[h] === row;
    if (isOf && hitPasses(dataset, counts, thresholds, h)) spans.push([start[h], dataset.hitEnd(h)]);
  }
  return spans;
}

function collectSeqlets(
  dataset: Dataset,
  thresholds: Thresholds,
  sequence: number,
  slots: ReadonlyMap<number, number>,
): Unplaced[] {
  const { start, end, strand } = dataset.seqlets;
  const passing: Unplaced[] = [];
  const failing: Unplaced[] = [];
  for (const q of dataset.seqletsOf(sequence)) {
    const passes = seqletPasses(dataset, thresholds, q);
    const motif = seqletMotif(dataset, thresholds, q);
    (passes ? passing : failing).push({
      kind: "seqlet",
      index: q,
      start: start[q],
      end: end[q],
      strand: motif < 0 ? 0 : strand[q],
      motif,
      label: !passes ? "" : motif < 0 ? "no match" : dataset.labelOf(motif),
      passes,
      slot: slots.get(motif) ?? -1,
      alike: 0,
    });
  }
  return [...passing, ...failing];
}

function collectHits(
  dataset: Dataset,
  counts: Counts,
  thresholds: Thresholds,
  sequence: number,
  slots: ReadonlyMap<number, number>,
): Unplaced[] {
  const chosen: Unplaced[] = [];
  const others: Unplaced[] = [];
  const ghosts: Unplaced[] = [];
  for (const h of dataset.strongestHits(sequence)) {
    const motif = dataset.hits.motif[h];
    const slot = slots.get(motif) ?? -1;
    const passes = hitPasses(dataset, counts, thresholds, h);
    if (!passes && slot < 0) continue;
    (!passes ? ghosts : slot < 0 ? others : chosen).push({
      kind: "hit",
      index: h,
      start: dataset.hits.start[h],
      end: dataset.hitEnd(h),
      strand: dataset.hits.strand[h],
      motif,
      label: passes ? dataset.labelOf(motif) : "",
      passes,
      slot,
      alike: 0,
    });
  }
  return [chosen, others, ghosts].flatMap((hits) => mergeAlike(counts.grouping, hits));
}

/** Keeps the strongest of the hits of one family or mark that overlap by half of the shorter one; counts the rest. */
function mergeAlike({ labels }: Families, hits: readonly Unplaced[]): Unplaced[] {
  const keptOf = new Map<number, Unplaced[]>();
  const all: Unplaced[] = [];
  for (const hit of hits) {
    const family = hit.slot < 0 ? labels[hit.motif] : hit.slot;
    const kept = keptOf.get(family);
    const stronger = kept?.find((other) => overlapsByHalf(other, hit));
    if (stronger) {
      stronger.alike++;
      continue;
    }
    all.push(hit);
    if (kept) kept.push(hit);
    else keptOf.set(family, [hit]);
  }
  for (const hit of all) if (hit.alike > 0 && hit.passes) hit.label += ` +${hit.alike}`;
  return all;
}

function overlapsByHalf(a: Unplaced, b: Unplaced): boolean {
  const overlap = Math.min(a.end, b.end) - Math.max(a.start, b.start);
  return 2 * overlap >= Math.min(a.end - a.start, b.end - b.start);
}

function place(
  items: readonly Unplaced[],
  nLanes: number,
  pxPerBase: number,
  measure: MeasureText,
  flipped: boolean,
  hidden: TrackBoxes["hidden"],
): Box[] {
  const placements = packLanes(
    items.map(({ start, end, label, slot }) => {
      const left = (flipped ? -end : start) * pxPerBase;
      return {
        left,
        right: left + Math.max((end - start) * pxPerBase, MIN_BOX_PX),
        label: label === "" ? 0 : measure(label) + (slot >= 0 ? 11 : 0),
      };
    }),
    nLanes,
  );
  const boxes: Box[] = [];
  items.forEach((item, i) => {
    const placement = placements[i];
    if (placement) boxes.push({ ...item, placement });
    else if (item.passes) hidden.push({ start: item.start, end: item.end, hits: 1 + item.alike });
  });
  return boxes;
}
