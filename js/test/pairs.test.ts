import { describe, expect, test } from "vitest";
import { count, hitPasses, type Thresholds } from "../src/counts.ts";
import { cutTree } from "../src/families.ts";
import { MAX_GAP, pairsAt, relation, type Site, sitesOf, spacing, together } from "../src/pairs.ts";
import { smallDataset } from "./study.ts";

const dataset = smallDataset();
const thresholds: Thresholds = {
  ...{ attribution: 0.001, fimoP: 1e-4, seqletP: 0.02, tomtomP: 0.1 },
  ...{ sign: "both", window: null, allowed: null },
};
const counts = count(dataset, thresholds, cutTree(dataset, 0.7));
const group = (...motifs: number[]) => sitesOf(dataset, counts, thresholds, { name: "", motifs });
const site = (start: number, end: number, strand: number, sequence = 0): Site => ({
  sequence,
  start,
  end,
  strand,
});

describe("sites of a group", () => {
  test("never overlap, and hold the strongest of those that do", () => {
    const motifs = [0, 1, 2, 3, 4, 5];
    const sites = group(...motifs);
    let kept = 0;
    for (const own of sites.values()) {
      kept += own.length;
      for (let i = 1; i < own.length; i++) expect(own[i]!.start).toBeGreaterThanOrEqual(own[i - 1]!.end);
    }
    expect(kept).toBeGreaterThan(20);
    for (const m of motifs) {
      for (const h of dataset.hitsOf(m)) {
        if (!hitPasses(dataset, counts, thresholds, h)) continue;
        const own = sites.get(dataset.hits.sequence[h])!;
        expect(own.some((s) => s.start < dataset.hitEnd(h) && s.end > dataset.hits.start[h])).toBe(true);
      }
    }
  });

  test("do not change when a motif is there twice", () => {
    expect([...group(0, 0)]).toEqual([...group(0)]);
  });
});

describe("relation", () => {
  test("is the same seen from the other strand", () => {
    const turn = ({ start, end, strand }: Site): Site => site(1000 - end, 1000 - start, -strand);
    for (const [s, t] of [
      [1, 1],
      [1, -1],
      [-1, 1],
      [-1, -1],
    ] as const) {
      const [a, b] = [site(10, 20, s), site(25, 30, t)];
      expect(relation(turn(a), turn(b))).toEqual(relation(a, b));
      expect(relation(a, b)!.gap).toBe(5);
    }
  });

  test("tells who comes first along the strand, who faces whom", () => {
    const b = site(25, 30, 1);
    expect(relation(site(10, 20, 1), b)!.orientation).toBe(0);
    expect(relation(site(40, 50, 1), b)!.orientation).toBe(1);
    expect(relation(site(10, 20, 1), { ...b, strand: -1 })!.orientation).toBe(2);
    expect(relation(site(10, 20, -1), b)!.orientation).toBe(3);
  });

  test("is none where they overlap or lie far apart", () => {
    expect(relation(site(10, 20, 1), site(19, 30, 1))).toBeNull();
    expect(relation(site(10, 20, 1), site(20 + MAX_GAP, 300, 1))).toBeNull();
    expect(relation(site(10, 20, 1), site(20, 30, 1))!.gap).toBe(0);
  });
});

describe("pairs", () => {
  const total = (rows: readonly ArrayLike<number>[]): number =>
    rows.reduce((sum, row) => sum + Array.from(row).reduce((s, v) => s + v, 0), 0);

  test("are counted as a plain double loop counts them", () => {
    const [a, b] = [group(0), group(1, 2)];
    let expected = 0;
    for (const [sequence, own] of a) {
      for (const one of own) for (const other of b.get(sequence) ?? []) if (relation(one, other)) expected++;
    }
    const found = spacing(a, b);
    expect(total(found.observed)).toBe(expected);
    expect(expected).toBeGreaterThan(5);
    found.observed.forEach((row, orientation) => {
      row.forEach((n, gap) => {
        expect(pairsAt(a, b, orientation, gap).length).toBe(n);
      });
    });
  });

  test("of one group are counted once each", () => {
    const a = group(0, 1, 2, 3);
    let expected = 0;
    for (const own of a.values()) {
      for (let i = 0; i < own.length; i++)
        for (let j = i + 1; j < own.length; j++) if (relation(own[i]!, own[j]!)) expected++;
    }
    const { observed } = spacing(a, a);
    expect(total(observed)).toBe(expected);
    expect(total([observed[1]!])).toBe(0);
  });

  test("by chance keep the positions and forget the sequence, the same way each time", () => {
    // a stands at 100 and b at 130 in every sequence: their positions alone explain the gap
    const at = (start: number) =>
      new Map(Array.from({ length: 30 }, (_, s) => [s, [site(start, start + 10, 1, s)]]));
    const [a, b] = [at(100), at(130)];
    const { observed, expected } = spacing(a, b);
    expect(observed[0]![20]).toBe(30);
    expect(expected[0]![20]).toBeCloseTo(30, 9);
    expect(spacing(a, b).expected).toEqual(expected);
    // one step apart wherever they stand: chance spreads the gaps
    const apart = new Map(Array.from({ length: 30 }, (_, s) => [s, [site(7 * s, 7 * s + 3, 1, s)]]));
    const near = new Map(Array.from({ length: 30 }, (_, s) => [s, [site(7 * s + 5, 7 * s + 8, 1, s)]]));
    const moved = spacing(apart, near);
    expect(moved.observed[0]![2]).toBe(30);
    expect(moved.expected[0]![2]).toBeLessThan(5);
  });

  test("share as many sequences as independent motifs would, by chance", () => {
    const a = new Map([0, 1, 2, 3].map((s) => [s, [site(0, 5, 1, s)]]));
    const b = new Map([2, 3, 4].map((s) => [s, [site(0, 5, 1, s)]]));
    expect(together(a, b, 6)).toEqual({ observed: 2, expected: 2 });
  });
});
