// Own outlines in a box of 100 by 100: the same letters in every font setup, stretched by a transform.
// Measured against fillText, an atlas and one merged path, a cached Path2D per letter was the fastest beyond a few
// hundred glyphs, without fillText's cliff above a thousand.
import type { Pen } from "./pen.ts";

/** A C G T N; filled by the even-odd rule, so that the hole of A is a hole. */
export const OUTLINES: readonly string[] = [
  "M0 100L36 0H64L100 100H78L70.5 78H29.5L22 100ZM35 61H65L50 16Z",
  "M100 65C96 88 79 100 53 100C20 100 0 81 0 50C0 19 20 0 53 0C79 0 96 12 100 35L78 38C75 25 66 18 53 18C34 18 22 30 22 50C22 70 34 82 53 82C66 82 75 75 78 62Z",
  "M100 47V87C88 96 73 100 55 100C20 100 0 81 0 50C0 19 20 0 54 0C79 0 95 11 99 32L77 36C74 24 66 18 54 18C34 18 22 30 22 50C22 70 34 82 55 82C64 82 72 80 79 76V64H55V47Z",
  "M0 0H100V19H61V100H39V19H0Z",
  "M0 100V0H23L77 67V0H100V100H77L23 33V100Z",
];

let paths: Path2D[] | undefined;

/** One stretched letter; `height` below 0 draws it upside down, hanging from `y`. */
export function drawLetter(
  pen: Pen,
  base: number,
  x: number,
  y: number,
  width: number,
  height: number,
  dpr: number,
): void {
  paths ??= OUTLINES.map((outline) => new Path2D(outline));
  const top = height < 0 ? y - height : y;
  pen.setTransform((dpr * width) / 100, 0, 0, (dpr * height) / 100, dpr * x, dpr * top);
  pen.fill(paths[base], "evenodd");
}

/** The outline in another box, in whole numbers. */
export function stretched(outline: string, x: number, y: number, width: number, height: number): string {
  let isX: boolean;
  return outline.replace(/[A-Z]|[\d.]+/g, (token) => {
    // after H and V comes one number, after other commands come pairs
    if (token >= "A") {
      isX = token !== "V";
      return token;
    }
    const moved = isX ? x + (Number(token) / 100) * width : y + (Number(token) / 100) * height;
    isX = !isX;
    return String(Math.round(moved));
  });
}
