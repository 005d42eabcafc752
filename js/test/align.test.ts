import { expect, test } from "vitest";
import { alignFamily } from "../src/align.ts";
import { cutTree } from "../src/families.ts";
import { byHand, smallDataset } from "./study.ts";

test("a family is aligned to its motif, copies first, on the strand that fits", () => {
  const dataset = smallDataset();
  const families = cutTree(dataset, 0.7);
  const aligned = alignFamily(dataset, families, 0);
  const family = [...families.labels.keys()].filter((m) => families.labels[m] === families.labels[0]);
  expect(aligned.map(({ motif }) => motif).sort((a, b) => a - b)).toEqual(family);
  expect(aligned[0]).toMatchObject({ motif: 0, offset: 0, reverse: false });
  expect(aligned[0]!.similarity).toBeCloseTo(1, 5);
  // the synthetic look-alikes share their consensus, not how sure each base is
  for (const { offset, reverse, similarity } of aligned) {
    expect([offset, reverse]).toEqual([0, false]);
    expect(similarity).toBeGreaterThan(0.7);
  }
  const turned = smallDataset();
  const [first, second] = [family[0]!, family[1]!];
  turned.pwmOf(second).set(dataset.pwmOf(first).slice().reverse());
  const found = alignFamily(turned, families, first).find(({ motif }) => motif === second)!;
  expect(found).toMatchObject({ offset: 0, reverse: true });
  expect(found.similarity).toBeCloseTo(1, 5);
});

/** Columns that are certain of a letter, or know nothing of an N. */
const pwmOf = (letters: string): number[] =>
  [...letters].flatMap((letter) =>
    [..."ACGT"].map((base) => (letter === "N" ? 64 : letter === base ? 255 : 0)),
  );

test("each motif is moved to where most of it fits, to either side, and what says nothing stays", () => {
  const motifs = ["AACNCGT", "CNCGT", "TTAACNCGT", "GNGTT", "NNNN"];
  const dataset = byHand({
    widths: motifs.map((motif) => motif.length),
    hits: [],
    columns: { pwm: Uint8Array.from(motifs.flatMap(pwmOf)) },
  });
  const aligned = alignFamily(dataset, cutTree(dataset, 0), 0);
  // letters of equal weight: the cosine is what they share by the root of what each has
  const share = (shared: number, other: number): number => shared / Math.sqrt(6 * other);
  expect(aligned.map(({ motif, offset, reverse }) => [motif, offset, reverse])).toEqual([
    [0, 0, false],
    [2, -2, false],
    [1, 2, false],
    [3, 0, true],
    [4, 0, false],
  ]);
  [share(6, 6), share(6, 8), share(4, 4), share(4, 4), 0].forEach((similarity, i) => {
    expect(aligned[i]!.similarity).toBeCloseTo(similarity, 3);
  });
});

test("a motif comes before its copies", () => {
  const [letters, other] = ["GATAAG", "CTTATC"].map(pwmOf);
  const dataset = byHand({
    widths: [6, 6, 6],
    hits: [],
    columns: { pwm: Uint8Array.of(...letters!, ...letters!, ...other!) },
  });
  const order = (motif: number) => alignFamily(dataset, cutTree(dataset, 0), motif).map((each) => each.motif);
  expect([0, 1, 2].map(order)).toEqual([
    [0, 1, 2],
    [1, 0, 2],
    [2, 0, 1],
  ]);
});
