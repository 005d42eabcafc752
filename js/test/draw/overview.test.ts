// The whole sequence at a glance.
import { expect, test } from "vitest";
import { columnStrength, drawOverview } from "../../src/draw/overview.ts";
import type { TrackData } from "../../src/tracks.ts";
import { PALETTE, recorder } from "../recorder.ts";

test("the overview's columns hold the strongest of their bases", () => {
  expect([...columnStrength(Float32Array.of(0.1, -1, 0, 0.5), 4, 2)]).toEqual([1, 0.5]);
  expect([...columnStrength(new Float32Array(4), 4, 2)]).toEqual([0, 0]);
});

test("more columns than bases leave none beyond the last", () => {
  expect([...columnStrength(Float32Array.of(2, -1), 2, 5)]).toEqual([1, 0, 0.5, 0, 0]);
  expect([...columnStrength(Float32Array.of(1, -2, 1, 1, 0.5), 5, 2)]).toEqual([1, 0.5]);
});

test.each([
  [false, [52, 54, 55]],
  [true, [55, 53, 52]],
])("each track is a row, a column as dark as its strongest base, flipped: %s", (flipped, columns) => {
  const { pen, of } = recorder();
  const data = { observed: Float32Array.of(0, -0.8, 0, 0, 0.15, 0, 0.35, 0) } as TrackData;
  drawOverview(pen, [null, data], 8, { left: 52, right: 56, top: 3, rowHeight: 7, flipped }, PALETTE);
  // the ground of both rows, also while one loads
  expect(of("fillRect").map(({ args, fillStyle, globalAlpha }) => [...args, fillStyle, globalAlpha])).toEqual(
    [
      [52, 3, 4, 6, "grid", 1],
      [52, 10, 4, 6, "grid", 1],
    ],
  );
  const [strong, weak, medium] = columns;
  const shaded = of("rect").map(({ args, globalAlpha }) => [...args, globalAlpha.toFixed(4)]);
  // eighths of the strongest, upwards
  expect(shaded).toEqual([
    [weak, 10, 1, 6, (0.9 / 4).toFixed(4)],
    [medium, 10, 1, 6, (0.9 / 2).toFixed(4)],
    [strong, 10, 1, 6, "0.9000"],
  ]);
  expect(new Set(of("fill").map(({ fillStyle }) => fillStyle))).toEqual(new Set(["text"]));
  // each shade is a path of its own
  expect([of("beginPath").length, of("fill").length, pen.globalAlpha]).toEqual([8, 8, 1]);
});
