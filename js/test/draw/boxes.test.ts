// Seqlets and hits in their lanes.
import { beforeAll, describe, expect, test, vi } from "vitest";
import type { Box } from "../../src/boxes.ts";
import { BOX_HEIGHT, boxAt, boxRects, drawBoxes } from "../../src/draw/boxes.ts";
import { markerPath } from "../../src/draw/marker.ts";
import { BaseScale } from "../../src/layout.ts";
import { FakePath2D, PALETTE, recorder } from "../recorder.ts";

beforeAll(() => {
  vi.stubGlobal("Path2D", FakePath2D);
});

const box = (over: Partial<Box>): Box => ({
  kind: "hit",
  index: 0,
  start: 1,
  end: 3,
  strand: 1,
  motif: 0,
  label: "GATA",
  passes: true,
  slot: -1,
  alike: 0,
  placement: { lane: 0, label: "beside" },
  ...over,
});
const scale = new BaseScale({ start: 0, end: 50 }, 0, 500);

test("only boxes in sight get a place, however narrow", () => {
  const rects = boxRects(
    [box({}), box({ start: 60, end: 70 }), box({ start: 49.99, end: 60 })],
    scale,
    () => 5,
  );
  expect(rects.map(({ left, right }) => [Math.round(left), Math.round(right)])).toEqual([
    [10, 30],
    [500, 600],
  ]);
  const far = new BaseScale({ start: 0, end: 5000 }, 0, 500);
  expect(boxRects([box({})], far, () => 5).map(({ left, right }) => right - left)).toEqual([3]);
});

test("a point finds the box that it is in", () => {
  const rects = boxRects([box({}), box({ index: 1, start: 10, end: 12 })], scale, () => 5);
  expect(boxAt(rects, 105, 5 + BOX_HEIGHT / 2)?.index).toBe(1);
  expect(boxAt(rects, 105, 30)).toBeUndefined();
  expect(boxAt(rects, 60, 8)).toBeUndefined();
});

test("passing boxes are filled in their colour, failing ones are dashed and not filled", () => {
  const { pen, of } = recorder();
  const boxes = [
    box({}),
    box({ start: 10, end: 12, slot: 1 }),
    box({ start: 20, end: 22, kind: "seqlet" }),
    box({ start: 30, end: 32, passes: false, label: "" }),
  ];
  drawBoxes(
    pen,
    boxRects(boxes, scale, () => 5),
    scale,
    PALETTE,
    1,
  );
  expect(of("fill").map(({ fillStyle }) => fillStyle)).toEqual(["hit", "m2", "seqlet", "m2"]);
  expect(of("stroke").length).toBe(1);
  expect(of("setLineDash").map(({ args }) => args)).toEqual([[[2, 2]], [[]]]);
  expect(of("fillText").length).toBe(3);
});

test("a label that would be cut at the edge is left out", () => {
  const { pen, of } = recorder();
  drawBoxes(
    pen,
    boxRects([box({ start: 47, end: 49 })], scale, () => 5),
    scale,
    PALETTE,
    1,
  );
  expect(of("fillText")).toEqual([]);
});

test("a box that starts left of the view keeps its label in sight", () => {
  const { pen, of } = recorder();
  const inside = box({ start: -10, end: 20, placement: { lane: 0, label: "inside" } });
  drawBoxes(
    pen,
    boxRects([inside], scale, () => 5),
    scale,
    PALETTE,
    1,
  );
  expect(of("fillText")[0]!.args[1]).toBe(5);
});

/** What is drawn of boxes whose upper edge is at 5, in a view of 10 pixels per base from 0 to 500. */
function drawn(boxes: Box[], dpr = 1, at = scale) {
  const record = recorder();
  const rects = boxRects(boxes, at, () => 5);
  drawBoxes(record.pen, rects, at, PALETTE, dpr);
  return record;
}

describe("the outline of a box", () => {
  const outline = (over: Partial<Box>, at = scale) => {
    const { calls } = drawn([box({ label: "", ...over })], 1, at);
    const edge = calls.filter(({ name }) => name === "moveTo" || name === "lineTo").map(({ args }) => args);
    // a corner turns: what lies on the way between its neighbours is none
    return edge.filter(([x, y], i) => {
      const [before, after] = [edge.at(i - 1)!, edge[(i + 1) % edge.length]!] as number[][];
      return !(before![0] === x && after![0] === x) && !(before![1] === y && after![1] === y);
    });
  };

  test("has a tip where its strand points", () => {
    expect(outline({ strand: 1 })).toEqual([
      [10, 5],
      [26, 5],
      [30, 11],
      [26, 17],
      [10, 17],
    ]);
    expect(outline({ strand: -1 })).toEqual([
      [14, 5],
      [30, 5],
      [30, 17],
      [14, 17],
      [10, 11],
    ]);
    const flipped = new BaseScale(scale.viewport, 0, 500, true);
    expect(outline({ strand: -1 }, flipped)).toEqual([
      [470, 5],
      [486, 5],
      [490, 11],
      [486, 17],
      [470, 17],
    ]);
  });

  test("has none without a strand, or where a tip would be most of it", () => {
    const rectangle = (right: number) => [
      [10, 5],
      [right, 5],
      [right, 17],
      [10, 17],
    ];
    expect(outline({ strand: 0 })).toEqual(rectangle(30));
    expect(outline({ strand: 1, end: 2.2 })).toEqual(rectangle(22));
    expect(outline({ strand: -1, end: 2.2 })).toEqual(rectangle(22));
    expect(outline({ strand: 1, end: 2.25 }).length).toBe(5);
  });

  test("of what fails is dashed and pale, in the middle of device pixels", () => {
    const { pen, calls, of } = drawn([box({ passes: false, label: "", slot: 2, strand: 0 })], 2);
    expect(of("moveTo")[0]!.args).toEqual([10.25, 5.25]);
    expect(of("stroke").map(({ strokeStyle, globalAlpha }) => [strokeStyle, globalAlpha])).toEqual([
      ["m3", 0.7],
    ]);
    expect([pen.lineWidth, pen.globalAlpha, calls.filter(({ name }) => name === "beginPath").length]).toEqual(
      [1, 1, 1],
    );
  });

  test("of boxes in one colour is filled at once", () => {
    const { of } = drawn([box({}), box({ start: 10, end: 12 }), box({ start: 20, end: 22, slot: 9 })]);
    const fills = of("fill").filter(({ args }) => args.length === 0);
    // ten marks share eight colours
    expect(fills.map(({ fillStyle }) => fillStyle)).toEqual(["hit", "m2"]);
    expect(of("beginPath").length).toBe(2);
    expect(of("closePath").length).toBe(3);
  });
});

describe("the label of a box", () => {
  // GATA takes 24 pixels
  const label = (over: Partial<Box>, dpr = 1, at = scale) => {
    const { pen, of } = drawn([box(over)], dpr, at);
    expect([pen.font, pen.textAlign, pen.textBaseline]).toEqual(["10px sans-serif", "left", "middle"]);
    const marker = of("fill").find(({ args }) => args.length > 0);
    return [...of("fillText"), ...(marker ? [marker] : [])].map(({ args, fillStyle }) => [
      ...args,
      fillStyle,
    ]);
  };
  const inside = { placement: { lane: 0, label: "inside" } } as const;

  test("stands beside it or inside, in a colour that can be read there", () => {
    expect(label({})).toEqual([["GATA", 34, 11.5, "text"]]);
    expect(label({ end: 11, ...inside })).toEqual([["GATA", 15, 11.5, "onBox"]]);
    expect(label({ placement: { lane: 0, label: "none" } })).toEqual([]);
    expect(label({ label: "" })).toEqual([]);
  });

  test("of what is marked follows its mark", () => {
    const marker = (x: number) => new FakePath2D(markerPath(0, 3.5, x, 11));
    expect(label({ slot: 0 })).toEqual([
      ["GATA", 45, 11.5, "m1"],
      [marker(38), "m1"],
    ]);
    expect(label({ slot: 0, end: 11, ...inside })).toEqual([
      ["GATA", 26, 11.5, "onBox"],
      [marker(19), "onBox"],
    ]);
  });

  test("begins at a whole device pixel", () => {
    const at = new BaseScale({ start: 0, end: 49 }, 0, 500);
    const x = (3 * 500) / 49 + 4;
    expect(label({}, 1, at)[0]![1]).toBe(Math.round(x));
    expect(label({}, 2, at)[0]![1]).toBe(Math.round(2 * x) / 2);
  });

  test("is there as long as it is whole", () => {
    const shows = (over: Partial<Box>): boolean => label(over).length > 0;
    // beside: 4 pixels of air and 24 of text up to 500; 11 more of the mark
    expect([47.2, 47.3].map((end) => shows({ start: 46, end }))).toEqual([true, false]);
    expect([46.1, 46.2].map((end) => shows({ start: 45, end, slot: 0 }))).toEqual([true, false]);
    // inside: 5 pixels and 24, and 2 to its end
    expect([4.2, 4].map((end) => shows({ end, ...inside }))).toEqual([true, false]);
    expect([5.3, 5.1].map((end) => shows({ end, slot: 0, ...inside }))).toEqual([true, false]);
    expect([47.1, 47.2].map((start) => shows({ start, end: 60, ...inside }))).toEqual([true, false]);
  });
});

test("a point finds a box up to a pixel beside it, and not above or below", () => {
  const rects = boxRects([box({})], scale, () => 5);
  const found = (x: number, y: number): boolean => boxAt(rects, x, y) !== undefined;
  expect([8, 9, 31, 32].map((x) => found(x, 8))).toEqual([false, true, true, false]);
  expect([4, 5, 16, 17].map((y) => found(20, y))).toEqual([false, true, true, false]);
});

test("boxes that end where the view begins, or begin where it ends, have no place", () => {
  const at = new BaseScale({ start: 10, end: 20 }, 50, 150);
  const lefts = (...spans: [number, number][]) =>
    boxRects(
      spans.map(([start, end]) => box({ start, end })),
      at,
      () => 5,
    ).map(({ left }) => Math.round(left));
  expect(lefts([5, 10], [5, 10.1], [19.9, 25], [20, 25])).toEqual([0, 149]);
});
