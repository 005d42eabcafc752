import { describe, expect, test } from "vitest";
import { count, hitPasses, type Thresholds } from "../src/counts.ts";
import { cutTree } from "../src/families.ts";
import {
  countedSequences,
  MAX_GAP,
  pairsAt,
  relation,
  type Site,
  type Sites,
  sitesOf,
  spacing,
  together,
} from "../src/pairs.ts";
import { byHand, smallDataset } from "./study.ts";
import { random as randomFrom } from "./synthetic.ts";

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

  test("are taken strongest first, whichever motif comes first in the group", () => {
    const own = byHand({
      widths: [8, 8],
      hits: [
        { motif: 0, start: 0, attribution: 0.25 },
        { motif: 1, start: 4, attribution: -0.5 },
        { motif: 0, start: 8, attribution: 0.25 },
        { motif: 0, start: 50, attribution: 0.25 },
        { motif: 1, start: 54, attribution: 0.25 },
      ],
    });
    const all = count(own, thresholds, cutTree(own, 1));
    // what overlaps the strongest is no site of its own; of equally strong ones the left one is
    for (const motifs of [
      [0, 1],
      [1, 0],
    ])
      expect(sitesOf(own, all, thresholds, { name: "", motifs }).get(0)).toEqual([
        { sequence: 0, start: 4, end: 12, strand: 1 },
        { sequence: 0, start: 50, end: 58, strand: 1 },
      ]);
  });

  test("are hits that count, in the sequences that count", () => {
    const hits = [0, 1, 2].flatMap((sequence) => [
      { sequence, start: 10, attribution: 0.5 },
      { sequence, start: 30, attribution: 0.0005 },
      { sequence, start: 50, attribution: 0.5, p: 1e-3 },
    ]);
    const own = byHand({ widths: [8], hits, nSequences: 3 });
    const cuts = { ...thresholds, allowed: Uint8Array.of(1, 0, 1) };
    const sites = sitesOf(own, count(own, cuts, cutTree(own, 1)), cuts, { name: "", motifs: [0] });
    expect([...sites]).toEqual([0, 2].map((s) => [s, [site(10, 18, 1, s)]]));
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
      // palindromic sites have no strand
      [0, 1],
      [-1, 0],
    ] as const) {
      const [a, b] = [site(10, 20, s), site(25, 30, t)];
      expect(relation(turn(a), turn(b))).toEqual(relation(a, b));
      expect(relation(a, b)!.gap).toBe(5);
    }
  });

  test("of a site that reads the same on both strands is that of the other site", () => {
    const [a, b] = [site(10, 20, 0), site(25, 30, 1)];
    expect(relation(a, b)!.orientation).toBe(0);
    expect(relation(b, a)!.orientation).toBe(1);
    expect(relation(a, { ...b, strand: -1 })!.orientation).toBe(1);
    expect(relation(a, { ...b, strand: 0 })!.orientation).toBe(0);
  });

  test("tells who comes first along the strand, who faces whom", () => {
    const b = site(25, 30, 1);
    expect(relation(site(10, 20, 1), b)!.orientation).toBe(0);
    expect(relation(site(40, 50, 1), b)!.orientation).toBe(1);
    expect(relation(site(10, 20, 1), { ...b, strand: -1 })!.orientation).toBe(2);
    expect(relation(site(10, 20, -1), b)!.orientation).toBe(3);
  });

  test("is none where they overlap", () => {
    expect(relation(site(10, 20, 1), site(19, 30, 1))).toBeNull();
    expect(relation(site(10, 20, 1), site(20, 30, 1))!.gap).toBe(0);
  });

  test("of one group knows no first", () => {
    const [a, b] = [site(40, 50, 1), site(25, 30, 1)];
    for (const [one, other] of [
      [a, b],
      [b, a],
    ] as const)
      expect(relation(one, other, true)).toEqual({ gap: 10, orientation: 0 });
  });
});

describe("pairs", () => {
  const isNear = (a: Site, b: Site): boolean => (relation(a, b)?.gap ?? MAX_GAP) < MAX_GAP;
  const total = (rows: readonly ArrayLike<number>[]): number =>
    rows.reduce((sum, row) => sum + Array.from(row).reduce((s, v) => s + v, 0), 0);

  test("are counted as a plain double loop counts them", () => {
    const [a, b] = [group(0), group(1, 2)];
    let expected = 0;
    for (const [sequence, own] of a) {
      for (const one of own) for (const other of b.get(sequence) ?? []) if (isNear(one, other)) expected++;
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
        for (let j = i + 1; j < own.length; j++) if (isNear(own[i]!, own[j]!)) expected++;
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
    expect(expected![0]![20]).toBeCloseTo(30, 9);
    expect(spacing(a, b).expected).toEqual(expected);
    // one step apart wherever they stand: chance spreads the gaps
    const apart = new Map(Array.from({ length: 30 }, (_, s) => [s, [site(7 * s, 7 * s + 3, 1, s)]]));
    const near = new Map(Array.from({ length: 30 }, (_, s) => [s, [site(7 * s + 5, 7 * s + 8, 1, s)]]));
    const moved = spacing(apart, near);
    expect(moved.observed[0]![2]).toBe(30);
    expect(moved.expected![0]![2]).toBe(0);
  });

  /** Sites at independent places: in each of 2,000 sequences as many as `draw` says. */
  const scattered = (random: () => number, draw: (s: number) => number): Sites => {
    const sites = new Map<number, Site[]>();
    for (let s = 0; s < 2000; s++) {
      const own = Array.from({ length: draw(s) }, () => {
        const start = Math.floor(random() * 990);
        return site(start, start + 10, random() < 0.5 ? 1 : -1, s);
      });
      if (own.length > 0)
        sites.set(
          s,
          own.sort((x, y) => x.start - y.start),
        );
    }
    return sites;
  };
  const poisson = (random: () => number, mean: number) => (): number => {
    let k = 0;
    for (let left = random(); left > Math.exp(-mean); left *= random()) k++;
    return k;
  };

  test.each([
    ["two in each sequence", () => () => 2],
    ["half a site in a sequence, on average", (random: () => number) => poisson(random, 0.5)],
    ["three in a sequence, on average", (random: () => number) => poisson(random, 3)],
    ["one in most sequences and six in few", (random: () => number) => () => (random() < 0.9 ? 1 : 6)],
  ])("of one group stand at independent places as chance says: %s", (_, drawer) => {
    const random = randomFrom(11);
    const a = scattered(random, drawer(random));
    const { observed, expected } = spacing(a, a);
    const [found, chance] = [total(observed), total(expected!)];
    expect(found).toBeGreaterThan(20);
    // sites of a sequence make many pairs, so that their number varies more than a Poisson one
    expect(Math.abs(found - chance)).toBeLessThan(4 * Math.sqrt(chance));
    // as many same, facing and diverging as coins give
    expect(chance * 0.5).toBeGreaterThan(0.9 * total([expected![0]!]));
    expect(chance * 0.5).toBeLessThan(1.1 * total([expected![0]!]));
  });

  test("of two groups stand at independent places as chance says, also where both have more in the same sequences", () => {
    const random = randomFrom(12);
    const rich = Array.from({ length: 2000 }, () => (random() < 0.3 ? 5 : 1));
    const [a, b] = [scattered(random, (s) => rich[s]!), scattered(random, (s) => rich[s]!)];
    const { observed, expected } = spacing(a, b);
    const [found, chance] = [total(observed), total(expected!)];
    expect(Math.abs(found - chance)).toBeLessThan(4 * Math.sqrt(chance));
  });

  test("by chance are none where no other sequence has two sites to exchange", () => {
    const once = new Map(Array.from({ length: 50 }, (_, s) => [s, [site(7 * s, 7 * s + 5, 1, s)]]));
    expect(spacing(once, once).expected).toBeNull();
    const twice = new Map([...once, [0, [site(0, 5, 1), site(20, 25, 1)]]]);
    expect(total(spacing(twice, twice).observed)).toBe(1);
    expect(spacing(twice, twice).expected).toBeNull();
    expect(spacing(new Map([[0, [site(0, 5, 1)]]]), new Map([[0, [site(9, 12, 1)]]])).expected).toBeNull();
  });

  test.each([2, 3, 5, 20, 21, 22, 300])("by chance hold none that is observed, in %i sequences", (n) => {
    // sites of different sequences are too far apart to be pairs
    const at = (place: number) =>
      new Map(
        Array.from({ length: n }, (_, s) => [s, [site(1000 * s + place, 1000 * s + place + 10, 1, s)]]),
      );
    const { observed, expected } = spacing(at(20), at(35));
    expect(observed[0]![5]).toBe(n);
    expect(total(expected!)).toBe(0);
  });

  test("by chance are as with every other sequence, also where neighbours are alike", () => {
    // 50 sequences with both far to the left, then 50 with both far to the right: half of all others are alike
    const at = (place: number) =>
      new Map(
        Array.from({ length: 100 }, (_, s) => {
          const start = place + (s < 50 ? 0 : 1000);
          return [s, [site(start, start + 10, 1, s)]];
        }),
      );
    const { observed, expected } = spacing(at(100), at(130));
    expect(observed[0]![20]).toBe(100);
    expect(expected![0]![20]).toBeGreaterThan(45);
    expect(expected![0]![20]).toBeLessThan(55);
  });

  test("share as many sequences as independent motifs would, by chance", () => {
    const a = new Map([0, 1, 2, 3].map((s) => [s, [site(0, 5, 1, s)]]));
    const b = new Map([2, 3, 4].map((s) => [s, [site(0, 5, 1, s)]]));
    expect(together(a, b, 6)).toEqual({ observed: 2, expected: 2 });
  });

  test("share by chance as many of the sequences that a filter keeps", () => {
    const allowed = Uint8Array.from({ length: 12 }, (_, s) => Number(s < 3));
    expect(countedSequences(dataset, thresholds)).toBe(12);
    expect(countedSequences(dataset, { ...thresholds, allowed })).toBe(3);
    const everywhere = new Map([0, 1, 2].map((s) => [s, [site(0, 5, 1, s)]]));
    const nSequences = countedSequences(dataset, { ...thresholds, allowed });
    expect(together(everywhere, everywhere, nSequences)).toEqual({ observed: 3, expected: 3 });
  });
});
