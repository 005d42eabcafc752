// A pen in CSS pixels on a canvas as sharp as the screen.
import { expect, test } from "vitest";
import { crisp, preparePen } from "../../src/draw/pen.ts";
import { recorder } from "../recorder.ts";

function canvasOf(width: number, height: number) {
  const { pen, calls } = recorder();
  const resized: string[] = [];
  const size = { width, height };
  const canvas = {
    get width() {
      return size.width;
    },
    set width(to) {
      resized.push(`width ${to}`);
      size.width = to;
    },
    get height() {
      return size.height;
    },
    set height(to) {
      resized.push(`height ${to}`);
      size.height = to;
    },
    getContext: () => pen,
  };
  return { canvas: canvas as unknown as HTMLCanvasElement, pen, calls, resized };
}

test("a canvas gets the screen's pixels, is emptied, and is drawn on in CSS pixels", () => {
  const { canvas, pen, calls, resized } = canvasOf(300, 150);
  expect(preparePen(canvas, 100.4, 50, 1.5)).toBe(pen);
  expect(resized).toEqual(["width 151", "height 75"]);
  expect(calls.map(({ name, args }) => [name, args])).toEqual([
    ["setTransform", [1.5, 0, 0, 1.5, 0, 0]],
    ["clearRect", [0, 0, 100.4, 50]],
  ]);
});

test("a canvas of the right size is not made anew, which would cost as much as drawing", () => {
  const { canvas, resized } = canvasOf(200, 100);
  preparePen(canvas, 100, 50, 2);
  expect(resized).toEqual([]);
  preparePen(canvas, 100, 51, 2);
  expect(resized).toEqual(["height 102"]);
});

test("without a context there is nothing to draw with", () => {
  const canvas = { width: 1, height: 1, getContext: () => null } as unknown as HTMLCanvasElement;
  expect(preparePen(canvas, 10, 10, 1)).toBeNull();
});

test("hairlines lie in the middle of device pixels", () => {
  expect([0, 10.2, 10.9].map((px) => crisp(px, 1))).toEqual([0.5, 10.5, 10.5]);
  expect([10.2, 10.5].map((px) => crisp(px, 2))).toEqual([10.25, 10.75]);
});
