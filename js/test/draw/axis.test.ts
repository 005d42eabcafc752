// Ticks of the value axis and of the positions.
import { describe, expect, test } from "vitest";
import { drawGrid, drawRuler, drawValueAxis, positionTicks } from "../../src/draw/axis.ts";
import { BaseScale } from "../../src/layout.ts";
import { type Call, PALETTE, recorder } from "../recorder.ts";

/** Where each line that is seen goes from and to, in its colour. */
function linesOf(calls: readonly Call[]) {
  const seen: unknown[][] = [];
  let path: unknown[][] = [];
  for (const { name, args, strokeStyle } of calls) {
    if (name === "beginPath") path = [];
    else if (name === "moveTo") path.push(args);
    else if (name === "lineTo") path.push([...path.pop()!, ...args]);
    else if (name === "stroke") seen.push(...path.map((line) => [...line, strokeStyle]));
  }
  return seen;
}
const textsOf = (calls: readonly Call[]) =>
  calls.flatMap(({ name, args }) => (name === "fillText" ? [args] : []));

test("value labels never overlap, and the zero line spans the track", () => {
  const { pen, of } = recorder();
  drawValueAxis(pen, [-0.5, 1], (v) => 60 - 40 * v, 52, 500, PALETTE, 1);
  const heights = of("fillText").map(({ args }) => args[2] as number);
  expect(heights.length).toBeGreaterThan(1);
  for (let i = 1; i < heights.length; i++) expect(heights[i - 1]! - heights[i]!).toBeGreaterThanOrEqual(10);
  expect(of("lineTo").some(({ args }) => args[0] === 500)).toBe(true);
});

test("the topmost value label keeps inside the canvas", () => {
  const { pen, of } = recorder();
  drawValueAxis(pen, [0, 0.1], (v) => 3 + 74 * (1 - v / 0.1), 52, 500, PALETTE, 1);
  const [text, , top] = of("fillText").at(-1)!.args as [string, number, number];
  expect(text).toBe("0.10");
  expect(top).toBeGreaterThanOrEqual(5);
});

test("the ruler labels whole positions, inside its edges", () => {
  const { pen, of } = recorder();
  const scale = new BaseScale({ start: 1000, end: 1012 }, 52, 552);
  expect(positionTicks(scale).step).toBeGreaterThanOrEqual(1);
  drawRuler(pen, scale, 0, 0, PALETTE, 1);
  drawGrid(pen, scale, 0, 0, 10, PALETTE, 1);
  expect(of("fillText").map(({ args }) => args[0])).toContain("1,010");
  for (const { args } of of("fillText")) {
    expect(args[1] as number).toBeGreaterThanOrEqual(52);
    expect(args[1] as number).toBeLessThanOrEqual(552);
  }
});

test("the value axis has a tick and a label at each round value, and a line through 0", () => {
  const { pen, calls } = recorder();
  drawValueAxis(pen, [-0.5, 1], (v) => 60 - 40 * v, 52, 500, PALETTE, 1);
  expect(linesOf(calls)).toEqual([
    [48, 80.5, 52, 80.5, "line"],
    [52, 60.5, 500, 60.5, "muted"],
    [48, 40.5, 52, 40.5, "line"],
    [48, 20.5, 52, 20.5, "line"],
    [52.5, 20, 52.5, 80, "line"],
  ]);
  expect([pen.fillStyle, pen.textAlign, pen.textBaseline]).toEqual(["muted", "right", "middle"]);
  expect(textsOf(calls)).toEqual([
    ["−0.5", 45, 80.5],
    ["0", 45, 60.5],
    ["0.5", 45, 40.5],
    ["1.0", 45, 23],
  ]);
});

test("a value axis has as many labels as its height holds, and no two that touch", () => {
  const labels = (pxPerUnit: number): unknown[] => {
    const { pen, calls } = recorder();
    drawValueAxis(pen, [0, 1], (v) => 300 - pxPerUnit * v, 52, 500, PALETTE, 2);
    expect(pen.lineWidth).toBe(0.5);
    return textsOf(calls).map(([text]) => text);
  };
  expect(labels(12)).toEqual(["0"]);
  expect(labels(14)).toEqual(["0", "1.0"]);
  expect(labels(40)).toEqual(["0", "0.5", "1.0"]);
  expect(labels(74)).toEqual(["0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
  expect(labels(300)).toEqual(labels(80));
});

describe("positions", () => {
  const wide = new BaseScale({ start: 0, end: 750 }, 52, 552);

  test("are round as they are counted: in the sequence, or in the genome, whose numbers are longer", () => {
    expect(positionTicks(wide)).toEqual({ values: [0, 100, 200, 300, 400, 500, 600, 700], step: 100 });
    expect(positionTicks(wide, 30)).toEqual({ values: [170, 370, 570], step: 200 });
  });

  test("are at least two, a base or more apart, up to the end", () => {
    const narrow = new BaseScale({ start: 10, end: 20 }, 0, 30);
    expect(positionTicks(narrow)).toEqual({ values: [10, 15, 20], step: 5 });
    const close = new BaseScale({ start: 10, end: 12 }, 0, 1000);
    expect(positionTicks(close)).toEqual({ values: [10, 11, 12], step: 1 });
  });

  test("have hairlines through the track, on both strands", () => {
    for (const flipped of [false, true]) {
      const { pen, calls } = recorder();
      drawGrid(pen, new BaseScale({ start: 0, end: 4 }, 0, 400, flipped), 0, 3, 90, PALETTE, 2);
      expect(pen.lineWidth).toBe(0.5);
      const at = (flipped ? [400, 300, 200, 100, 0] : [0, 100, 200, 300, 400]).map((x) => x + 0.25);
      expect(linesOf(calls)).toEqual(at.map((x) => [x, 3, x, 90, "grid"]));
    }
  });

  test("have a tick each on the ruler, with the number there", () => {
    const { pen, calls } = recorder();
    drawRuler(pen, wide, 30, 4, PALETTE, 2);
    expect(pen.lineWidth).toBe(0.5);
    const at = [170, 370, 570].map((value) => 52 + value / 1.5);
    expect(linesOf(calls)).toEqual(
      at.map((x) => [Math.floor(2 * x) / 2 + 0.25, 4, Math.floor(2 * x) / 2 + 0.25, 8, "line"]),
    );
    expect(textsOf(calls)).toEqual(["200", "400", "600"].map((text, i) => [text, at[i], 10]));
  });

  test("are named inside the ruler, where the name before leaves room", () => {
    const { pen, calls } = recorder();
    // names of 30 pixels: the first moves to the right, and the others would touch it
    drawRuler(pen, new BaseScale({ start: 1000, end: 1012 }, 52, 112), 0, 0, PALETTE, 1);
    expect(textsOf(calls)).toEqual([["1,000", 67, 6]]);
    const room = recorder();
    drawRuler(room.pen, new BaseScale({ start: 1000, end: 1010 }, 52, 118), 0, 0, PALETTE, 1);
    expect(textsOf(room.calls)).toEqual([
      ["1,000", 67, 6],
      ["1,010", 103, 6],
    ]);
  });
});
