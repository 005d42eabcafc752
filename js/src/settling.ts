// Once nothing moves: the kernel confirms what is shown, and says what it alone can know.
import { ask, difference, keyOf } from "./answers.ts";
import type { Dataset } from "./dataset.ts";
import type { Store } from "./store.ts";
import type { Control, Query } from "./wire.ts";

export async function settle(store: Store, query: Query, sequences: readonly number[]): Promise<void> {
  const dataset = store.dataset.peek();
  const isCurrent = (): boolean =>
    store.dataset.peek() === dataset && keyOf(store.query.peek()) === keyOf(query);
  if (!dataset) return;
  store.history.remember(query);
  const { answers } = store;
  const isBelow = query.attribution_threshold < dataset.floor;
  const questions = [
    () => answers.confirm(query),
    () => isBelow && askForFurtherHits(store, dataset, sequences),
    () => isBelow && answers.prepare(dataset, query, "attribution"),
    () => dataset.manifest.has.hits && answers.look(dataset, query),
    () => dataset.manifest.has.null && answers.expect(query),
  ];
  for (const question of questions) {
    if (!isCurrent()) return;
    try {
      await question();
    } catch {
      // a page holds few answers; what it lacks is said where it would stand
    }
  }
  if (!isCurrent()) return;
  check(store, dataset, query);
  store.settled.value = true;
}

/** Compares the browser's numbers with the kernel's. */
function check(store: Store, dataset: Dataset, query: Query): void {
  const confirmed = store.answers.confirmed.peek();
  const counts = store.counts.peek();
  if (!counts || confirmed?.key !== keyOf(query)) return;
  const found = difference(counts, confirmed, dataset.manifest.motif_names);
  store.problem.value =
    found && `The kernel counts differently (${found}). Run the cell again; if it stays, please report it.`;
}

async function askForFurtherHits(
  store: Store,
  dataset: Dataset,
  sequences: readonly number[],
): Promise<void> {
  for (const sequence of sequences) {
    if (dataset.hasAllHitsOf(sequence)) continue;
    const { columns } = await ask(store.host, "hits", { sequence });
    if (store.dataset.peek() !== dataset) return;
    // they may have come meanwhile, asked for from where the sliders stood before
    if (dataset.hasAllHitsOf(sequence)) continue;
    dataset.addHits(sequence, columns);
    store.further.value++;
  }
}

/** The pointer is over a slider: the kernel prepares its counts where those here do not suffice. */
export function anticipate(store: Store, control: Control): void {
  const dataset = store.dataset.peek();
  if (!dataset?.hasHits || store.host.source.peek() !== "kernel") return;
  const { attribution_threshold: threshold } = store.query.peek();
  if (dataset.floor === 0 || (control === "p" && threshold >= dataset.floor)) return;
  void store.answers.prepare(dataset, store.query.peek(), control).catch(() => {});
}
