// The whole sequence at a glance: one row of colour per track, and the window that the tracks show.
import type { TrackData } from "../tracks.ts";
import type { Palette, Pen } from "./pen.ts";

interface OverviewLayout {
  left: number;
  right: number;
  top: number;
  rowHeight: number;
  /** The last base is on the left. */
  flipped: boolean;
}

/** Draws row after row; a column is as dark as its strongest |attribution|. */
export function drawOverview(
  pen: Pen,
  tracks: readonly (TrackData | null)[],
  length: number,
  { left, right, top, rowHeight, flipped }: OverviewLayout,
  palette: Palette,
): void {
  const columns = Math.max(1, Math.round(right - left));
  tracks.forEach((data, row) => {
    const y = top + row * rowHeight;
    pen.globalAlpha = 1;
    pen.fillStyle = palette.grid;
    pen.fillRect(left, y, right - left, rowHeight - 1);
    if (!data) return;
    const strength = columnStrength(data.observed, length, columns);
    pen.fillStyle = palette.text;
    // a few shades, each filled at once
    const shades = 8;
    for (let shade = 1; shade <= shades; shade++) {
      pen.globalAlpha = 0.9 * (shade / shades);
      pen.beginPath();
      for (let column = 0; column < columns; column++) {
        const at = flipped ? columns - 1 - column : column;
        if (Math.ceil(strength[at] * shades) === shade) pen.rect(left + column, y, 1, rowHeight - 1);
      }
      pen.fill();
    }
  });
  pen.globalAlpha = 1;
}

/** Largest |value| per column, as a share of the largest of all; 0 to 1. */
export function columnStrength(observed: Float32Array, length: number, columns: number): Float32Array {
  const strength = new Float32Array(columns);
  let max = 0;
  for (let i = 0; i < length; i++) {
    const column = Math.min(columns - 1, Math.floor((i * columns) / length));
    const size = Math.abs(observed[i]);
    if (size > strength[column]) strength[column] = size;
    if (size > max) max = size;
  }
  if (max > 0) for (let column = 0; column < columns; column++) strength[column] = strength[column] / max;
  return strength;
}
