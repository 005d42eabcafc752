// The way of a data set to the page: what few bytes say at once, then the hits, however many there are.
import { ask } from "./answers.ts";
import { Dataset } from "./dataset.ts";
import type { Host } from "./host.ts";
import type { Manifest } from "./wire.ts";

/** So many hits load in a blink: the view waits for them. */
const SHOWN_WHOLE = 50_000;

/** Of many hits the names, motifs and seqlets come first; then all of it. */
export async function* loadDataset(
  host: Host,
  manifest: Manifest,
  aborted: AbortSignal,
  onHits: (done: number) => void,
): AsyncGenerator<{ dataset: Dataset; rev: number }> {
  const { columns, message } = await ask(host, "load", {}, aborted);
  const rev = Number(message.rev);
  if (manifest.n_hits > SHOWN_WHOLE) yield { dataset: new Dataset(manifest, columns), rev };
  let done = 0;
  const tail = await ask(host, "tail", {}, aborted, (pieces) => {
    for (const { name, length } of pieces) if (name === "hit_attribution") done += length;
    onHits(done);
  });
  yield { dataset: new Dataset(manifest, columns, tail.columns), rev };
}
