// What a pixel that holds several bases shows of them, and the heights that rows share.
import { beforeAll, describe, expect, test, vi } from "vitest";
import { drawLogo, unionOfRanges } from "../../src/draw/logo.ts";
import { BaseScale } from "../../src/layout.ts";
import type { TrackData } from "../../src/tracks.ts";
import { FakePath2D, PALETTE, recorder } from "../recorder.ts";

beforeAll(() => {
  vi.stubGlobal("Path2D", FakePath2D);
});

const trackOf = (observed: number[], codes: number[]): TrackData => ({
  codes: Uint8Array.from(codes),
  observed: Float32Array.from(observed),
  hypothetical: null,
});

describe("where a pixel holds several bases", () => {
  // two to a pixel: rises, nothing, falls, one of each
  const data = trackOf([0.5, 1, 0, 0.004, -0.5, -0.25, 0.25, -0.75], [0, 1, 2, 3, 2, 3, 4, 0]);
  /** Left edge, width, least and greatest value in hundredths, and colour of each bar, from the left. */
  const bars = (scale: BaseScale, dpr = 1) => {
    const { pen, of } = recorder();
    // the axis at 50, 40 pixels per unit
    drawLogo(pen, data, scale, (value) => 50 - 40 * value, false, PALETTE, dpr);
    return of("fillRect")
      .map(({ args, fillStyle }) => {
        const [x, y, width, height] = args as [number, number, number, number];
        const [low, high] = [50 - y - height, 50 - y].map((px) => Math.round(2.5 * px));
        return [x, width, low, high, fillStyle] as [number, number, number, number, unknown];
      })
      .sort((a, b) => a[0] - b[0] || b[2] - a[2]);
  };

  test("it shows the largest rise and the largest fall, each in the colour of its base", () => {
    expect(bars(new BaseScale({ start: 0, end: 8 }, 52, 56))).toEqual([
      [52, 1, 0, 100, "C"],
      [54, 1, -50, 0, "G"],
      [55, 1, 0, 25, "N"],
      [55, 1, -75, 0, "A"],
    ]);
  });

  test("it shows the other strand from the other end, in the colours of the complements", () => {
    expect(bars(new BaseScale({ start: 0, end: 8 }, 52, 56, true))).toEqual([
      [52, 1, 0, 25, "N"],
      [52, 1, -75, 0, "T"],
      [53, 1, -50, 0, "C"],
      [55, 1, 0, 100, "G"],
    ]);
  });

  test("it is one of the screen's pixels, and bases that are wider leave no gap", () => {
    const half = [
      [0, 0.5, 0, 50, "A"],
      [0.5, 0.5, 0, 100, "C"],
      [2, 0.5, -50, 0, "G"],
      [2.5, 0.5, -25, 0, "T"],
      [3, 0.5, 0, 25, "N"],
      [3.5, 0.5, -75, 0, "A"],
    ];
    expect(bars(new BaseScale({ start: 0, end: 8 }, 0, 4), 2)).toEqual(half);
    const widths = bars(new BaseScale({ start: 0, end: 8 }, 0, 6), 2).map(([, width]) => width);
    expect(widths).toEqual(widths.map(() => 1));
  });

  test("bases beside the view are left out", () => {
    expect(bars(new BaseScale({ start: 4, end: 8 }, 52, 54))).toEqual([
      [52, 1, -50, 0, "G"],
      [53, 1, 0, 25, "N"],
      [53, 1, -75, 0, "A"],
    ]);
    expect(bars(new BaseScale({ start: -4, end: 2 }, 52, 55))).toEqual([[54, 1, 0, 100, "C"]]);
  });
});

describe("as bases get wider", () => {
  const data = trackOf([0.5, -0.5], [0, 1]);
  const at = (pxPerBase: number, dpr = 1, of = data) => {
    const record = recorder();
    const scale = new BaseScale({ start: 0, end: 2 }, 0, 2 * pxPerBase);
    drawLogo(record.pen, of, scale, (value) => 50 - 40 * value, of.hypothetical !== null, PALETTE, dpr);
    return record;
  };
  /** How strong bars are, and letters. */
  const strengths = (...way: Parameters<typeof at>) => {
    const { of } = at(...way);
    const letters = of("fill").filter(({ args }) => args.length > 0);
    return [of("rect"), letters].map((those) =>
      [...new Set(those.map(({ globalAlpha }) => globalAlpha))].sort().reverse(),
    );
  };

  test("bars have a gap where a pixel of the screen allows it", () => {
    const widths = (...way: [number, number]) =>
      at(...way)
        .of("rect")
        .map(({ args }) => args[2]);
    expect(widths(1, 1)).toEqual([1, 1]);
    expect(widths(1, 2)).toEqual([0.9, 0.9]);
    expect(widths(3, 1).map((width) => Number(width).toFixed(2))).toEqual(["2.70", "2.70"]);
  });

  test("bars fade into letters", () => {
    expect(strengths(3)).toEqual([[1], []]);
    expect(strengths(4)[1]![0]).toBeCloseTo(0.25, 12);
    expect(strengths(4)[0]![0]).toBeCloseTo(0.75, 12);
    expect(strengths(6)[0]).toEqual([]);
    expect(strengths(6)[1]).toEqual([1]);
  });

  test("letters have a little air between them", () => {
    const transforms = at(10)
      .of("setTransform")
      .map(({ args }) => args as number[]);
    for (const [i, [width, , , , x]] of transforms.slice(0, 2).entries()) {
      expect(width).toBeCloseTo(0.094, 12);
      expect(x).toBeCloseTo(10 * i + 0.3, 12);
    }
  });

  test("bases that are not there are pale in bars and in letters", () => {
    const hypothetical = Float32Array.of(0.5, 0.25, 0.25, -0.5, 0, 0, 0, 0);
    expect(strengths(3, 1, { ...data, hypothetical })[0]).toEqual([1, 0.35]);
    expect(strengths(6, 1, { ...data, hypothetical })[1]).toEqual([1, 0.35]);
    // in a mean each letter is as real as the others
    expect(strengths(6, 1, { ...data, codes: Uint8Array.of(5, 5), hypothetical })[1]).toEqual([1]);
  });
});

test("what is less than a quarter of a pixel high is left out, at every zoom", () => {
  const heights = [0.24, 0.26, -0.24, -0.26].map((px) => px / 40);
  const data = trackOf(heights, [0, 1, 2, 3]);
  for (const [right, name] of [
    [4, "rect"],
    [3.9, "fillRect"],
    [40, "fill"],
  ] as const) {
    const { pen, of } = recorder();
    drawLogo(pen, data, new BaseScale({ start: 0, end: 4 }, 0, right), (v) => 50 - 40 * v, false, PALETTE, 2);
    expect(of(name).map(({ fillStyle }) => fillStyle)).toEqual(["C", "T"]);
  }
});

test("rows that share a scale reach as far as the one that reaches farthest, of those that have come", () => {
  const [first, second] = [trackOf([1, -0.25, 0], [0, 1, 2]), trackOf([0.5, -2, 3], [0, 1, 2])];
  expect(unionOfRanges([first, null, second], false)).toEqual([-2, 3]);
  expect(unionOfRanges([first, second], false, { start: 0, end: 2 })).toEqual([-2, 1]);
  expect(unionOfRanges([null, first], false)).toEqual([-0.25, 1]);
  expect(unionOfRanges([null], false)).toEqual([0, 1]);
  expect(unionOfRanges([], false)).toEqual([0, 1]);
});
