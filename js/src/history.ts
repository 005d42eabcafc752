// The thresholds that were settled on, to go back to.
import { type Signal, signal } from "@preact/signals";
import { keyOf } from "./answers.ts";
import type { Query } from "./wire.ts";

const MOST = 100;

export class History {
  readonly canUndo: Signal<boolean> = signal(false);
  readonly #settled: Query[] = [];

  remember(query: Query): void {
    if (!this.#isLast(query)) this.#settled.push(query);
    if (this.#settled.length > MOST) this.#settled.shift();
    this.canUndo.value = this.#settled.length > 1;
  }

  /** Steps back from the present thresholds; undefined where there is nothing before them. */
  before(present: Query): Query | undefined {
    if (this.#isLast(present)) this.#settled.pop();
    this.canUndo.value = this.#settled.length > 1;
    return this.#settled.at(-1);
  }

  #isLast(query: Query): boolean {
    const last = this.#settled.at(-1);
    return last !== undefined && keyOf(last) === keyOf(query);
  }
}
