import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { AnywidgetHost, EchoGuard, SAVE_DELAY_MS } from "../src/host.ts";
import { type ColumnPiece, TRAIT_NAMES } from "../src/wire.ts";
import { FakeModel } from "./fakeModel.ts";
import { SMALL } from "./study.ts";
import { defaultTraits, makeStudy } from "./synthetic.ts";

const study = makeStudy(SMALL);
const connect = () => {
  const model = new FakeModel(defaultTraits(study.manifest), study);
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

  test("stopping what the kernel works on is a message of its own, that has no answer", () => {
    const { model, host } = connect();
    host.stop();
    expect(model.sent).toEqual([{ type: "stop" }]);
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
