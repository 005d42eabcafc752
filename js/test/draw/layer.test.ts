// A picture that is kept as long as what it shows does not change.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Layer } from "../../src/draw/layer.ts";
import type { Pen } from "../../src/draw/pen.ts";
import { recorder } from "../recorder.ts";

const copies: { width: number; height: number; pen: Pen }[] = [];

beforeEach(() => {
  copies.length = 0;
  vi.stubGlobal("document", {
    createElement() {
      const { pen } = recorder();
      const canvas = { width: 300, height: 150, pen, getContext: () => pen };
      copies.push(canvas);
      return canvas;
    },
  });
});
afterEach(() => {
  vi.unstubAllGlobals();
});

/** Paints these frames; says of each whether it was drawn straight, drawn into a copy, or only copied. */
function paint(frames: readonly (readonly unknown[])[]): string[] {
  const layer = new Layer();
  const { pen, of } = recorder();
  return frames.map((inputs) => {
    const drawnOn: Pen[] = [];
    const before = of("drawImage").length;
    layer.paint(pen, inputs, 100, 50, 2, (onto) => drawnOn.push(onto));
    const images = of("drawImage").slice(before);
    expect(images.map(({ args }) => args)).toEqual(images.map(() => [copies.at(-1), 0, 0, 100, 50]));
    const how = drawnOn.map((onto) =>
      onto === pen ? "straight" : onto === copies.at(-1)!.pen ? "copy" : "?",
    );
    return [...how, ...images.map(() => "shown")].join(", ");
  });
}

test("what changes from frame to frame is drawn straight, and what stays from a copy made once", () => {
  const data = {};
  expect(paint([[1], [2], [2], [2], [3], [3], [3]])).toEqual([
    ...["straight", "straight", "copy, shown", "shown"],
    ...["straight", "copy, shown", "shown"],
  ]);
  expect(copies.length).toBe(1);
  // as sharp as the screen
  expect([copies[0]!.width, copies[0]!.height]).toEqual([200, 100]);
  expect(paint([[1, data], [1, {}], [1, data], [1], [1, data], [1, data]])).toEqual([
    ...["straight", "straight", "straight", "straight", "straight", "copy, shown"],
  ]);
});
