// The host of an exported page.
import { gzipSync } from "node:zlib";
import { describe, expect, test, vi } from "vitest";
import { type Bytes, toTyped } from "../src/decode.ts";
import { StaticHost } from "../src/standalone.ts";
import { QUERY_TRAITS, type Query } from "../src/wire.ts";
import { SMALL } from "./study.ts";
import { defaultTraits, makeStudy } from "./synthetic.ts";

const study = makeStudy(SMALL);

describe("StaticHost", () => {
  const base64 = (array: ArrayBufferView): string =>
    gzipSync(Buffer.from(array.buffer, array.byteOffset, array.byteLength)).toString("base64");
  const column = { name: "hit_start", dtype: "u32" as const, offset: 0, length: 3, total: 3 };
  const page = {
    traits: { ...defaultTraits(study.manifest), _rev: 5 },
    answers: [
      {
        name: "load" as const,
        params: {},
        message: { rev: 5 },
        columns: [{ ...column, data: base64(Uint32Array.of(7, 8, 9)) }],
      },
      { name: "hits" as const, params: { sequence: 4 }, message: { found: true }, columns: [] },
    ],
    tracks: [{ sequence: 4, set: 0, buffers: [base64(study.codes[4]!), base64(study.observed[4]!)] }],
    cards: {
      [study.manifest.motif_names[1]!]: { body: { n_sites: 3 }, buffers: [base64(Float32Array.of(1, 2))] },
    },
  };

  test("serves the page's own columns and tracks", async () => {
    const host = new StaticHost(page);
    const parts: unknown[] = [];
    const { message } = await host.request("load", {}, { onPart: (...part) => parts.push(...part) });
    expect(message.rev).toBe(5);
    expect(parts[0]).toEqual([column]);
    expect(toTyped("u32", (parts[1] as Bytes[])[0]!)).toEqual(Uint32Array.of(7, 8, 9));
    const { buffers } = await host.request("track", { sequence: 4, hypothetical: false, set: 0 });
    expect(new Uint8Array(buffers[0] as Uint8Array)).toEqual(study.codes[4]);
  });

  test("reads its bytes also where the page may not fetch them", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Refused by the policy of the page")));
    const { buffers } = await new StaticHost(page).request("track", {
      sequence: 4,
      hypothetical: false,
      set: 0,
    });
    vi.unstubAllGlobals();
    expect(new Uint8Array(buffers[0] as Uint8Array)).toEqual(study.codes[4]);
    expect(toTyped("f32", buffers[1]!)).toEqual(study.observed[4]);
  });

  test("gives hypothetical scores where they are asked for and there", async () => {
    const host = new StaticHost({
      ...page,
      tracks: [{ ...page.tracks[0]!, buffers: [...page.tracks[0]!.buffers, base64(Float32Array.of(1, 2))] }],
    });
    const buffersOf = async (hypothetical: boolean) =>
      (await host.request("track", { sequence: 4, hypothetical, set: 0 })).buffers;
    expect((await buffersOf(false)).length).toBe(2);
    const [, , scores] = await buffersOf(true);
    expect(toTyped("f32", scores!)).toEqual(Float32Array.of(1, 2));
    await expect(host.request("track", { sequence: 4, hypothetical: false, set: 1 })).rejects.toThrow(
      "are not in this page",
    );
  });

  test("answers what it was asked when it was written, and says that it knows no more", async () => {
    const host = new StaticHost(page);
    expect((await host.request("hits", { sequence: 4 })).message.found).toBe(true);
    await expect(host.request("hits", { sequence: 5 })).rejects.toThrow("This is not in this page");
  });

  test("says in words what the page lacks", async () => {
    const host = new StaticHost(page);
    await expect(host.request("track", { sequence: 0, hypothetical: false, set: 0 })).rejects.toThrow(
      "are not in this page",
    );
    await expect(host.request("track", { sequence: 4, hypothetical: true, set: 0 })).rejects.toThrow(
      "Hypothetical scores are not in this page",
    );
  });

  test("gives a motif's card at the thresholds of the page alone", async () => {
    const host = new StaticHost(page);
    const query = Object.fromEntries(
      QUERY_TRAITS.map((name) => [name, page.traits[name]]),
    ) as unknown as Query;
    const asked = { ...query, motif: 1 };
    const { message, buffers } = await host.request("card", asked);
    expect(message.n_sites).toBe(3);
    expect(toTyped("f32", buffers[0]!)).toEqual(Float32Array.of(1, 2));
    await expect(host.request("card", { ...asked, attribution_threshold: 0.02 })).rejects.toThrow(
      "attribution 0.01",
    );
    await expect(host.request("card", { ...asked, sequence: 3 })).rejects.toThrow("it was made with only");
    await expect(host.request("card", { ...asked, motif: 2 })).rejects.toThrow("not in this page");
  });

  test("traits stay in the page", () => {
    const host = new StaticHost(page);
    host.set({ attribution_threshold: 0.4 });
    expect(host.get("attribution_threshold")).toBe(0.4);
    expect(page.traits.attribution_threshold).toBe(0.01);
  });
});
