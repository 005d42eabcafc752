// The host of an exported page: everything there is was put into the page; nothing leaves it.
import { signal } from "@preact/signals";
import { type Bytes, gunzip } from "./decode.ts";
import { threshold } from "./format.ts";
import { type Host, HostError, type Reply, type RequestOptions, type Source } from "./host.ts";
import type { RequestName, RequestParams, StaticColumn, StaticPage, TraitName, Traits } from "./wire.ts";

/** On what the sites of a card depend. */
const CARD_TRAITS = [
  "attribution_threshold",
  "fimo_p_threshold",
  "sign",
  "window",
  "sequence_filter",
] as const;

/** Base64, gzipped or not, by what the browser has built in. */
export async function unpack(text: string, gzip: boolean): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await fromBase64(text);
  return gzip ? gunzip(bytes) : bytes;
}

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
    options: RequestOptions = {},
  ): Promise<Reply> {
    if (name === "card") return this.#card(params as RequestParams["card"]);
    if (name === "track") return this.#track(params as RequestParams["track"]);
    if (name === "load") return unfold(this.#page.columns, { rev: this.#traits._rev }, options);
    const asked = JSON.stringify(params);
    const found = this.#page.answers.find(
      (answer) => answer.name === name && JSON.stringify(answer.params) === asked,
    );
    if (!found) throw new HostError("This is not in the page; open the notebook to compute it.");
    return unfold(found.columns, found.message, options);
  }

  async #card({ motif, ...query }: RequestParams["card"]): Promise<Reply> {
    const { traits, cards } = this.#page;
    const card = cards[traits._manifest.motif_names[motif]!];
    if (!card) throw new HostError("The attributions of this motif are not in this page: see the notebook.");
    if (CARD_TRAITS.some((name) => JSON.stringify(query[name]) !== JSON.stringify(traits[name]))) {
      const at = `attribution ${threshold(traits.attribution_threshold)}, p ${threshold(traits.fimo_p_threshold)}`;
      throw new HostError(`This page has it for the thresholds it was made with only: ${at}.`);
    }
    return {
      message: card.body,
      buffers: await Promise.all(card.buffers.map((text) => unpack(text, false))),
    };
  }

  async #track({ sequence, hypothetical, set }: RequestParams["track"]): Promise<Reply> {
    const track = this.#page.tracks.find((other) => other.sequence === sequence && other.set === set);
    if (!track) {
      throw new HostError(
        "The attributions of this sequence are not in this page; export it with this sequence to see them.",
      );
    }
    const buffers: Bytes[] = [
      await unpack(track.codes, track.gzip),
      await unpack(track.observed, track.gzip),
    ];
    if (hypothetical) {
      if (!track.hypothetical) {
        throw new HostError("This page was exported without hypothetical scores; switch them off.");
      }
      buffers.push(await unpack(track.hypothetical, track.gzip));
    }
    return { message: { sequence }, buffers };
  }
}

async function unfold(
  columns: readonly StaticColumn[],
  message: Record<string, unknown>,
  { onPart }: RequestOptions,
): Promise<Reply> {
  for (const { name, dtype, length, gzip, data } of columns) {
    const bytes = await unpack(data, gzip);
    onPart?.([{ name, dtype, offset: 0, length, total: length }], [bytes]);
  }
  return { message, buffers: [] };
}
