// Attributions of single sequences, fetched when a track is shown and kept while there is room.
import { type Signal, signal } from "@preact/signals";
import { type Bytes, toTyped } from "./decode.ts";
import { messageOf } from "./format.ts";
import type { Host } from "./host.ts";

export interface TrackData {
  /** 0..3 for A C G T, 4 for N. */
  codes: Uint8Array;
  /** Attribution of the base that is there. */
  observed: Float32Array;
  /** Attribution that each base would have, A row first; null until asked for. */
  hypothetical: Float32Array | null;
}

export type TrackState =
  | { phase: "loading" }
  | { phase: "ready"; data: TrackData }
  | { phase: "error"; message: string };

const KEPT = 96;

export class TrackCache {
  readonly #host: Host;
  readonly #length: () => number;
  readonly #states = new Map<string, Signal<TrackState>>();
  readonly #asked = new Set<string>();
  /** Of these there are no hypothetical scores. */
  readonly #withoutHypothetical = new Set<string>();
  #epoch = 0;

  constructor(host: Host, length: () => number) {
    this.#host = host;
    this.#length = length;
  }

  /** The state of a sequence in one set of attributions; asks the host for what is missing, once. */
  get(sequence: number, hypothetical: boolean, set = 0): Signal<TrackState> {
    const key = `${sequence} ${set}`;
    const known = this.#states.get(key);
    const state = known ?? signal<TrackState>({ phase: "loading" });
    // most recently used last
    this.#states.delete(key);
    this.#states.set(key, state);
    const current = state.peek();
    const lacksHypothetical =
      hypothetical &&
      current.phase === "ready" &&
      !current.data.hypothetical &&
      !this.#withoutHypothetical.has(key);
    if (!known || lacksHypothetical) void this.#fetch(sequence, hypothetical, set, state);
    this.#forgetOldest();
    return state;
  }

  /** Asks again for what could not be had of a sequence. */
  retry(sequence: number, hypothetical: boolean): void {
    for (const [key, state] of this.#states) {
      const [of, set] = key.split(" ").map(Number);
      if (of === sequence && state.peek().phase === "error")
        void this.#fetch(sequence, hypothetical, set!, state);
    }
  }

  clear(): void {
    this.#epoch++;
    this.#states.clear();
    this.#asked.clear();
    this.#withoutHypothetical.clear();
  }

  async #fetch(
    sequence: number,
    hypothetical: boolean,
    set: number,
    state: Signal<TrackState>,
  ): Promise<void> {
    const question = `${sequence} ${hypothetical} ${set}`;
    if (this.#asked.has(question)) return;
    this.#asked.add(question);
    const epoch = this.#epoch;
    try {
      const { buffers } = await this.#host.request("track", { sequence, hypothetical, set });
      const data = decodeTrack(buffers, this.#length());
      if (hypothetical && !data.hypothetical) this.#withoutHypothetical.add(`${sequence} ${set}`);
      // an answer without hypothetical scores must not replace a later one that has them
      const current = state.peek();
      const poorer = current.phase === "ready" && current.data.hypothetical && !data.hypothetical;
      if (epoch === this.#epoch && !poorer) state.value = { phase: "ready", data };
    } catch (error) {
      if (epoch === this.#epoch) {
        state.value = { phase: "error", message: messageOf(error) };
      }
    } finally {
      if (epoch === this.#epoch) this.#asked.delete(question);
    }
  }

  #forgetOldest(): void {
    for (const key of this.#states.keys()) {
      if (this.#states.size <= KEPT) break;
      this.#states.delete(key);
    }
  }
}

export function decodeTrack(buffers: readonly Bytes[], length: number): TrackData {
  const [codes, observed, hypothetical] = buffers;
  const track = {
    codes: toTyped("u8", codes),
    observed: toTyped("f32", observed),
    hypothetical: hypothetical ? toTyped("f32", hypothetical) : null,
  };
  const sizes = [track.codes.length, track.observed.length, (track.hypothetical?.length ?? 4 * length) / 4];
  if (sizes.some((size) => size !== length)) {
    throw new Error(`A track of ${length} bases came with ${sizes.join(", ")} values.`);
  }
  return track;
}
