import { describe, expect, test } from "vitest";
import { HIT_LANES, layoutBoxes, spansOf } from "../src/boxes.ts";
import { count, hitPasses, seqletPasses } from "../src/counts.ts";
import { cutTree, itemsOf } from "../src/families.ts";
import { shortName } from "../src/names.ts";
import { nextSite, rankSequences } from "../src/ranking.ts";
import { isUnexplained, unexplainedSeqlets } from "../src/unexplained.ts";
import { byHand, oneOf, smallDataset, THRESHOLDS } from "./study.ts";

const dataset = smallDataset();
const thresholds = THRESHOLDS;
const families = cutTree(dataset, 0.7);
const counts = count(dataset, thresholds, families);
const measure = (text: string): number => 6 * text.length;
const SEQUENCE = 3;
const layout = (selected: number[] = [], pxPerBase = 2) =>
  layoutBoxes(
    dataset,
    counts,
    thresholds,
    SEQUENCE,
    new Map(selected.map((m, i) => [m, i])),
    pxPerBase,
    measure,
  );

test("an unexplained seqlet counts, has no motif, and no hit that counts covers half of it", () => {
  const { motif, tomtomP, sequence, start, end } = dataset.seqlets;
  let found = 0;
  for (let q = 0; q < dataset.manifest.n_seqlets; q++) {
    const isAlone = Array.from(dataset.strongestHits(sequence[q]!))
      .filter((h) => hitPasses(dataset, counts, thresholds, h))
      .every(
        (h) =>
          2 * (Math.min(end[q]!, dataset.hitEnd(h)) - Math.max(start[q]!, dataset.hits.start[h]!)) <
          end[q]! - start[q]!,
      );
    const hasMotif = motif[q]! >= 0 && tomtomP[q]! < thresholds.tomtomP;
    const expected = seqletPasses(dataset, thresholds, q) && !hasMotif && isAlone;
    expect(isUnexplained(dataset, counts, thresholds, q)).toBe(expected);
    if (expected) found++;
  }
  expect(found).toBeGreaterThan(0);
  const all = unexplainedSeqlets(dataset, counts, thresholds);
  expect(all).toHaveLength(found);
  const strength = all.map((q) => Math.abs(dataset.seqlets.attribution[q]!));
  expect(strength).toEqual([...strength].sort((a, b) => b - a));
  const s = sequence[all[0]!]!;
  expect(unexplainedSeqlets(dataset, counts, { ...thresholds, allowed: oneOf(s) })).toEqual(
    all.filter((q) => sequence[q] === s),
  );
});

describe("layoutBoxes", () => {
  test("every passing hit and seqlet is shown, merged or counted as hidden", () => {
    const own = count(dataset, { ...thresholds, allowed: oneOf(SEQUENCE) }, families);
    for (const px of [0.3, 2, 12]) {
      const { boxes, hidden, nHits, nSeqlets } = layout([], px);
      expect(nHits).toBe(own.nHits);
      expect(nSeqlets).toBe(own.nSeqlets);
      const shown = boxes.filter((box) => box.kind === "hit").reduce((n, box) => n + 1 + box.alike, 0);
      expect(shown + hidden.reduce((n, site) => n + site.hits, 0)).toBe(nHits);
    }
  });

  test("solid boxes are those that pass", () => {
    for (const box of layout([0, 1, 2], 20).boxes) {
      const passes =
        box.kind === "hit"
          ? hitPasses(dataset, counts, thresholds, box.index)
          : seqletPasses(dataset, thresholds, box.index);
      expect(box.passes).toBe(passes);
    }
  });

  test("failing hits appear as ghosts of selected motifs only", () => {
    expect(layout().boxes.some((box) => box.kind === "hit" && !box.passes)).toBe(false);
    const motif =
      dataset.hits.motif[
        [...dataset.strongestHits(SEQUENCE)].find((h) => !hitPasses(dataset, counts, thresholds, h))!
      ];
    const ghosts = layout([motif], 20).boxes.filter((box) => box.kind === "hit" && !box.passes);
    expect(ghosts.length).toBeGreaterThan(0);
    expect(ghosts.every((box) => box.motif === motif && box.slot === 0)).toBe(true);
  });

  test("hits of a selected motif get their places before stronger ones of others", () => {
    const passing = [...dataset.strongestHits(SEQUENCE)].filter((h) =>
      hitPasses(dataset, counts, thresholds, h),
    );
    const weakest = passing.at(-1)!;
    const motif = dataset.hits.motif[weakest];
    // so far out that three lanes cannot hold all
    const isShown = (selected: number[]): boolean =>
      layout(selected, 0.3).boxes.some((box) => box.kind === "hit" && box.index === weakest);
    expect(layout([], 0.3).hidden.length).toBeGreaterThan(0);
    expect(isShown([])).toBe(false);
    expect(isShown([motif])).toBe(true);
    expect(layout([motif]).boxes.every(({ placement }) => placement.lane < HIT_LANES)).toBe(true);
  });

  test("look-alikes that are marked together share a box, as those that are not do", () => {
    const hits = (slots: Map<number, number>) =>
      layoutBoxes(dataset, counts, thresholds, SEQUENCE, slots, 20, measure).boxes.filter(
        (box) => box.kind === "hit" && box.passes,
      );
    const merged = hits(new Map()).reduce((a, b) => (b.alike > a.alike ? b : a));
    expect(merged.alike).toBeGreaterThan(0);
    const family = families.labels[merged.motif];
    const together = new Map(
      [...families.labels.keys()].filter((m) => families.labels[m] === family).map((m) => [m, 0]),
    );
    const marked = hits(together).find(({ index }) => index === merged.index)!;
    expect(marked).toMatchObject({ slot: 0, alike: merged.alike, label: merged.label });
  });

  test("hits of a motif share a box from half of their width on", () => {
    const boxesAt = (start: number): number[][] => {
      const hits = [
        { start: 10, attribution: 0.5 },
        { start, attribution: 0.25 },
      ];
      const own = byHand({ widths: [8], hits });
      const all = count(own, thresholds, cutTree(own, 1));
      const { boxes } = layoutBoxes(own, all, thresholds, 0, new Map(), 2, measure);
      return boxes.map((box) => [box.start, box.alike]);
    };
    expect(boxesAt(14)).toEqual([[10, 1]]);
    expect(boxesAt(15)).toEqual([
      [10, 0],
      [15, 0],
    ]);
  });

  test("a box stands for all the look-alikes on its site, and each site has its own", () => {
    const own = byHand({
      widths: [8],
      hits: [10, 30, 11, 31, 32].map((start, i) => ({ start, attribution: 0.75 - i / 8 })),
    });
    const all = count(own, thresholds, cutTree(own, 1));
    const { boxes } = layoutBoxes(own, all, thresholds, 0, new Map(), 20, measure);
    expect(boxes.map((box) => [box.start, box.alike, box.label.replace(/^\S+/, "")])).toEqual([
      [10, 1, " +1"],
      [30, 2, " +2"],
    ]);
  });

  test("motifs that are marked each for itself have boxes of their own on one site, and those that fail no label", () => {
    const own = byHand({
      widths: [8, 8],
      hits: [
        { motif: 0, start: 10, attribution: 0.5 },
        { motif: 1, start: 10, attribution: 0.25 },
        { motif: 1, start: 60, attribution: 0.001 },
      ],
    });
    const all = count(own, thresholds, cutTree(own, 1));
    const slots = [
      [0, 1],
      [1, 0],
    ].map((places) => new Map(places.map((slot, motif) => [motif, slot])));
    for (const marked of slots) {
      const { boxes } = layoutBoxes(own, all, thresholds, 0, marked, 2, measure);
      expect(boxes.map((box) => [box.motif, box.slot, box.alike, box.placement])).toEqual([
        [0, marked.get(0), 0, { lane: 0, label: "beside" }],
        [1, marked.get(1), 0, { lane: 1, label: "beside" }],
        [1, marked.get(1), 0, { lane: 0, label: "none" }],
      ]);
    }
  });

  test("labels lie to the right of their boxes on the screen, also on the other strand", () => {
    const own = byHand({
      widths: [8, 8],
      hits: [
        { motif: 0, start: 10, attribution: 0.5 },
        { motif: 1, start: 40, attribution: 0.25 },
      ],
      manifest: { motif_names: ["GATAGATA", "X"] },
    });
    const all = count(own, thresholds, cutTree(own, 1));
    const lanes = (flipped: boolean): number[] =>
      layoutBoxes(own, all, thresholds, 0, new Map(), 2, measure, flipped).boxes.map(
        ({ placement }) => placement.lane,
      );
    // the long name reaches to the second box, or away from it
    expect([lanes(false), lanes(true)]).toEqual([
      [0, 1],
      [0, 0],
    ]);
  });

  test("a marked motif's label leaves room for its mark", () => {
    const own = byHand({
      widths: [8],
      hits: [{ start: 10, attribution: 0.5 }],
      manifest: { motif_names: ["GATA"] },
    });
    const all = count(own, thresholds, cutTree(own, 1));
    const labelAt = (pxPerBase: number, slots: Map<number, number>): string =>
      layoutBoxes(own, all, thresholds, 0, slots, pxPerBase, measure).boxes[0]!.placement.label;
    // 24 pixels of text, 8 around it, and 11 for the mark
    expect(labelAt(32 / 8, new Map())).toBe("inside");
    expect(labelAt(42 / 8, new Map([[0, 0]]))).toBe("beside");
    expect(labelAt(43 / 8, new Map([[0, 0]]))).toBe("inside");
  });

  test("a seqlet points the way of its match, and nowhere without one", () => {
    const { motif, strand, tomtomP } = dataset.seqlets;
    const boxes = Array.from(
      { length: 12 },
      (_, s) => layoutBoxes(dataset, counts, thresholds, s, new Map(), 20, measure).boxes,
    ).flat();
    const seqlets = boxes.filter((box) => box.kind === "seqlet");
    const ways = seqlets.map((box) => [box.index, box.strand]);
    expect(ways).toEqual(
      seqlets.map(({ index: q }) => [q, motif[q]! >= 0 && tomtomP[q]! < 0.1 ? strand[q] : 0]),
    );
    expect(new Set(seqlets.map((box) => box.strand))).toEqual(new Set([-1, 0, 1]));
    expect(seqlets.some((box) => box.motif === 0)).toBe(true);
  });

  test("a passing seqlet without a match says so", () => {
    const labels = Array.from(
      { length: 12 },
      (_, s) =>
        layoutBoxes(dataset, counts, { ...thresholds, tomtomP: 1e-12 }, s, new Map(), 2, measure).boxes,
    ).flat();
    const seqlets = labels.filter((box) => box.kind === "seqlet" && box.passes);
    expect(seqlets.length).toBeGreaterThan(5);
    expect(new Set(seqlets.map(({ label }) => label))).toEqual(new Set(["no match"]));
  });

  test.each([
    ["GATA1_HUMAN.H11MO.0.A", "GATA1"],
    ["GATA2.H12CORE.0.P.B", "GATA2"],
    ["Gata1_MA0035.3", "Gata1"],
    ["MA0139.1.CTCF", "CTCF"],
    ["Ddit3+Cebpa_MA0019.1", "Ddit3+Cebpa"],
    ["pos_patterns.pattern_0", "pos_0"],
    ["CTCF neg_patterns.pattern_12", "CTCF neg_12"],
    ["pattern_0", "pattern_0"],
    ["SPDEF_ETS_5", "SPDEF_ETS_5"],
  ])("the label of %s is %s", (name, label) => {
    expect(shortName(name)).toBe(label);
  });
});

test("the spans of a motif are those of its hits that count, and a family's those of its motifs", () => {
  const { motif, start, offset } = dataset.hits;
  const spans = (row: number) => spansOf(dataset, counts, thresholds, SEQUENCE, row).sort();
  let nSpans = 0;
  for (const [family, name] of families.names.entries()) {
    const members = itemsOf(families.members, family);
    const expected: [number, number][] = [];
    for (let h = offset[SEQUENCE]; h < offset[SEQUENCE + 1]; h++)
      if (members.includes(motif[h]) && hitPasses(dataset, counts, thresholds, h))
        expected.push([start[h], dataset.hitEnd(h)]);
    expect(spans(~family), name).toEqual(expected.sort());
    expect([...members].flatMap(spans).sort()).toEqual(expected);
    nSpans += expected.length;
  }
  expect(nSpans).toBeGreaterThan(10);
});

describe("rankSequences", () => {
  test("leaves out what the filter leaves out", () => {
    const allowed = Uint8Array.from({ length: 12 }, (_, s) => Number(s % 3 === 0));
    for (const order of ["seqlets", "file"] as const) {
      const ranking = rankSequences(dataset, counts, { ...thresholds, allowed }, order, []);
      expect([...ranking].sort((a, b) => a - b)).toEqual([0, 3, 6, 9]);
    }
  });

  test("orders every sequence once, by what is asked for", () => {
    for (const order of ["seqlets", "hits", "selected", "file"] as const) {
      const ranking = rankSequences(dataset, counts, thresholds, order, [0]);
      expect([...ranking].sort((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, s) => s));
    }
    const { p, attribution, sequence } = dataset.seqlets;
    const sizes = new Float64Array(12);
    for (const q of p.keys()) if (p[q]! < 0.02) sizes[sequence[q]!] += Math.abs(attribution[q]!);
    const bySeqlets = rankSequences(dataset, counts, { ...thresholds, sign: "both" }, "seqlets", []);
    expect(bySeqlets).toEqual([...sizes.keys()].sort((a, b) => sizes[b]! - sizes[a]!));
    const byHits = rankSequences(dataset, counts, thresholds, "hits", []).map(
      (s) => count(dataset, { ...thresholds, allowed: oneOf(s) }, families).nHits,
    );
    expect(byHits).toEqual([...byHits].sort((a, b) => b - a));
  });
});

test("nextSite walks through the sites that count, in order, and ends", () => {
  const search = (from: number, direction: 1 | -1) =>
    nextSite({
      dataset,
      counts,
      thresholds,
      kind: "sites",
      picked: [],
      selected: new Set(),
      sequence: SEQUENCE,
      from,
      direction,
    });
  const middles: number[] = [];
  let from = -1;
  for (;;) {
    const site = search(from, 1);
    if (!site) break;
    from = (site.start + site.end) / 2;
    middles.push(from);
  }
  expect(middles.length).toBeGreaterThan(5);
  expect(middles).toEqual([...middles].sort((a, b) => a - b));
  const last = search(1e9, -1)!;
  expect((last.start + last.end) / 2).toBe(middles.at(-1));
});
