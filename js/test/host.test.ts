import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { itemsOf } from "../src/families.ts";
import { AnywidgetHost, EchoGuard, SAVE_DELAY_MS } from "../src/host.ts";
import { slotOf, toggleMotif, toggleRow } from "../src/marks.ts";
import { Store } from "../src/store.ts";
import { type ColumnPiece, TRAIT_NAMES, type Traits } from "../src/wire.ts";
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

describe("AnywidgetHost", () => {
  test("a value set counts here at once, and reaches the model after the delay, once", () => {
    const { model, host } = connect();
    for (const value of [0.02, 0.03, 0.04]) host.set({ attribution_threshold: value });
    expect(host.get("attribution_threshold")).toBe(0.04);
    expect(model.state.attribution_threshold).toBe(0.01);
    vi.advanceTimersByTime(SAVE_DELAY_MS);
    expect(model.state.attribution_threshold).toBe(0.04);
    expect(model.saves).toBe(1);
  });

  test("a long drag is saved at intervals, not only at its end", () => {
    const { model, host } = connect();
    for (let i = 0; i < 100; i++) {
      host.set({ attribution_threshold: i / 1000 });
      vi.advanceTimersByTime(10);
    }
    expect(model.saves).toBeGreaterThan(4);
    expect(model.saves).toBeLessThan(9);
  });

  test("flush sends at once, and there is nothing left to send", () => {
    const { model, host } = connect();
    host.set({ sign: "-" });
    host.flush();
    expect(model.state.sign).toBe("-");
    host.flush();
    vi.advanceTimersByTime(1000);
    expect(model.saves).toBe(1);
  });

  test("what is set after a flush waits as long as anything else", () => {
    const { model, host } = connect();
    host.set({ sign: "-" });
    vi.advanceTimersByTime(SAVE_DELAY_MS / 2);
    host.flush();
    host.set({ sign: "both" });
    vi.advanceTimersByTime(SAVE_DELAY_MS - 1);
    expect(model.state.sign).toBe("-");
    vi.advanceTimersByTime(1);
    expect(model.state.sign).toBe("both");
  });

  test("own changes are not reported as news, the kernel's are", () => {
    const { model, host } = connect();
    const news: string[] = [];
    const stop = host.onChange((name) => news.push(name));
    host.set({ attribution_threshold: 0.5 });
    host.flush();
    expect(news).toEqual([]);
    model.set("attribution_threshold", 0.25);
    expect(news).toEqual(["attribution_threshold"]);
    stop();
    model.set("attribution_threshold", 0.3);
    expect(news.length).toBe(1);
  });

  test("an echo of an older value does not move what the user is moving", () => {
    const { model, host } = connect();
    const news: string[] = [];
    host.onChange((name) => news.push(name));
    host.set({ attribution_threshold: 0.02 });
    host.flush();
    host.set({ attribution_threshold: 0.03 });
    model.set("attribution_threshold", 0.02); // comes back while 0.03 is still held back
    expect(host.get("attribution_threshold")).toBe(0.03);
    host.flush();
    model.set("attribution_threshold", 0.02); // comes back after 0.03 was sent
    expect(news).toEqual([]);
  });

  test("the same value set by the kernel later is news", () => {
    const { model, host } = connect();
    const news: string[] = [];
    host.onChange((name) => news.push(name));
    host.set({ attribution_threshold: 0.02 });
    host.flush();
    host.set({ attribution_threshold: 0.03 });
    host.flush();
    vi.advanceTimersByTime(1000);
    model.set("attribution_threshold", 0.02);
    expect(news).toEqual(["attribution_threshold"]);
  });

  test("a request is answered in parts", async () => {
    const { model, host } = connect();
    model.pieceSize = 1000;
    const pieces: ColumnPiece[] = [];
    const answer = host.request("tail", {}, { onPart: (columns) => pieces.push(...columns) });
    await vi.advanceTimersByTimeAsync(1);
    await answer;
    expect(pieces.filter(({ name }) => name === "hit_start").map(({ offset }) => offset)).toEqual([
      0, 1000, 2000,
    ]);
  });

  test("an error of the kernel rejects with its sentence", async () => {
    const { model, host } = connect();
    model.latency = null;
    const answer = host.request("track", { sequence: 3, hypothetical: false, set: 0 });
    model.reply({ id: model.sent[0]!.id, status: "error", message: "Sequence 3 is gone." });
    await expect(answer).rejects.toThrow("Sequence 3 is gone.");
  });

  test("replies to others are not taken for one's own", async () => {
    const { model, host } = connect();
    model.latency = null;
    let isDone = false;
    void host.request("track", { sequence: 3, hypothetical: false, set: 0 }).then(() => {
      isDone = true;
    });
    model.reply({ id: (model.sent[0]!.id as number) + 1, status: "ok" });
    await vi.advanceTimersByTimeAsync(10);
    expect(isDone).toBe(false);
  });

  test("aborting a request tells the kernel", async () => {
    const { model, host } = connect();
    model.latency = null;
    const controller = new AbortController();
    const answer = host.request("load", {}, { signal: controller.signal });
    controller.abort();
    await expect(answer).rejects.toThrow();
    expect(model.sent.at(-1)).toEqual({ type: "cancel", id: model.sent[0]!.id });
  });

  test("aborting what is answered already tells the kernel nothing", async () => {
    const { model, host } = connect();
    model.latency = null;
    const controller = new AbortController();
    const answer = host.request("load", {}, { signal: controller.signal });
    model.reply({ id: model.sent[0]!.id, status: "ok" });
    await answer;
    controller.abort();
    expect(model.sent.length).toBe(1);
  });

  test("an abort is none of the user's trouble when the line is cut already", async () => {
    const { model, host } = connect();
    model.latency = null;
    const controller = new AbortController();
    const answer = host.request("load", {}, { signal: controller.signal });
    model.send = () => {
      throw new Error("Cannot send");
    };
    controller.abort();
    await expect(answer).rejects.toThrow("aborted");
  });

  test("when the kernel ends, what was asked is answered with what to do, and nothing more is sent", async () => {
    const { model, host } = connect();
    model.latency = null;
    const answer = host.request("track", { sequence: 3, hypothetical: false, set: 0 });
    model.emit("comm_live_update");
    await expect(answer).rejects.toThrow("run the cell again");
    expect(host.source.value).toBe("gone");
    const n = model.sent.length;
    await expect(host.request("load", {})).rejects.toThrow("run the cell again");
    expect(model.sent.length).toBe(n);
  });

  test("two pages on one kernel ask with different ids", () => {
    const ids = [connect(), connect()].map(({ model, host }) => {
      void host.request("track", { sequence: 0, hypothetical: false, set: 0 });
      return model.sent[0]!.id;
    });
    expect(ids[0]).not.toBe(ids[1]);
  });
});

test("EchoGuard forgets what was sent when a new value arrives", () => {
  const guard = new EchoGuard(() => 0);
  guard.sent("x", 1);
  guard.sent("x", 2);
  expect(guard.isStaleEcho("x", 1)).toBe(true);
  expect(guard.isStaleEcho("x", 7)).toBe(false);
  expect(guard.isStaleEcho("x", 1)).toBe(false);
});

test("EchoGuard knows a window or a list again by what it holds", () => {
  const guard = new EchoGuard(() => 0);
  guard.sent("window", [10, 20]);
  guard.sent("window", [10, 30]);
  expect(guard.isStaleEcho("window", [10, 20])).toBe(true);
  expect(guard.isStaleEcho("window", [10, 30])).toBe(false);
});

test("EchoGuard expects no echo of what was sent before the one that came", () => {
  const guard = new EchoGuard(() => 0);
  for (const value of [1, 2, 3]) guard.sent("x", value);
  expect(guard.isStaleEcho("x", 2)).toBe(true);
  expect(guard.isStaleEcho("x", 1)).toBe(false);
});

describe("Store", () => {
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
});
