// What the views show, and what the kernel hears of it.
import { effect } from "@preact/signals";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { itemsOf } from "../src/families.ts";
import { AnywidgetHost, type Host, SAVE_DELAY_MS } from "../src/host.ts";
import { slotOf, toggleMotif, toggleRow } from "../src/marks.ts";
import { type LoadState, Store } from "../src/store.ts";
import { type Manifest, TRAIT_NAMES, type Traits } from "../src/wire.ts";
import { AskedHost } from "./askedHost.ts";
import { FakeModel } from "./fakeModel.ts";
import { SMALL } from "./study.ts";
import { defaultTraits, makeStudy } from "./synthetic.ts";

const study = makeStudy(SMALL);
const connect = (traits: Partial<Traits> = {}) => {
  const model = new FakeModel({ ...defaultTraits(study.manifest), ...traits }, study);
  return { model, host: new AnywidgetHost(model as never, TRAIT_NAMES) };
};

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

const open = async (traits: Partial<Traits> = {}) => {
  const { model, host } = connect(traits);
  const store = new Store(host);
  expect(model.sent).toEqual([]); // nothing may be asked while the host initializes
  store.start();
  await vi.advanceTimersByTimeAsync(1);
  return { model, store };
};

test("loads once, however many views start it", async () => {
  const { model, store } = await open();
  store.start();
  expect(model.sent.filter(({ name }) => name === "load").length).toBe(1);
  expect(store.load.value).toEqual({ phase: "ready" });
  expect(store.rev.value).toBe(1);
  expect(store.rows.value.length).toBe(14); // families
  store.set({ by_family: false });
  expect(store.rows.value.length).toBe(SMALL.nMotifs);
});

test("a threshold set by the kernel changes the counts", async () => {
  const { model, store } = await open();
  const before = store.counts.value!.nHits;
  model.set("attribution_threshold", 0.2);
  expect(store.counts.value!.nHits).toBeLessThan(before);
});

test("rows keep their places while a threshold is dragged, and are sorted on release", async () => {
  const { store } = await open();
  const before = [...store.rows.value];
  store.dragging.value = true;
  store.set({ attribution_threshold: 0.2 }, { settle: false });
  expect([...store.rows.value]).toEqual(before);
  store.dragging.value = false;
  expect([...store.rows.value]).not.toEqual(before);
});

test("a new revision is loaded, and the old one stays until it is there", async () => {
  const { model, store } = await open();
  const old = store.dataset.value;
  model.set("_rev", 2);
  expect(store.dataset.value).toBe(old);
  await vi.advanceTimersByTimeAsync(1);
  expect(store.rev.value).toBe(2);
  expect(store.dataset.value).not.toBe(old);
});

test("an answer that does not fit the manifest is an error in words", async () => {
  const { model, host } = connect();
  model.state._manifest = { ...study.manifest, n_hits: 7 };
  const store = new Store(host);
  store.start();
  await vi.advanceTimersByTimeAsync(1);
  expect(store.load.value).toEqual({
    phase: "error",
    message: 'Column "hit_attribution" must have 7 elements; it has 3000.',
  });
});

test("eight motifs can be marked, the ninth is refused in words", async () => {
  const { store } = await open();
  for (const name of study.manifest.motif_names.slice(0, 9)) toggleMotif(store, name);
  expect(store.traits.selected_motifs.value).toEqual(study.manifest.motif_names.slice(0, 8));
  expect(store.notice.value?.text).toContain("8 motifs can be marked");
  toggleMotif(store, study.manifest.motif_names[0]!);
  expect(store.selected.value).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(store.notice.value).toBeNull();
});

test("a marked family marks its motifs, which can have colours of their own", async () => {
  const { store } = await open();
  const { names, members } = store.families.value!;
  const family = names.findIndex((_, f) => itemsOf(members, f).length > 1);
  const own = [...itemsOf(members, family)];
  toggleRow(store, ~family);
  expect(store.traits.selected_motifs.value).toEqual([names[family]]);
  expect([...store.slots.value]).toEqual(own.map((motif) => [motif, 0]));
  toggleRow(store, own[1]!);
  expect(store.slots.value.get(own[1]!)).toBe(1);
  expect([slotOf(store, ~family), slotOf(store, own[0]!), slotOf(store, own[1]!)]).toEqual([0, -1, 1]);
  toggleRow(store, ~family);
  expect([...store.slots.value]).toEqual([[own[1]!, 0]]);
});

test("seqlets that no motif explains stay as they were while a threshold is dragged", async () => {
  const { store } = await open();
  const before = store.unexplained.value;
  expect(before.length).toBeGreaterThan(0);
  store.dragging.value = true;
  store.set({ seqlet_p_threshold: 1e-12 }, { settle: false });
  expect(store.unexplained.value).toBe(before);
  store.dragging.value = false;
  expect(store.unexplained.value).toEqual([]);
});

test("while a threshold is dragged each row knows where it would be", async () => {
  const { store } = await open();
  expect(store.places.value).toBeNull();
  store.dragging.value = true;
  store.set({ attribution_threshold: 0.2 }, { settle: false });
  const places = store.places.value!;
  store.dragging.value = false;
  expect([...store.rows.value].map((row) => places.get(row))).toEqual([...store.rows.value.keys()]);
});

test("thresholds can be taken back, one change after the other", async () => {
  const { store } = await open();
  const settle = () => vi.advanceTimersByTimeAsync(500);
  await settle();
  for (const attribution_threshold of [0.05, 0.2]) {
    store.set({ attribution_threshold });
    await settle();
  }
  const seen: number[] = [];
  while (store.history.canUndo.value) {
    store.undo();
    seen.push(store.traits.attribution_threshold.value);
    await settle();
  }
  expect(seen).toEqual([0.05, 0.01]);
});

test("a view that opens shows the sequences that it was left at", async () => {
  const { model, store } = await open({ _tracks: [3, 1] });
  expect(store.shownSequences.value).toEqual([3, 1]);
  vi.advanceTimersByTime(SAVE_DELAY_MS);
  expect(model.state._tracks).toEqual([3, 1]);
});

test("a filter of sequences, wherever it comes from, leads to sequences that it keeps", async () => {
  const { model, store } = await open();
  const last = store.manifest.n_sequences - 1;
  const before = store.shownSequences.value;
  expect(before).not.toContain(last);
  model.set("sequence_filter", [last]);
  expect(store.shownSequences.value).toEqual([last]);
  store.set({ sequence_filter: [1, 2] });
  expect([...store.shownSequences.value].sort()).toEqual([1, 2]);
  store.set({ sequence_filter: null });
  expect(store.shownSequences.value.length).toBe(before.length);
  // what Python asks for is shown, also beside what the filter keeps
  store.set({ sequence_filter: [1] });
  model.set("_tracks", [2]);
  expect(store.shownSequences.value).toEqual([2]);
});

test("the viewport reaches the kernel as whole bases, null for all", async () => {
  const { model, store } = await open();
  store.moveTo({ start: 10.3, end: 60.8 });
  vi.advanceTimersByTime(SAVE_DELAY_MS);
  expect(model.state.viewport).toEqual([10, 61]);
  expect(store.viewport.value).toEqual({ start: 10.3, end: 60.8 });
  store.moveTo({ start: -5, end: 9999 });
  vi.advanceTimersByTime(SAVE_DELAY_MS);
  expect(model.state.viewport).toBeNull();
});

test("with the last view the data go, and with the next one they come again", async () => {
  const { model, store } = await open();
  store.start(); // a second view
  store.leave();
  expect(store.dataset.value).not.toBeNull();
  store.leave();
  expect(store.dataset.value).toBeNull();
  const asked = () => model.sent.filter(({ name }) => name === "load").length;
  const before = asked();
  store.start();
  await vi.advanceTimersByTimeAsync(50);
  expect(asked()).toBe(before + 1);
  expect(store.dataset.value).not.toBeNull();
});

test("in one sequence alone everything is counted where it is chosen, whatever the filter", async () => {
  const { store } = await open({ attribution_threshold: 0, sign: "both" });
  const { hits, seqlets } = store.dataset.value!;
  const chosen = hits.sequence.at(-1)!;
  store.set({ sequence_filter: [0], sequence: chosen, _pinned: store.query.value });
  const own = hits.sequence.filter((s, h) => s === chosen && store.dataset.value!.hitP(h) < 1e-4);
  const ownSeqlets = seqlets.p.filter((p, q) => p < 0.01 && seqlets.sequence[q] === chosen);
  const { nHits, nSeqlets } = store.counts.value!;
  expect([nHits, nSeqlets]).toEqual([own.length, ownSeqlets.length]);
  expect(store.pinnedCounts.value!.nHits).toBe(own.length);
  store.set({ attribution_threshold: 0.3, tomtom_p_threshold: 1e-6 });
  expect(store.unexplained.value.length).toBeGreaterThan(0);
  expect(new Set(store.unexplained.value.map((q) => seqlets.sequence[q]))).toEqual(new Set([chosen]));
  // the tracks go on showing what the filter keeps
  expect(
    [...store.thresholds.value.allowed!.keys()].filter((s) => store.thresholds.value.allowed![s]),
  ).toEqual([0]);
});

test("what was dragged last is sent when the view goes", async () => {
  const { model, store } = await open();
  store.set({ attribution_threshold: 0.123 }, { settle: false });
  store.leave();
  expect(model.state.attribution_threshold).toBe(0.123);
});

test("thresholds to compare with are counted where all their hits are here, and not below", async () => {
  const { store } = await open({ _manifest: { ...study.manifest, floor: 0.05 } });
  expect(store.pinnedCounts.value).toBeNull();
  const pinned = { ...store.query.value, attribution_threshold: 0.05 };
  store.set({ _pinned: pinned, attribution_threshold: 0.2 });
  expect(store.pinnedCounts.value!.nHits).toBeGreaterThan(store.counts.value!.nHits);
  store.set({ _pinned: { ...pinned, attribution_threshold: 0.049 } });
  expect(store.pinnedCounts.value).toBeNull();
});

test("a track is asked for once, and again for its hypothetical scores", async () => {
  const { model, store } = await open();
  const asked = () => model.sent.filter(({ name }) => name === "track").map(({ params }) => params);
  store.tracks.get(2, false);
  store.tracks.get(2, false);
  await vi.advanceTimersByTimeAsync(1);
  expect(asked()).toEqual([{ sequence: 2, hypothetical: false, set: 0 }]);
  const state = store.tracks.get(2, true);
  store.tracks.get(2, true);
  await vi.advanceTimersByTimeAsync(1);
  expect(asked().length).toBe(2);
  expect(state.value.phase === "ready" && state.value.data.hypothetical?.length).toBe(4 * SMALL.length);
});

test("nothing is settled while a threshold moves, nor until the kernel was asked", async () => {
  const { store } = await open();
  await vi.advanceTimersByTimeAsync(500);
  expect(store.settled.value).toBe(true);
  store.dragging.value = true;
  expect(store.settled.value).toBe(false);
  await vi.advanceTimersByTimeAsync(500);
  expect(store.settled.value).toBe(false);
  store.dragging.value = false;
  await vi.advanceTimersByTimeAsync(200);
  expect(store.settled.value).toBe(false);
  await vi.advanceTimersByTimeAsync(300);
  expect(store.settled.value).toBe(true);
});

test("of hits that are all here counts are exact", async () => {
  const manifest = { ...study.manifest, floor: 0.05 };
  const { store } = await open({ _manifest: manifest, attribution_threshold: 0.05 });
  expect([store.isHere.value, store.counts.value!.isExact, store.caveat.value]).toEqual([true, true, ""]);
  store.set({ attribution_threshold: 0.0499 });
  expect([store.isHere.value, store.counts.value!.isExact]).toEqual([false, false]);
  expect(store.caveat.value).toContain("strongest");
});

describe("the shown sequences", () => {
  test("are the first four where none are chosen, of those that a page holds", async () => {
    const shown = async (manifest: Partial<Manifest>, _tracks: number[] = []) =>
      (await open({ _manifest: { ...study.manifest, ...manifest }, _tracks })).store.shownSequences.value;
    expect(await shown({})).toEqual([0, 1, 2, 3]);
    expect(await shown({ tracks: [9, 2, 7, 4, 1] })).toEqual([9, 2, 7, 4]);
    expect(await shown({}, [5, 5, 99, 3])).toEqual([5, 3]);
  });

  test("are the first page of those that a filter keeps", async () => {
    const { store } = await open({ _sequence_order: "file" });
    store.set({ sequence_filter: [1, 3, 5, 7, 9, 11] });
    expect([store.page.value, store.shownSequences.value]).toEqual([0, [1, 3, 5, 7]]);
  });
});

test("the tracks of an old revision are asked for again in the new one", async () => {
  const { model, store } = await open();
  const asked = () => model.sent.filter(({ name }) => name === "track").length;
  const before = store.tracks.get(2, false);
  await vi.advanceTimersByTimeAsync(1);
  expect([asked(), before.value.phase]).toEqual([1, "ready"]);
  model.set("_rev", 2);
  await vi.advanceTimersByTimeAsync(1);
  expect(store.tracks.get(2, false)).not.toBe(before);
  await vi.advanceTimersByTimeAsync(1);
  expect(asked()).toBe(2);
});

describe("while the data are on their way", () => {
  const isWaiting = { phase: "waiting", done: 0, total: 0 };

  test("a view that goes leaves no error behind", async () => {
    const { model, host } = connect();
    model.latency = null;
    const store = new Store(host);
    store.start();
    expect(store.load.value).toEqual({ ...isWaiting, total: SMALL.nHits });
    store.leave();
    await vi.advanceTimersByTimeAsync(1);
    expect(store.load.value).toEqual(isWaiting);
  });

  test("an answer that comes after all is not shown to a view that has gone, or beside a newer one", async () => {
    const { host, asked } = new AskedHost();
    const traits = defaultTraits(study.manifest);
    Object.assign(host, {
      get: (name: keyof Traits) => traits[name],
      ...{ set() {}, flush() {}, onChange: () => () => {}, source: { peek: () => "kernel" } },
    } satisfies Partial<Record<keyof Host, unknown>>);
    const store = new Store(host);
    store.start();
    store.leave();
    store.start();
    const [columns, hits] = [study.columns, study.hits].map((each) => Object.fromEntries(each));
    // as an exported page does, this host answers also what is no longer wanted
    await asked[0]!.answer(columns!, { rev: 3 });
    await asked[2]!.answer(hits!);
    expect([asked.map(({ name }) => name), store.dataset.value]).toEqual([["load", "load", "tail"], null]);
    await asked[1]!.answer(columns!, { rev: 7 });
    await asked[3]!.answer(hits!);
    expect([store.load.value, store.rev.value]).toEqual([{ phase: "ready" }, 7]);
  });

  test("progress counts the hits that have come", async () => {
    const { model, host } = connect();
    model.pieceSize = 1000;
    const store = new Store(host);
    const seen: LoadState[] = [];
    effect(() => {
      seen.push(store.load.value);
    });
    store.start();
    await vi.advanceTimersByTimeAsync(1);
    const done = seen.flatMap((state) => (state.phase === "loading" ? [state.done] : []));
    expect([...new Set(done)]).toEqual([0, 1000, 2000, 3000]);
    expect(seen.every((state) => !("total" in state) || state.total === 3000 || state === seen[0])).toBe(
      true,
    );
    expect(seen.at(-1)).toEqual({ phase: "ready" });
  });
});
