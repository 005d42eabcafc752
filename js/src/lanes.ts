// Boxes in a bounded number of lanes: those that come first get the best place, the rest are counted.

interface LaneItem {
  /** Pixels of the box. */
  left: number;
  right: number;
  /** Pixels its label needs beside or inside the box; 0 for none. */
  label: number;
}

export interface Placement {
  lane: number;
  /** Where the label goes. */
  label: "inside" | "beside" | "none";
}

/** Air between two neighbours in a lane. */
const GAP = 5;
/** Air on both sides of a label inside its box. */
const LABEL_PADDING = 8;

/** Sorted, disjoint intervals. */
class Lane {
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];

  #indexOf(x: number): number {
    let low = 0;
    let high = this.#ends.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#ends[middle] <= x) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  isFree(left: number, right: number): boolean {
    const i = this.#indexOf(left);
    return i === this.#starts.length || this.#starts[i] >= right;
  }

  occupy(left: number, right: number): void {
    const i = this.#indexOf(left);
    this.#starts.splice(i, 0, left);
    this.#ends.splice(i, 0, right);
  }
}

/**
 * Places items in their given order: with the label if any lane has room for both, else without it, else not at
 * all (null). The result does not depend on what part of the sequence is visible, so panning moves no box between
 * lanes.
 */
export function packLanes(items: readonly LaneItem[], nLanes: number): (Placement | null)[] {
  const lanes = Array.from({ length: nLanes }, () => new Lane());
  const place = (left: number, right: number): number => {
    const lane = lanes.findIndex((candidate) => candidate.isFree(left, right + GAP));
    if (lane >= 0) lanes[lane].occupy(left, right + GAP);
    return lane;
  };
  return items.map(({ left, right, label }) => {
    const inside = label > 0 && right - left >= label + LABEL_PADDING;
    if (label > 0 && !inside) {
      const lane = place(left, right + LABEL_PADDING / 2 + label);
      if (lane >= 0) return { lane, label: "beside" };
    }
    const lane = place(left, right);
    return lane < 0 ? null : { lane, label: inside ? "inside" : "none" };
  });
}
