import { describe, expect, test } from "vitest";
import { observedGlyphs, shownBase } from "../src/draw/logo.ts";
import { difference, offeredRows, rowsOf } from "../src/layers.ts";
import { BaseScale } from "../src/layout.ts";

const SETS = ["K562", "HepG2", "a - b"];

describe("rows of a track", () => {
  test("are every set unless some are named", () => {
    expect(rowsOf(SETS, []).map(({ of, less }) => [of, less])).toEqual([
      [0, null],
      [1, null],
      [2, null],
    ]);
    expect(rowsOf(SETS, ["HepG2"])).toEqual([{ name: "HepG2", of: 1, less: null }]);
  });

  test("may be the difference of any two, and a set's own name comes first", () => {
    expect(rowsOf(SETS, ["HepG2 - K562", "a - b", "gone"])).toEqual([
      { name: "HepG2 − K562", of: 1, less: 0 },
      { name: "a - b", of: 2, less: null },
    ]);
  });

  test("fall back to all sets when none of the names is known", () => {
    expect(rowsOf(SETS, ["gone"]).length).toBe(3);
  });

  test("on offer are the sets, and the first less each other", () => {
    expect(offeredRows(["K562", "HepG2", "GM"])).toEqual([
      "K562",
      "HepG2",
      "GM",
      "K562 - HepG2",
      "K562 - GM",
    ]);
    for (const name of offeredRows(SETS)) expect(rowsOf(SETS, [name]).length).toBe(1);
  });
});

test("a difference is taken base by base, of hypothetical scores only where both have them", () => {
  const track = (observed: number[], hypothetical: number[] | null) => ({
    codes: Uint8Array.of(0, 3),
    observed: Float32Array.from(observed),
    hypothetical: hypothetical && Float32Array.from(hypothetical),
  });
  const of = track([1, 2], [1, 0, 0, 0, 0, 0, 0, 2]);
  const less = track([0.5, -1], [0.5, 0, 0, 0, 0, 0, 0, -1]);
  expect([...difference(of, less).observed]).toEqual([0.5, 3]);
  expect([...difference(of, less).hypothetical!]).toEqual([0.5, 0, 0, 0, 0, 0, 0, 3]);
  expect(difference(of, track([0, 0], null)).hypothetical).toBeNull();
});

describe("the reverse complement", () => {
  const scale = new BaseScale({ start: 10, end: 20 }, 50, 150, true);

  test("puts the last base on the left", () => {
    expect(scale.edges(19, 20)).toEqual([50, 60]);
    expect(scale.edges(10, 12)).toEqual([130, 150]);
    expect(scale.toBase(scale.toPx(13.5))).toBeCloseTo(13.5, 12);
  });

  test("shows the complement of each base, N as it is", () => {
    expect([0, 1, 2, 3, 4].map((base) => shownBase(base, scale))).toEqual([3, 2, 1, 0, 4]);
    const track = { codes: Uint8Array.of(0, 0), observed: Float32Array.of(1, 2), hypothetical: null };
    const glyphs = observedGlyphs(track, new BaseScale({ start: 0, end: 2 }, 0, 20, true), (v) => -v);
    expect(glyphs.map(({ base, x, height }) => [base, x, height])).toEqual([
      [3, 10, 1],
      [3, 0, 2],
    ]);
  });
});
