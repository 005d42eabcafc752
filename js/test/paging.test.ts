import { describe, expect, test, vi } from "vitest";
import { AnywidgetHost } from "../src/host.ts";
import { jumpToSite, showUnexplained } from "../src/paging.ts";
import { Store } from "../src/store.ts";
import { TRAIT_NAMES, type Traits } from "../src/wire.ts";
import { FakeModel } from "./fakeModel.ts";
import { SMALL } from "./study.ts";
import { defaultTraits, makeStudy } from "./synthetic.ts";

const study = makeStudy(SMALL);
/** One hundredth by chance with any of the 40 motifs. */
const STRICT = 0.0003;
let store: Store;

async function show(traits: Partial<Traits>): Promise<void> {
  const model = new FakeModel({ ...defaultTraits(study.manifest), ...traits }, study);
  store = new Store(new AnywidgetHost(model as never, TRAIT_NAMES));
  store.start();
  await vi.waitFor(() => expect(store.dataset.value).not.toBeNull());
}

/** The middle base of the strongest seqlet that no motif explains. */
function strongest(): { sequence: number; base: number } {
  const { sequence, start, end } = store.dataset.value!.seqlets;
  const q = store.unexplained.value[0]!;
  return { sequence: sequence[q]!, base: Math.floor((start[q]! + end[q]!) / 2) };
}

describe("seqlets that no motif explains", () => {
  test("the strongest is shown, under the threshold that is set", async () => {
    await show({ tomtom_p_threshold: 0.001 });
    expect(store.unexplained.value.length).toBeGreaterThan(0);
    showUnexplained(store);
    expect(store.hover.value).toMatchObject(strongest());
    expect(store.shownSequences.value[0]).toBe(strongest().sequence);
    expect(store.traits.tomtom_p_threshold.value).toBe(0.001);
    expect(store.notice.value).toBeNull();
  });

  test("where chance explains each, matches that mean something are asked for, and said so", async () => {
    await show({ tomtom_p_threshold: 1 });
    expect(store.unexplained.value).toEqual([]);
    showUnexplained(store);
    expect(store.traits.tomtom_p_threshold.value).toBe(STRICT);
    expect(store.hover.value).toMatchObject(strongest());
    expect(store.notice.value!.text).toContain("With 40 motifs one matches with TOMTOM p < 1 by chance");
    expect(store.notice.value!.action).toMatchObject({ patch: { tomtom_p_threshold: 1 } });
  });

  test("a threshold that is strict already stays as it is where none is left", async () => {
    await show({ tomtom_p_threshold: STRICT, seqlet_p_threshold: 1e-300 });
    expect(store.unexplained.value).toEqual([]);
    showUnexplained(store);
    expect(store.traits.tomtom_p_threshold.value).toBe(STRICT);
    expect(store.notice.value!.text).toBe("No further seqlet that neither a match nor a hit explains.");
  });

  test("on the way to the next one, what would leave some is offered and not done", async () => {
    await show({ tomtom_p_threshold: 1 });
    store.siteKind.value = "unexplained";
    jumpToSite(store, 1);
    expect(store.traits.tomtom_p_threshold.value).toBe(1);
    expect(store.notice.value!.text).toContain("Every seqlet has a hit, or a match with TOMTOM p < 1");
    expect(store.notice.value!.action).toMatchObject({ patch: { tomtom_p_threshold: STRICT } });
  });
});

test("where no site counts, that is said of sites, whatever matches are asked for", async () => {
  await show({ tomtom_p_threshold: 1, attribution_threshold: 1e6, seqlet_p_threshold: 1e-300 });
  for (const [way, word] of [
    [1, "further"],
    [-1, "earlier"],
  ] as const) {
    jumpToSite(store, way);
    expect(store.notice.value!.text).toBe(`No ${word} site that counts.`);
  }
});
