// A motif's logo: letters as high as their share of the column's information.
import { OUTLINES, stretched } from "./letters.ts";

/** Bits of each column, 0 to 2. */
export function informationContent(pwm: Uint8Array): Float32Array {
  const bits = new Float32Array(pwm.length / 4);
  for (let column = 0; column < bits.length; column++) {
    const counts = pwm.subarray(4 * column, 4 * column + 4);
    const total = counts[0] + counts[1] + counts[2] + counts[3];
    let entropy = 0;
    for (const n of counts) if (n > 0) entropy -= (n / total) * Math.log2(n / total);
    bits[column] = total > 0 ? 2 - entropy : 0;
  }
  return bits;
}

/** Units of a path per pixel: whole numbers are short, and as fine as any screen. */
export const UNITS = 20;

/** The outlines of a motif's letters, A C G T, in `width` by `height` pixels and columns no wider than `maxColumn`. */
export function motifPaths(pwm: Uint8Array, width: number, height: number, maxColumn: number): string[] {
  const bits = informationContent(pwm);
  const columnWidth = Math.min(maxColumn, width / bits.length);
  const bases = [0, 1, 2, 3];
  const paths = ["", "", "", ""];
  for (let column = 0; column < bits.length; column++) {
    const counts = pwm.subarray(4 * column, 4 * column + 4);
    const total = counts[0] + counts[1] + counts[2] + counts[3];
    bases.sort((a, b) => counts[a] - counts[b]);
    let bottom = height;
    for (const base of bases) {
      const letterHeight = total > 0 ? (counts[base] / total) * (bits[column] / 2) * height : 0;
      if (letterHeight < 0.3) continue;
      bottom -= letterHeight;
      paths[base] += stretched(
        OUTLINES[base],
        UNITS * (column + 0.02) * columnWidth,
        UNITS * bottom,
        UNITS * 0.96 * columnWidth,
        UNITS * letterHeight,
      );
    }
  }
  return paths;
}
