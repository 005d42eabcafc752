// A track: axis and letters, and under them the lanes.
import { beforeAll, describe, expect, test, vi } from "vitest";
import type { Box } from "../../src/boxes.ts";
import { boxRects } from "../../src/draw/boxes.ts";
import {
  drawBackground,
  drawBands,
  drawForeground,
  drawPointed,
  laneTop,
  type TrackScene,
  trackGeometry,
} from "../../src/draw/track.ts";
import { BaseScale } from "../../src/layout.ts";
import type { TrackData } from "../../src/tracks.ts";
import { FakePath2D, PALETTE, recorder } from "../recorder.ts";

beforeAll(() => {
  vi.stubGlobal("Path2D", FakePath2D);
});

test("a band marks each site of a selected motif that counts, cut to what is visible", () => {
  const { pen, of } = recorder();
  const scale = new BaseScale({ start: 0, end: 50 }, 0, 500);
  const site = (start: number, slot: number, passes: boolean): Box => ({
    kind: "hit",
    index: 0,
    start,
    end: start + 4,
    strand: 1,
    motif: 0,
    label: "",
    passes,
    slot,
    alike: 0,
    placement: { lane: 0, label: "none" },
  });
  const boxes = [
    ...[site(-2, 0, true), site(10, 1, true), site(20, 1, false), site(30, -1, true)],
    ...[site(12, 1, true), site(10, 1, true)], // look-alikes on the same place
  ];
  const geometry = trackGeometry({ seqlets: true, hits: true });
  const scene = {
    rects: boxRects(boxes, scale, () => 90),
    scale,
    geometry,
    palette: PALETTE,
  } as unknown as TrackScene;
  drawBands(pen, scene);
  expect(of("fillRect").map(({ args, fillStyle }) => [args[0], args[2], fillStyle])).toEqual([
    [0, 20, "m1"],
    [100, 40, "m2"],
    [140, 20, "m2"],
  ]);
  expect(pen.globalAlpha).toBe(1);
});

test("what is pointed at has bands as wide as its sites, cut at the view's edges, and never too thin to see", () => {
  const { pen, of } = recorder();
  const geometry = trackGeometry({ seqlets: true, hits: true });
  const scale = new BaseScale({ start: 10, end: 30 }, 50, 250);
  const scene = { scale, geometry, palette: PALETTE } as unknown as TrackScene;
  const spans = [
    [0, 5],
    [8, 12],
    [15, 15.05],
    [29, 40],
    [30, 31],
  ] as const;
  drawPointed(pen, spans, scene);
  expect(of("fill").map(({ fillStyle, globalAlpha }) => [fillStyle, globalAlpha])).toEqual([
    ["accent", 0.25],
  ]);
  expect(pen.globalAlpha).toBe(1);
  expect(of("rect").map(({ args }) => [args[0], args[2]])).toEqual([
    [50, 20],
    [100, 2],
    [240, 10],
  ]);
});

test("how many hits have no room is written within the gutter, however many there are", () => {
  const { pen, of } = recorder();
  const scale = new BaseScale({ start: 0, end: 50 }, 52, 500);
  const hidden = [
    { start: 3, end: 9, hits: 1234 },
    { start: 50, end: 60, hits: 7 },
  ];
  const geometry = trackGeometry({ seqlets: true, hits: true });
  const scene = { rects: [], scale, geometry, palette: PALETTE, hidden, dpr: 1 } as unknown as TrackScene;
  drawForeground(pen, scene);
  const [text, right, , width] = of("fillText").at(-1)!.args as [string, number, number, number];
  expect(text).toBe("1,234 more");
  expect(right - width).toBeGreaterThanOrEqual(2);
});

describe("the heights of a track", () => {
  test("are those of its letters, and of a lane for seqlets and three for hits", () => {
    const heights = (seqlets: boolean, hits: boolean) => {
      const { seqletLanes, hitLanes, lanesTop, height } = trackGeometry({ seqlets, hits });
      return [seqletLanes, hitLanes, lanesTop, height];
    };
    expect(heights(true, true)).toEqual([1, 3, 84, 84 + 4 * 16]);
    expect(heights(true, false)).toEqual([1, 0, 84, 84 + 16]);
    expect(heights(false, true)).toEqual([0, 3, 84, 84 + 3 * 16]);
    expect(heights(false, false)).toEqual([0, 0, 84, 84]);
    expect(trackGeometry({ seqlets: true, hits: true })).toMatchObject({ rowTops: [3], rowHeight: 74 });
  });

  test("hold several rows one above the other, with room for their names", () => {
    const { rowTops, rowHeight, lanesTop } = trackGeometry({ seqlets: true, hits: true }, 3);
    expect([rowTops, rowHeight, lanesTop]).toEqual([[8, 74, 140], 58, 205]);
  });

  test("have boxes in the middle of their lanes, hits under seqlets", () => {
    const topOf = (kind: Box["kind"], lane: number, seqlets = true): number =>
      laneTop({ kind, placement: { lane } } as Box, trackGeometry({ seqlets, hits: true }));
    expect([topOf("seqlet", 0), topOf("hit", 0), topOf("hit", 2)]).toEqual([86, 102, 134]);
    expect(topOf("hit", 0, false)).toBe(86);
  });
});

describe("a track", () => {
  const data: TrackData = {
    codes: Uint8Array.of(0, 1, 2, 3),
    observed: Float32Array.of(1, -0.5, 0.5, 0),
    hypothetical: null,
  };
  const scale = new BaseScale({ start: 0, end: 4 }, 52, 92);
  const scene = (over: Partial<TrackScene> = {}): TrackScene => ({
    rows: [{ name: "K562", data, range: [-0.5, 1] }],
    ...{ scale, origin: 0, rects: [], hidden: [], hypothetical: false },
    ...{ geometry: trackGeometry({ seqlets: true, hits: true }), palette: PALETTE, dpr: 1 },
    ...over,
  });
  const background = (over: Partial<TrackScene> = {}) => {
    const record = recorder();
    drawBackground(record.pen, scene(over));
    return record;
  };
  /** Upper edge and height of each letter. */
  const letters = ({ of }: ReturnType<typeof recorder>) =>
    of("setTransform").flatMap(({ args }) => {
      const [, , , share, , top] = args as number[];
      return share === 1 ? [] : [[top, share! * 100].map((px) => Math.round(px! * 1000) / 1000)];
    });

  test("leaves some air above its highest letter, and below the axis where letters hang", () => {
    // of 74 pixels 1.5 units with 4 % of air on both sides, from 3 on
    const px = 74 / 1.62;
    const round = (value: number): number => Math.round(value * 1000) / 1000;
    const at = (value: number): number => round(3 + (1.06 - value) * px);
    expect(letters(background())).toEqual([
      [at(1), round(px)],
      [at(-0.5), round(-0.5 * px)],
      [at(0.5), round(0.5 * px)],
    ]);
    const positive = background({ rows: [{ name: "", data, range: [0, 1] }] });
    expect(letters(positive)[0]).toEqual([round(3 + (0.04 * 74) / 1.04), round(74 / 1.04)]);
  });

  test("draws nothing beside the view: letters and boxes are cut", () => {
    const { calls } = background();
    const at = calls.findIndex(({ name }) => name === "clip");
    expect(calls.slice(at - 3, at + 1).map(({ name }) => name)).toEqual([
      "save",
      "beginPath",
      "rect",
      "clip",
    ]);
    expect(calls[at - 1]!.args).toEqual([52, 0, 40, 148]);
    expect(calls.at(-1)!.name).toBe("restore");
    const { pen, of } = recorder();
    drawForeground(pen, scene());
    expect(["save", "clip", "restore"].map((name) => of(name).length)).toEqual([1, 1, 1]);
  });

  test("has hairlines from its letters to its end, and none of it before its attributions have come", () => {
    const { calls } = background({ rows: [{ name: "K562", data: null, range: [0, 1] }] });
    expect(new Set(calls.filter(({ name }) => name === "moveTo").map(({ args }) => args[1]))).toEqual(
      new Set([3]),
    );
    expect(new Set(calls.filter(({ name }) => name === "lineTo").map(({ args }) => args[1]))).toEqual(
      new Set([148]),
    );
    expect(calls.some(({ name }) => name === "fillText" || name === "clip")).toBe(false);
  });

  test("names its rows where there are several, each in its place", () => {
    const rows = ["K562", "HepG2"].map((name) => ({ name, data, range: [-0.5, 1] as const }));
    const geometry = trackGeometry({ seqlets: true, hits: true }, 2);
    const named = (which: typeof rows) =>
      background({ rows: which, geometry })
        .of("fillText")
        .flatMap(({ args }) => (rows.some(({ name }) => name === args[0]) ? [args] : []));
    expect(named(rows)).toEqual([
      ["K562", 57, 4],
      ["HepG2", 57, 70],
    ]);
    expect(named(rows.slice(1))).toEqual([]);
  });

  test("names its lanes, and counts the hits in view that no lane has room for", () => {
    const names = (has: { seqlets: boolean; hits: boolean }, hidden: TrackScene["hidden"] = []) => {
      const { pen, of } = recorder();
      drawForeground(pen, scene({ geometry: trackGeometry(has), hidden }));
      return of("fillText").map(({ args }) => args.slice(0, 3));
    };
    const both = { seqlets: true, hits: true };
    const lanes = [
      ["seqlets", 45, 92.5],
      ["hits", 45, 108.5],
    ];
    expect(names(both)).toEqual(lanes);
    expect(names({ seqlets: false, hits: true })).toEqual([["hits", 45, 92.5]]);
    expect(names({ seqlets: true, hits: false })).toEqual([["seqlets", 45, 92.5]]);
    const hidden = [
      { start: -9, end: 0, hits: 100 },
      { start: -9, end: 1, hits: 1000 },
      { start: 3, end: 9, hits: 234 },
      { start: 4, end: 9, hits: 100 },
    ];
    expect(names(both, hidden)).toEqual([...lanes, ["1,234 more", 45, 140.5]]);
  });
});
