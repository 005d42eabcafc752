// Which card a name opens, and which families show their motifs.
import { signal } from "@preact/signals";
import { describe, expect, test } from "vitest";
import { count, type Thresholds } from "../src/counts.ts";
import { cutTree } from "../src/families.ts";
import { expand, isExpanded, openCard, slotOf } from "../src/marks.ts";
import type { Store } from "../src/store.ts";
import type { Traits } from "../src/wire.ts";
import { byHand } from "./study.ts";

const thresholds: Thresholds = {
  ...{ attribution: 0, fimoP: 1e-4, seqletP: 1, tomtomP: 1 },
  ...{ sign: "+", window: null, allowed: null },
};

/** Three motifs with so many hits. The first two are "group 0", all three "group 1", with motif 1 in its middle. */
function open(nHits: number[], similarity: number) {
  const hits = nHits.flatMap((n, motif) =>
    Array.from({ length: n }, (_, i) => ({ motif, start: 10 * i, attribution: 1 })),
  );
  const dataset = byHand({ widths: [8, 8, 8], hits });
  const families = cutTree(dataset, similarity);
  const motif = signal<string | null>(null);
  const store = {
    dataset: signal(dataset),
    families: signal(families),
    counts: signal(count(dataset, thresholds, families)),
    traits: { motif },
    set(patch: Partial<Traits>) {
      motif.value = patch.motif!;
    },
  };
  return (name: string): number | undefined => {
    openCard(store as unknown as Store, name);
    return motif.value === null ? undefined : dataset.motifIndex.get(motif.value);
  };
}

describe("a name opens the card", () => {
  test("of the motif that it is the name of, and closes it again", () => {
    const cardOf = open([1, 1, 9], 0);
    const { motif_names: names } = byHand({ widths: [8, 8, 8], hits: [] }).manifest;
    expect(cardOf(names[0]!)).toBe(0);
    expect(cardOf(names[2]!)).toBe(2);
    expect(cardOf(names[2]!)).toBeUndefined();
  });

  test.each([
    [[2, 1, 1], 1],
    [[3, 1, 1], 0],
    [[3, 1, 4], 2],
    [[0, 0, 1], 2],
  ])(
    "of a family's middle motif, unless another counts twice as much: of %j hits that of %i",
    (nHits, motif) => {
      expect(open(nHits, 0)("group 1")).toBe(motif);
    },
  );

  test("of the middle motif of a family that is one at another similarity, as Python does", () => {
    for (const similarity of [0.6, 1]) {
      const cardOf = open([9, 1, 9], similarity);
      expect(cardOf("group 1")).toBe(1);
      expect(cardOf("group 1")).toBeUndefined();
    }
  });
});

test("families are opened and closed one by one, each once", () => {
  const dataset = byHand({ widths: [8, 8, 8], hits: [] });
  const _expanded = signal<string[]>(["one at another similarity"]);
  const store = {
    families: signal(cutTree(dataset, 0.6)),
    traits: { _expanded },
    set(patch: Partial<Traits>) {
      _expanded.value = patch._expanded!;
    },
  } as unknown as Store;
  const shown = () => [isExpanded(store, 0), isExpanded(store, 1)];
  expect(shown()).toEqual([false, false]);
  for (const family of [0, 1, 0]) expand(store, family, true);
  expect([...shown(), _expanded.value.length]).toEqual([true, true, 3]);
  expand(store, 0, false);
  expect([...shown(), _expanded.value.length]).toEqual([false, true, 2]);
});

test("the colour of a row is that of its own mark, a motif's or a family's", () => {
  const dataset = byHand({ widths: [8, 8, 8], hits: [] });
  const names = dataset.manifest.motif_names;
  const store = {
    manifest: dataset.manifest,
    families: signal(cutTree(dataset, 0.6)),
    traits: { selected_motifs: signal([names[2]!, "group 0", names[0]!]) },
  } as unknown as Store;
  expect([0, 1, 2, ~0, ~1].map((row) => slotOf(store, row))).toEqual([2, -1, 0, 1, -1]);
});
