// A pen that writes down what it is told: canvas code is tested without a canvas.
import type { Palette, Pen } from "../src/draw/pen.ts";

export interface Call {
  name: string;
  args: unknown[];
  fillStyle: unknown;
  strokeStyle: unknown;
  globalAlpha: number;
}

const METHODS = [
  "beginPath",
  "closePath",
  "moveTo",
  "lineTo",
  "rect",
  "fillRect",
  "arc",
  "fill",
  "stroke",
  "fillText",
  "setTransform",
  "setLineDash",
  "clearRect",
  "save",
  "restore",
  "clip",
  "drawImage",
] as const;

export function recorder(): { pen: Pen; calls: Call[]; of: (name: string) => Call[] } {
  const calls: Call[] = [];
  const pen: Record<string, unknown> = {
    fillStyle: "",
    strokeStyle: "",
    globalAlpha: 1,
    lineWidth: 1,
    font: "",
  };
  for (const name of METHODS) {
    pen[name] = (...args: unknown[]): void => {
      const { fillStyle, strokeStyle, globalAlpha } = pen;
      calls.push({ name, args, fillStyle, strokeStyle, globalAlpha: globalAlpha as number });
    };
  }
  pen.measureText = (text: string) => ({ width: 6 * text.length });
  return { pen: pen as unknown as Pen, calls, of: (name) => calls.filter((call) => call.name === name) };
}

export const PALETTE: Palette = {
  text: "text",
  muted: "muted",
  line: "line",
  grid: "grid",
  surface: "surface",
  hit: "hit",
  seqlet: "seqlet",
  onBox: "onBox",
  accent: "accent",
  bases: ["A", "C", "G", "T", "N"],
  motifs: ["m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8"],
  font: "sans-serif",
};

/** Node has no Path2D; the outline stands for itself. */
export class FakePath2D {
  readonly outline: string;
  constructor(outline: string) {
    this.outline = outline;
  }
}
