// The host of an exported page: everything there is was put into the page; nothing leaves it.
import { signal } from "@preact/signals";
import { type Bytes, gunzip } from "./decode.ts";
import { threshold } from "./format.ts";
import type { Host, Reply, RequestOptions, Source } from "./host.ts";
import type { RequestName, RequestParams, StaticPage, TraitName, Traits } from "./wire.ts";

/** On what the sites of a card depend. */
const CARD_TRAITS = [
  "attribution_threshold",
  "fimo_p_threshold",
  "sign",
  "window",
  "sequence_filter",
  "sequence",
] as const;

/** All bytes in the page are gzipped. */
const unpack = async (text: string): Promise<Bytes> => gunzip(await fromBase64(text));

async function fromBase64(text: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    // decodes megabytes without a loop over characters
    const response = await fetch(`data:application/octet-stream;base64,${text}`);
    return new Uint8Array(await response.arrayBuffer());
  } catch {
    // a page whose policy forbids data: connections
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  }
}

export class StaticHost implements Host {
  readonly source = signal<Source>("page");
  readonly #traits: Traits;
  readonly #page: StaticPage;

  constructor(page: StaticPage) {
    this.#page = page;
    this.#traits = { ...page.traits };
  }

  get<K extends TraitName>(name: K): Traits[K] {
    return this.#traits[name];
  }

  set(patch: Partial<Traits>): void {
    Object.assign(this.#traits, patch);
  }

  flush(): void {}

  stop(): void {}

  onChange(): () => void {
    return () => {};
  }

  async request<N extends RequestName>(
    name: N,
    params: RequestParams[N],
    { onPart }: RequestOptions = {},
  ): Promise<Reply> {
    if (name === "card") return this.#card(params as RequestParams["card"]);
    if (name === "track") return this.#track(params as RequestParams["track"]);
    const asked = JSON.stringify(params);
    const found = this.#page.answers.find(
      (answer) => answer.name === name && JSON.stringify(answer.params) === asked,
    );
    if (!found) throw new Error("This is not in this page: see the notebook.");
    for (const { data, ...piece } of found.columns) onPart?.([piece], [await unpack(data)]);
    return { message: found.message, buffers: [] };
  }

  async #card({ motif, ...query }: RequestParams["card"]): Promise<Reply> {
    const { traits, cards } = this.#page;
    const card = cards[traits._manifest.motif_names[motif]];
    if (!card) throw new Error("The attributions of this motif are not in this page: see the notebook.");
    if (CARD_TRAITS.some((name) => JSON.stringify(query[name]) !== JSON.stringify(traits[name]))) {
      const at = `attribution ${threshold(traits.attribution_threshold)}, p ${threshold(traits.fimo_p_threshold)}`;
      throw new Error(`This page has it for the thresholds it was made with only: ${at}.`);
    }
    return { message: card.body, buffers: await Promise.all(card.buffers.map(unpack)) };
  }

  async #track({ sequence, hypothetical, set }: RequestParams["track"]): Promise<Reply> {
    const track = this.#page.tracks.find((other) => other.sequence === sequence && other.set === set);
    if (!track) {
      throw new Error(
        "The attributions of this sequence are not in this page: export it with this sequence.",
      );
    }
    const wanted = track.buffers.slice(0, hypothetical ? 3 : 2);
    if (hypothetical && wanted.length < 3) {
      throw new Error("Hypothetical scores are not in this page: switch them off.");
    }
    return { message: { sequence }, buffers: await Promise.all(wanted.map(unpack)) };
  }
}
