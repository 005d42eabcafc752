// What the kernel is asked once nothing moves.
import { signal } from "@preact/signals";
import { describe, expect, test } from "vitest";
import { Answers } from "../src/answers.ts";
import { type Counts, count } from "../src/counts.ts";
import { Dataset } from "../src/dataset.ts";
import { Columns } from "../src/decode.ts";
import { cutTree } from "../src/families.ts";
import { History } from "../src/history.ts";
import type { Source } from "../src/host.ts";
import { anticipate, settle } from "../src/settling.ts";
import type { Store } from "../src/store.ts";
import type { Control, Query } from "../src/wire.ts";
import { AskedHost } from "./askedHost.ts";
import { byHand, hitColumns, SMALL, toColumns } from "./study.ts";
import { makeStudy } from "./synthetic.ts";

const strong = { start: 50, attribution: 0.75 };
const weak = { start: 10, attribution: 0.25 };
const query: Query = {
  ...{ attribution_threshold: 0.5, fimo_p_threshold: 1e-4, seqlet_p_threshold: 1, tomtom_p_threshold: 1 },
  ...{ sign: "+", window: null, sequence_filter: null, sequence: null, count_mode: "hits" },
  family_similarity: 1,
};
const loose: Query = { ...query, attribution_threshold: 0.125 };

/** A store at a query, and its kernel. */
function open(at: Query) {
  const kernel = new AskedHost();
  const dataset = byHand({
    widths: [8],
    hits: [strong],
    nSequences: 3,
    manifest: { floor: 0.5, n_hits_total: 2 },
  });
  const store = {
    host: kernel.host,
    answers: new Answers(kernel.host),
    history: new History(),
    dataset: signal<Dataset>(dataset),
    query: signal(at),
    counts: signal<Counts | null>(null),
    problem: signal("before"),
    settled: signal(false),
    further: signal(0),
  };
  const start = (sequences: number[] = []) => settle(store as unknown as Store, store.query.value, sequences);
  const names = () => kernel.asked.map(({ name, params }) => `${name} ${params.sequence ?? ""}`.trim());
  return { store, dataset, asked: kernel.asked, start, names };
}

const counted = (n: number) => ({
  count: Float64Array.of(n, n),
  sequences: Uint32Array.of(n, n),
  seqlets: Uint32Array.of(0),
  totals: Float64Array.of(n, n),
});

describe("settle", () => {
  test("asks one question after the other, goes on where one has no answer, and is settled then", async () => {
    const { store, asked, start, names } = open(query);
    store.dataset.value.manifest.has.null = true;
    void start();
    expect(names()).toEqual(["count"]);
    await asked[0]!.refuse("not in the page");
    expect(names()).toEqual(["count", "background"]);
    await asked[1]!.answer({});
    expect([names().at(-1), store.settled.value]).toEqual(["chance", false]);
    await asked[2]!.answer({ expected: Float64Array.of(1, 1) });
    expect([names().length, store.settled.value]).toEqual([3, true]);
  });

  test("asks nothing more of thresholds that have moved", async () => {
    const { store, asked, start, names } = open(query);
    void start();
    store.query.value = loose;
    await asked[0]!.answer(counted(1));
    expect([names(), store.settled.value]).toEqual([["count"], false]);
  });

  test("has settled nothing when thresholds move before the last answer", async () => {
    const { store, asked, start } = open(query);
    store.dataset.value.manifest.has.null = true;
    void start();
    await asked[0]!.answer(counted(7));
    await asked[1]!.answer({});
    store.query.value = loose;
    await asked[2]!.answer({ expected: Float64Array.of(1, 1) });
    expect([store.settled.value, store.problem.value]).toEqual([false, "before"]);
  });

  test.each([
    [1, ""],
    [
      2,
      "The kernel counts differently (count of GATA.H12: 1 here, 2 there). Run the cell again; if it stays, please report it.",
    ],
  ])("says so where the kernel counts %d and the page 1", async (n, expected) => {
    const { store, dataset, asked, start } = open(query);
    const thresholds = { ...{ attribution: 0.5, fimoP: 1e-4, seqletP: 1, tomtomP: 1, sign: "+" as const } };
    store.counts.value = count(
      dataset,
      { ...thresholds, window: null, allowed: null },
      cutTree(dataset, 1),
      "hits",
    );
    void start();
    await asked[0]!.answer(counted(n));
    await asked[1]!.answer({});
    expect(store.problem.value).toBe(expected);
  });
});

describe("below the floor", () => {
  const hits = hitColumns([strong, weak], [8]);

  test("the hits of the sequences that are shown are asked for, each once", async () => {
    const { dataset, asked, start, names } = open(loose);
    void start([0, 2]);
    await asked[0]!.answer(counted(2));
    await asked[1]!.answer(hits);
    await asked[2]!.answer(hits);
    expect(names()).toEqual(["count", "hits 0", "hits 2", "profile"]);
    expect(dataset.hasAllHitsOf(2)).toBe(true);
    expect(dataset.strongestHits(0).length).toBe(2);
  });

  test("the hits of a sequence that are here already are not asked for", async () => {
    const { dataset, asked, start, names } = open(loose);
    dataset.addHits(0, toColumns(hits));
    void start([0, 1]);
    await asked[0]!.answer(counted(2));
    expect(names()).toEqual(["count", "hits 1"]);
  });

  test("hits that come twice, as thresholds moved meanwhile, are added once", async () => {
    const { store, dataset, asked, start, names } = open(loose);
    void start([0]);
    await asked[0]!.answer(counted(2));
    store.query.value = { ...loose, sign: "both" };
    void start([0]);
    await asked[2]!.answer(counted(2));
    expect(names()).toEqual(["count", "hits 0", "count", "hits 0"]);
    await asked[1]!.answer(hits);
    await asked[3]!.answer(hits);
    expect([dataset.strongestHits(0).length, dataset.hits.motif.length, store.further.value]).toEqual([
      2, 2, 1,
    ]);
  });

  test("nothing more is asked or added when other data have come", async () => {
    const { store, dataset, asked, start, names } = open(loose);
    void start([0, 2]);
    await asked[0]!.answer(counted(2));
    store.dataset.value = byHand({ widths: [8], hits: [strong] });
    await asked[1]!.answer(hits);
    expect([names(), dataset.hits.motif.length, store.further.value]).toEqual([["count", "hits 0"], 1, 0]);
  });
});

describe("when the pointer reaches a slider", () => {
  interface Way {
    floor?: number;
    source?: Source;
    hasHits?: boolean;
  }
  function reach(at: Query, control: Control, { floor = 0.5, source = "kernel", hasHits = true }: Way = {}) {
    const opened = open(at);
    const { store, dataset } = opened;
    Object.assign(store.host, { source: signal(source) });
    dataset.manifest.floor = floor;
    const { manifest, columns } = makeStudy({ ...SMALL, nSeqlets: 0 });
    if (!hasHits) store.dataset.value = new Dataset(manifest, new Columns(columns));
    anticipate(store as unknown as Store, control);
    return opened;
  }
  const askedFor = (...way: Parameters<typeof reach>) => reach(...way).names();

  test("of attributions the kernel counts at all stops below the floor, wherever it stands", () => {
    expect(askedFor(query, "attribution")).toEqual(["profile"]);
    expect(askedFor(loose, "attribution")).toEqual(["profile"]);
  });

  test("of p values the kernel counts where hits below the floor are asked for", () => {
    expect(askedFor(query, "p")).toEqual([]);
    expect(askedFor(loose, "p")).toEqual(["profile"]);
  });

  test.each(["attribution", "p"] as const)(
    "of %s nothing is asked where the page knows, or no kernel is",
    (control) => {
      const ways: Way[] = [{ floor: 0 }, { source: "gone" }, { source: "page" }, { hasHits: false }];
      for (const way of ways) expect(askedFor(loose, control, way), JSON.stringify(way)).toEqual([]);
    },
  );

  test("an answer that does not come is nobody's trouble", async () => {
    const { store, asked } = reach(loose, "attribution");
    await asked[0]!.refuse("busy");
    expect(store.problem.value).toBe("before");
  });
});
