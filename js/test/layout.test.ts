import { describe, expect, test } from "vitest";
import { packLanes } from "../src/lanes.ts";
import {
  BaseScale,
  centerOn,
  clampViewport,
  detailAt,
  fromTrait,
  MIN_SPAN,
  moveEdge,
  pan,
  tickLabel,
  ticks,
  toTrait,
  zoom,
} from "../src/layout.ts";
import { stopScale } from "../src/scales.ts";
import { random } from "./synthetic.ts";

describe("viewport", () => {
  test("zooming keeps the base under the pointer where it is", () => {
    const before = { start: 200, end: 1200 };
    const after = zoom(before, 0.5, 450, 2114);
    const share = (v: { start: number; end: number }): number => (450 - v.start) / (v.end - v.start);
    expect(share(after)).toBeCloseTo(share(before), 12);
    expect(after.end - after.start).toBe(500);
  });

  test("nothing leaves the sequence, and a letter is as far as one can zoom", () => {
    const next = random(3);
    let viewport = { start: 0, end: 2114 };
    for (let i = 0; i < 500; i++) {
      viewport =
        next() < 0.5
          ? zoom(viewport, 0.2 + 2 * next(), viewport.start + next() * (viewport.end - viewport.start), 2114)
          : pan(viewport, 4000 * (next() - 0.5), 2114);
      expect(viewport.start).toBeGreaterThanOrEqual(0);
      expect(viewport.end).toBeLessThanOrEqual(2114 + 1e-9);
      expect(viewport.end - viewport.start).toBeGreaterThanOrEqual(MIN_SPAN - 1e-9);
    }
  });

  test("a sequence shorter than the smallest viewport is shown whole", () => {
    expect(clampViewport({ start: 2, end: 3 }, 8)).toEqual({ start: 0, end: 8 });
  });

  test("the trait holds whole bases, and null for everything", () => {
    expect(toTrait({ start: 0, end: 2114 }, 2114)).toBeNull();
    expect(toTrait({ start: 10.4, end: 99.6 }, 2114)).toEqual([10, 100]);
    expect(fromTrait(null, 2114)).toEqual({ start: 0, end: 2114 });
    expect(fromTrait([10, 100], 2114)).toEqual({ start: 10, end: 100 });
  });

  test("an edge that is pulled leaves the other where it is, as far as the sequence goes and a letter needs", () => {
    const before = { start: 100, end: 300 };
    const edges = (edge: "start" | "end") =>
      [-999, -150, -50, 50, 150, 999].map((by) => {
        const after = moveEdge(before, edge, by, 400);
        expect(clampViewport(after, 400)).toEqual(after);
        return [after.start, after.end];
      });
    const start = [0, 0, 50, 150, 250, 300 - MIN_SPAN];
    expect(edges("start")).toEqual(start.map((at) => [at, 300]));
    const end = [100 + MIN_SPAN, 150, 250, 350, 400, 400];
    expect(edges("end")).toEqual(end.map((at) => [100, at]));
    expect(moveEdge({ start: 0, end: 8 }, "start", 3, 8)).toEqual({ start: 0, end: 8 });
  });

  test("centerOn puts the middle of a site into the middle", () => {
    expect(centerOn(100, 110, 50, 2114)).toEqual({ start: 80, end: 130 });
    expect(centerOn(0, 4, 50, 2114)).toEqual({ start: 0, end: 50 });
  });
});

test("BaseScale maps bases to pixels and back", () => {
  const scale = new BaseScale({ start: 100, end: 300 }, 52, 852);
  expect(scale.pxPerBase).toBe(4);
  expect(scale.toPx(100)).toBe(52);
  expect(scale.toBase(scale.toPx(217.5))).toBeCloseTo(217.5, 12);
});

test("detail goes from envelope to bars to letters as bases get wider", () => {
  expect([0.4, 1, 3, 4.5, 9].map((px) => detailAt(px).mode)).toEqual([
    "envelope",
    "bars",
    "bars",
    "letters",
    "letters",
  ]);
  expect(detailAt(4.5).letters).toBeCloseTo(0.5);
  expect(detailAt(9).letters).toBe(1);
});

describe("ticks", () => {
  test("are round numbers inside the range", () => {
    expect(ticks(0, 2114, 5)).toEqual([0, 500, 1000, 1500, 2000]);
    expect(ticks(-0.031, 0.112, 4).map((v) => tickLabel(v, 0.05))).toEqual(["0", "0.05", "0.10"]);
    expect(ticks(1, 1, 4)).toEqual([]);
  });

  test("labels carry the decimals of their step and a real minus", () => {
    expect(tickLabel(-0.05, 0.05)).toBe("−0.05");
    expect(tickLabel(-1e-18, 0.1)).toBe("0");
    expect(tickLabel(20, 20)).toBe("20");
  });
});

describe("packLanes", () => {
  const randomItems = (n: number) => {
    const next = random(5);
    return Array.from({ length: n }, () => {
      const left = next() * 1000;
      return { left, right: left + 3 + next() * 40, label: next() < 0.2 ? 0 : 20 + next() * 60 };
    });
  };

  test("no box or label overlaps another in its lane", () => {
    const items = randomItems(300);
    const placed = packLanes(items, 3);
    for (let lane = 0; lane < 3; lane++) {
      const spans = items
        .map((item, i) => ({ item, placement: placed[i] }))
        .filter(({ placement }) => placement?.lane === lane)
        .map(
          ({ item, placement }) =>
            [item.left, item.right + (placement!.label === "beside" ? item.label : 0)] as const,
        )
        .sort((a, b) => a[0] - b[0]);
      expect(spans.length).toBeGreaterThan(5);
      for (let i = 1; i < spans.length; i++) expect(spans[i]![0]).toBeGreaterThan(spans[i - 1]![1]);
    }
  });

  test("the first of two that collide keeps its place, the second goes down, the third is left out", () => {
    const item = { left: 10, right: 20, label: 30 };
    expect(packLanes([item, item, item], 2)).toEqual([
      { lane: 0, label: "beside" },
      { lane: 1, label: "beside" },
      null,
    ]);
  });

  test("a label goes inside where it fits, and is dropped before its box is", () => {
    expect(packLanes([{ left: 0, right: 100, label: 40 }], 1)).toEqual([{ lane: 0, label: "inside" }]);
    const crowded = packLanes(
      [
        { left: 30, right: 60, label: 0 },
        { left: 0, right: 20, label: 40 },
      ],
      1,
    );
    expect(crowded).toEqual([
      { lane: 0, label: "none" },
      { lane: 0, label: "none" },
    ]);
  });

  test("what follows in a lane keeps its distance from a box, and from a label beside it", () => {
    const laneOf = (first: { right: number; label: number }, left: number): number =>
      packLanes(
        [
          { left: 0, ...first },
          { left, right: left + 9, label: 0 },
        ],
        2,
      )[1]!.lane;
    expect([14, 15].map((left) => laneOf({ right: 10, label: 0 }, left))).toEqual([1, 0]);
    // 4 pixels, the label, and 5 pixels
    expect([38, 39].map((left) => laneOf({ right: 10, label: 20 }, left))).toEqual([1, 0]);
    expect([44, 45].map((left) => laneOf({ right: 40, label: 32 }, left))).toEqual([1, 0]);
    expect([43, 44].map((left) => laneOf({ right: 39, label: 32 }, left))).toEqual([1, 1]);
  });

  test("adding a weaker item moves none of the stronger ones", () => {
    const items = randomItems(200);
    const all = packLanes(items, 3);
    expect(packLanes(items.slice(0, 120), 3)).toEqual(all.slice(0, 120));
  });
});

describe("slider scales", () => {
  const ascending = Float64Array.of(0, 0.001, 0.002, 0.005, 0.01, 0.5, 1);
  const falling = Float64Array.of(1e-4, 8.9e-5, 1e-5, 1e-7, 3e-12);

  test.each([ascending, falling])("every step has a value of its own that falls back on it", (stops) => {
    const scale = stopScale(stops);
    let last = -1;
    for (let step = 0; step <= scale.steps; step++) {
      const value = scale.toValue(step);
      expect(scale.toStep(value)).toBe(step);
      expect(value).toBeGreaterThan(last);
      last = value;
    }
    expect(last).toBe(Math.max(...stops));
  });

  test("of one stop or none stands still", () => {
    for (const [stops, value] of [
      [[0.5], 0.5],
      [[], 0],
    ] as const) {
      const scale = stopScale(Float64Array.from(stops));
      expect([scale.steps, scale.toValue(0), scale.toValue(1)]).toEqual([1, value, value]);
      expect([0, 0.5, 1].map(scale.toStep)).toEqual([0, 0, 0]);
    }
  });

  test("a value between two stops is shown at the nearer one, one outside at the end", () => {
    const scale = stopScale(ascending);
    expect([0.0014, 0.0016, -1, 7].map((value) => scale.toStep(value))).toEqual([1, 2, 0, 6]);
  });
});
