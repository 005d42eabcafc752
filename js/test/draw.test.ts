import { beforeAll, describe, expect, test, vi } from "vitest";
import { drawLetter, OUTLINES, stretched } from "../src/draw/letters.ts";
import { drawLogo, hypotheticalGlyphs, observedGlyphs, valueRange } from "../src/draw/logo.ts";
import { markerPath } from "../src/draw/marker.ts";
import { informationContent, motifPaths } from "../src/draw/motif.ts";
import { BaseScale } from "../src/layout.ts";
import type { TrackData } from "../src/tracks.ts";
import { drawPlane, planeOf } from "../src/views/ThresholdPanel.tsx";
import { FakePath2D, PALETTE, recorder } from "./recorder.ts";

beforeAll(() => {
  vi.stubGlobal("Path2D", FakePath2D);
});

const track: TrackData = {
  codes: Uint8Array.of(0, 1, 2, 3, 4),
  observed: Float32Array.of(1, -0.5, 0.25, 0, 0),
  // A row, C row, G row, T row
  hypothetical: Float32Array.from(
    [
      [1, 0.25, -0.5, 0, 0],
      [-0.25, -0.5, -0.25, 0, 0],
      [-0.5, 0.125, 0.25, 0, 0],
      [0.5, 0, -1, 0, 0],
    ].flat(),
  ),
};
/** 10 pixels per base; the axis at 50, 40 pixels per unit. */
const wide = new BaseScale({ start: 0, end: 5 }, 0, 50);
const y = (value: number): number => 50 - 40 * value;

test("every letter has an outline inside its box of 100 by 100", () => {
  expect(OUTLINES.length).toBe(5);
  for (const outline of OUTLINES) {
    expect(outline.endsWith("Z")).toBe(true);
    for (const number of outline.match(/[\d.]+/g)!) expect(Number(number)).toBeLessThanOrEqual(100);
  }
});

test("drawLetter stretches the outline, in device pixels, and turns it over below the axis", () => {
  const { pen, calls } = recorder();
  drawLetter(pen, 0, 10, 20, 8, 30, 2);
  drawLetter(pen, 0, 10, 20, 8, -30, 2);
  drawLetter(pen, 3, 10, 20, 8, -0.5, 2);
  expect(calls[0]!.args).toEqual([0.16, 0, 0, 0.6, 20, 40]);
  expect(calls[1]!.args).toEqual([{ outline: OUTLINES[0] }, "evenodd"]);
  expect(calls[2]!.args).toEqual([0.16, 0, 0, -0.6, 20, 100]);
  expect(calls[4]!.args).toEqual([0.16, 0, 0, -0.01, 20, 41]);
  expect(calls[5]!.args).toEqual([{ outline: OUTLINES[3] }, "evenodd"]);
});

describe("glyphs", () => {
  test("an observed base stands on the axis, a negative one hangs from it", () => {
    const [a, c] = observedGlyphs(track, wide, y);
    expect(a).toMatchObject({ base: 0, x: 0, width: 10, y: 10, height: 40, negative: false });
    expect(c).toMatchObject({ base: 1, x: 10, y: 50, height: 20, negative: true });
  });

  test("only visible bases are drawn", () => {
    expect(
      observedGlyphs(track, new BaseScale({ start: 1.5, end: 3 }, 0, 50), y).map(({ base }) => base),
    ).toEqual([1, 2]);
  });

  test("hypothetical letters stack away from the axis, the largest outside, without overlap", () => {
    const first = hypotheticalGlyphs(track, wide, y).slice(0, 4);
    const up = first.filter(({ negative }) => !negative);
    const down = first.filter(({ negative }) => negative);
    expect(up.map(({ base }) => base)).toEqual([3, 0]);
    expect(up.map((g) => [g.y, g.y + g.height])).toEqual([
      [30, 50],
      [-10, 30],
    ]);
    expect(down.map(({ base }) => base)).toEqual([1, 2]);
    expect(down.map((g) => [g.y, g.y + g.height])).toEqual([
      [50, 60],
      [60, 80],
    ]);
    expect(first.filter(({ observed }) => observed).map(({ base }) => base)).toEqual([0]);
  });

  test("the range holds 0 and every stack", () => {
    expect(valueRange(track, false)).toEqual([-0.5, 1]);
    expect(valueRange(track, true)).toEqual([-1.75, 1.5]);
    expect(valueRange({ ...track, observed: new Float32Array(5) }, false)).toEqual([0, 1]);
    expect(valueRange(track, false, { start: 1.2, end: 3 })).toEqual([-0.5, 0.25]);
    for (const way of [0.5, -0.5])
      expect(valueRange({ ...track, observed: new Float32Array(5).fill(way) }, false)).toEqual([
        Math.min(0, way),
        Math.max(0, way),
      ]);
  });
});

describe("drawLogo", () => {
  test("draws letters where they can be read, one fill each", () => {
    const { pen, of } = recorder();
    drawLogo(pen, track, wide, y, false, PALETTE, 1);
    // three of the five bases have a height
    expect(of("fill").map(({ args, fillStyle }) => [(args[0] as FakePath2D).outline, fillStyle])).toEqual([
      [OUTLINES[0], "A"],
      [OUTLINES[1], "C"],
      [OUTLINES[2], "G"],
    ]);
    expect(of("setTransform").at(-1)!.args).toEqual([1, 0, 0, 1, 0, 0]);
  });

  test("draws bars when letters would be too narrow, one fill per colour", () => {
    const { pen, of } = recorder();
    drawLogo(pen, track, new BaseScale({ start: 0, end: 5 }, 0, 10), y, false, PALETTE, 1);
    expect(of("rect").map(({ args }) => args.slice(1))).toEqual([
      [10, 1.8, 40],
      [50, 1.8, 20],
      [40, 1.8, 10],
    ]);
    expect(of("fill").every(({ args }) => args.length === 0)).toBe(true);
  });

  test("draws the largest rise and fall of each pixel when it holds several bases", () => {
    const { pen, of } = recorder();
    drawLogo(pen, track, new BaseScale({ start: 0, end: 5 }, 0, 1), y, false, PALETTE, 1);
    const [rise, fall] = of("fillRect");
    expect(of("fillRect").length).toBe(2);
    expect([rise!.fillStyle, rise!.args]).toEqual(["A", [0, 10, 1, 40]]);
    expect([fall!.fillStyle, fall!.args]).toEqual(["C", [0, 50, 1, 20]]);
  });

  test("bases that are not there are pale", () => {
    const { pen, of } = recorder();
    drawLogo(pen, track, wide, y, true, PALETTE, 1);
    const alphas = new Set(of("fill").map(({ globalAlpha }) => globalAlpha));
    expect(alphas).toEqual(new Set([1, 0.35]));
    expect(pen.globalAlpha).toBe(1);
  });
});

describe("motif logo", () => {
  test("a certain column has two bits, an even one none", () => {
    expect([...informationContent(Uint8Array.of(255, 0, 0, 0, 64, 64, 64, 64))]).toEqual([2, 0]);
    expect([...informationContent(Uint8Array.of(0, 0, 0, 0))]).toEqual([0]);
  });

  test("a certain column is one letter of full height", () => {
    const [a, c, g, t] = motifPaths(Uint8Array.of(0, 0, 255, 0), 100, 26, 9);
    expect([a, c, t]).toEqual(["", "", ""]);
    // 9 pixels wide less the air between columns, 26 high; 20 units are a pixel
    expect(g).toBe(stretched(OUTLINES[2]!, 3.6, 0, 172.8, 520));
  });

  test("the letters of a column stand on each other, the most frequent on top, and what says nothing is left out", () => {
    const sure = [60, 0, 0, 180];
    const pwm = Uint8Array.of(...sure, ...[64, 64, 64, 64], ...[0, 0, 0, 0], ...sure);
    const [a, c, g, t] = motifPaths(pwm, 40, 20, 16);
    const height = (20 * informationContent(pwm)[0]!) / 2;
    // columns of ten pixels, as wide as there is room for
    const letter = (base: number, column: number, bottom: number, share: number) => {
      const top = 20 - (bottom + share) * height;
      return stretched(OUTLINES[base]!, 200 * column + 4, 20 * top, 192, 20 * share * height);
    };
    const both = (base: number, bottom: number, share: number) =>
      [0, 3].map((column) => letter(base, column, bottom, share)).join("");
    expect([a, c, g, t]).toEqual([both(0, 0, 0.25), "", "", both(3, 0.25, 0.75)]);
    expect(motifPaths(new Uint8Array(0), 30, 20, 16)).toEqual(["", "", "", ""]);
  });

  test("an outline is moved and stretched, commands of one number too", () => {
    expect(stretched("M0 100V0H50L77 67Z", 10, 20, 200, 400)).toBe("M10 420V20H110L164 288Z");
    expect(stretched("M50 49H51V50Z", 0, 0, 3, 3)).toBe("M2 1H2V2Z");
  });
});

describe("the marks of motifs", () => {
  /** The corners of a shape of radius 20, in whole pixels: right and down of the point that it is drawn at. */
  const cornersOf = (slot: number, x: number, y: number): [number, number][] =>
    Array.from(markerPath(slot, 20, x, y).matchAll(/[ML]([-\d.]+) ([-\d.]+)/g), ([, right, down]) => [
      Math.round(Number(right) - x),
      Math.round(Number(down) - y),
    ]);
  const sorted = (corners: [number, number][]): string[] => corners.map(String).sort();

  test("are eight shapes, and then the same again", () => {
    const paths = Array.from({ length: 8 }, (_, slot) => markerPath(slot, 4));
    expect(new Set(paths).size).toBe(8);
    expect(markerPath(10, 4)).toBe(paths[2]);
    expect(markerPath(0, 4, 10, 20)).toBe("M6 20a4 4 0 1 0 8 0a4 4 0 1 0 -8 0Z");
  });

  test.each([1, 2, 3, 4, 5, 6, 7])("are even, and lie around their point: %i", (slot) => {
    const corners = cornersOf(slot, 0, 0);
    expect(cornersOf(slot, 100, -50)).toEqual(corners);
    const turned = corners.map(([x, y]): [number, number] => (slot < 6 ? [-x, y] : [x, -y]));
    expect(sorted(turned.map(([x, y]) => [x + 0, y + 0]))).toEqual(
      sorted(corners.map(([x, y]) => [x + 0, y + 0])),
    );
    const [xs, ys] = [corners.map(([x]) => x), corners.map(([, y]) => y)];
    for (const side of [Math.max(...xs), -Math.min(...xs), Math.max(...ys), -Math.min(...ys)]) {
      expect(side).toBeGreaterThanOrEqual(16);
      expect(side).toBeLessThanOrEqual(22);
    }
  });
});

test("the plane has a dashed line of what chance gives, where that is known", () => {
  for (const nShifts of [0, 10]) {
    const { pen, of } = recorder();
    const found = {
      nShifts,
      density: Uint32Array.of(3, 0, 2, 5),
      densityByChance: Float32Array.of(0, 0, 1, 1),
    };
    drawPlane(pen, found as never, 2, 2, 100, PALETTE, false);
    expect(of("stroke").length).toBe(nShifts > 0 ? 2 : 1);
    expect(of("setLineDash").some(({ args }) => (args[0] as number[]).length > 0)).toBe(nShifts > 0);
  }
});

test.each([
  ["+", 0, 4 / 6],
  ["-", 2 / 6, 1],
  ["both", 2 / 6, 4 / 6],
] as const)(
  "the lines of the plane stand at the stops of the thresholds, with sign %s",
  (sign, left, right) => {
    const holding = <T>(value: T) => ({ value });
    // five stops of attribution are three columns to each side, the last of one stop; four of p two rows
    const stops = {
      attribution: Float64Array.of(0, 0.125, 0.25, 0.375, 0.5),
      fimoP: Float64Array.of(1e-3, 1e-4, 1e-5, 1e-6),
    };
    const background = { density: new Uint32Array(12), densityStep: [2, 3] };
    const store = {
      answers: { background: holding(background) },
      dataset: holding({ stops }),
      thresholds: holding({ attribution: 0.25, fimoP: 1e-6, sign }),
    };
    const plane = planeOf(store as never)!;
    expect([plane.nColumns, plane.nRows, plane.row]).toEqual([6, 2, 0.5]);
    expect(plane.left).toBeCloseTo(left, 12);
    expect(plane.right).toBeCloseTo(right, 12);
  },
);
