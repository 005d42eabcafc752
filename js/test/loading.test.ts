// The way of a data set to the page.
import { describe, expect, test } from "vitest";
import { loadDataset } from "../src/loading.ts";
import { AskedHost } from "./askedHost.ts";
import { SMALL } from "./study.ts";
import { makeStudy } from "./synthetic.ts";

const { manifest, columns, hits } = makeStudy({ ...SMALL, nHits: 12 });
const signal = new AbortController().signal;

/** A study of so many hits on its way, and what was said of its hits. */
function load(nHits: number) {
  const { host, asked } = new AskedHost();
  const seen: number[] = [];
  const steps = loadDataset(host, { ...manifest, n_hits: nHits }, signal, (done) => seen.push(done));
  const answerFirst = () => asked[0]!.answer(Object.fromEntries(columns), { rev: 7 });
  return { asked, seen, steps, answerFirst };
}

describe("a data set", () => {
  test("of few hits is shown when they are here", async () => {
    const { asked, seen, steps, answerFirst } = load(12);
    const next = steps.next();
    await answerFirst();
    expect(asked.map(({ name }) => name)).toEqual(["load", "tail"]);
    await asked[1]!.answer(Object.fromEntries(hits));
    const { dataset, rev } = (await next).value!;
    expect([dataset.hasHits, dataset.hits.motif.length, rev]).toEqual([true, 12, 7]);
    expect((await steps.next()).done).toBe(true);
    // a hit has come with its attribution: what else is said of it is not counted again
    expect([...new Set(seen)]).toEqual([0, 12]);
  });

  test.each([
    [50_000, true],
    [50_001, false],
  ])("of %i hits is shown at once with all of them: %s", async (nHits, isWhole) => {
    const { asked, steps, answerFirst } = load(nHits);
    const next = steps.next();
    await answerFirst();
    expect(asked.map(({ name }) => name)).toEqual(isWhole ? ["load", "tail"] : ["load"]);
    if (isWhole) return;
    const { dataset, rev } = (await next).value!;
    expect([dataset.hasHits, dataset.manifest.n_motifs, rev]).toEqual([false, SMALL.nMotifs, 7]);
  });
});
