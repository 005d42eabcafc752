import { beforeEach, describe, expect, test, vi } from "vitest";
import { AnywidgetHost } from "../src/host.ts";
import { goTo, resizePage } from "../src/paging.ts";
import { Store } from "../src/store.ts";
import { onTrackKey } from "../src/views/trackKeys.ts";
import { TRAIT_NAMES } from "../src/wire.ts";
import { FakeModel } from "./fakeModel.ts";
import { SMALL } from "./study.ts";
import { defaultTraits, makeStudy } from "./synthetic.ts";

const study = makeStudy(SMALL);
let store: Store;

beforeEach(async () => {
  store = new Store(
    new AnywidgetHost(new FakeModel(defaultTraits(study.manifest), study) as never, TRAIT_NAMES),
  );
  store.start();
  await vi.waitFor(() => expect(store.dataset.value).not.toBeNull());
});

function press(key: string, over: Partial<KeyboardEvent> = {}): { isTaken: boolean } {
  const target = {};
  const preventDefault = vi.fn();
  const stopPropagation = vi.fn();
  const event = { key, target, currentTarget: target, preventDefault, stopPropagation, ...over };
  onTrackKey(store, event as unknown as KeyboardEvent);
  return { isTaken: preventDefault.mock.calls.length === 1 && stopPropagation.mock.calls.length === 1 };
}

const visible = (): [number, number] => [store.viewport.value.start, store.viewport.value.end];

describe("keys of the tracks", () => {
  test("plus and minus zoom around the middle, 0 shows all", () => {
    press("+");
    expect(visible()).toEqual([75, 225]);
    press("+");
    press("-");
    expect(visible()).toEqual([75, 225]);
    press("0");
    expect(visible()).toEqual([0, 300]);
  });

  test("arrows move by a tenth, Home and End to the edges", () => {
    press("+");
    press("ArrowRight");
    expect(visible()).toEqual([90, 240]);
    press("ArrowLeft");
    expect(visible()).toEqual([75, 225]);
    press("End");
    expect(visible()).toEqual([150, 300]);
    press("Home");
    expect(visible()).toEqual([0, 150]);
  });

  test("shift and arrows walk base by base, and the view follows", () => {
    press("+");
    press("ArrowRight", { shiftKey: true });
    expect(store.hover.value).toEqual({ sequence: 0, base: 150, byKey: true });
    for (let i = 0; i < 90; i++) press("ArrowRight", { shiftKey: true });
    expect(store.hover.value?.base).toBe(240);
    expect(visible()[1]).toBeGreaterThan(240);
  });

  test("N goes from site to site, through the shown sequences and the next page, P back", () => {
    const places: [number, number][] = [];
    const cursor = (): [number, number] => [store.hover.value!.sequence, store.hover.value!.base];
    goTo(store, 0);
    store.moveTo({ start: 0, end: 30 });
    for (let i = 0; i < 2000 && store.notice.value === null; i++) {
      press("n");
      if (store.notice.value === null) places.push(cursor());
    }
    expect(store.notice.value?.text).toBe("No further site that counts.");
    const order = places.map(([sequence]) => sequence).filter((s, i, all) => s !== all[i - 1]);
    expect(order.length).toBe(study.manifest.n_sequences);
    expect(new Set(order).size).toBe(order.length);
    expect(store.shownSequences.value).toContain(order.at(-1));
    for (let i = 1; i < places.length; i++) {
      if (places[i]![0] === places[i - 1]![0]) expect(places[i]![1]).toBeGreaterThan(places[i - 1]![1]);
    }
    press("p");
    expect(cursor()).toEqual(places.at(-2));
  });

  test("P leads back through every site that N led to, from page to page", () => {
    const walk = (key: string): [number, number][] => {
      const places: [number, number][] = [];
      store.notice.value = null;
      for (let i = 0; i < 2000; i++) {
        press(key);
        if (store.notice.value !== null) return places;
        places.push([store.hover.value!.sequence, store.hover.value!.base]);
        expect(store.shownSequences.value).toContain(store.hover.value!.sequence);
      }
      return places;
    };
    resizePage(store, 5);
    goTo(store, 0);
    walk("p");
    const there = walk("n");
    expect(store.page.value).toBe(10);
    const back = walk("p");
    expect(store.notice.value?.text).toBe("No earlier site that counts.");
    expect(store.page.value).toBe(0);
    expect(back.slice(0, there.length - 1)).toEqual(there.slice(0, -1).reverse());
  });

  test("on the reverse complement the same keys go the same way on the screen", () => {
    press("+");
    press("r");
    expect(store.traits.reverse_complement.value).toBe(true);
    press("ArrowRight");
    expect(visible()).toEqual([60, 210]);
    press("Home");
    expect(visible()).toEqual([150, 300]);
  });

  test("J and K turn the pages", () => {
    const first = store.shownSequences.value;
    press("j");
    expect(store.shownSequences.value).not.toEqual(first);
    expect(store.shownSequences.value.length).toBe(first.length);
    press("k");
    expect(store.page.value).toBe(0);
  });

  test("the last page is the end of the ranking, however far one turns", () => {
    const ranking = store.ranking();
    resizePage(store, 5);
    for (let i = 0; i < 9; i++) press("j");
    expect(store.page.value).toBe(10);
    expect(store.shownSequences.value).toEqual(ranking.slice(10));
    for (let i = 0; i < 9; i++) press("k");
    expect(store.shownSequences.value).toEqual(ranking.slice(0, 5));
  });

  test("keys that are not used, and those of a shortcut, are left to the page", () => {
    expect(press("ArrowRight").isTaken).toBe(true);
    expect(press("x").isTaken).toBe(false);
    expect(press("Tab").isTaken).toBe(false);
    expect(press("+", { ctrlKey: true }).isTaken).toBe(false);
    expect(press("n", { target: {} as EventTarget }).isTaken).toBe(false);
  });
});
