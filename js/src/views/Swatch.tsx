import { markerPath } from "../draw/marker.ts";

/** The colour and shape of a selected motif. */
export function Swatch({ slot }: { slot: number }) {
  return (
    <svg
      class="nbm-swatch"
      viewBox="-6 -6 12 12"
      aria-hidden="true"
      style={{ color: `var(--nbm-motif-${slot + 1})` }}
    >
      <path d={markerPath(slot, 4.4)} />
    </svg>
  );
}
