// The host of an exported page: everything there is was put into the page; nothing leaves it.
import { signal } from "@preact/signals";
import type { Bytes } from "./decode.ts";
import { threshold } from "./format.ts";
import { type Host, HostError, type Reply, type RequestOptions, type Source } from "./host.ts";
import type { RequestName, RequestParams, StaticPage, TraitName, Traits } from "./wire.ts";

/** Base64, gzipped or not, by what the browser has built in. */
export async function unpack(text: string, gzip: boolean): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await fromBase64(text);
  if (!gzip) return bytes;
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
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

  onChange(): () => void {
    return () => {};
  }

  async request<N extends RequestName>(
    name: N,
    params: RequestParams[N],
    options: RequestOptions = {},
  ): Promise<Reply> {
    if (name === "load") return this.#load(options);
    if (name === "card") return this.#card(params as RequestParams["card"]);
    return this.#track(params as RequestParams["track"]);
  }

  async #load({ onPart }: RequestOptions): Promise<Reply> {
    for (const { name, dtype, length, gzip, data } of this.#page.columns) {
      const bytes = await unpack(data, gzip);
      onPart?.([{ name, dtype, offset: 0, length, total: length }], [bytes]);
    }
    return { message: { rev: this.#traits._rev }, buffers: [] };
  }

  async #card({ motif, attribution, fimoP, sign }: RequestParams["card"]): Promise<Reply> {
    const { traits, cards } = this.#page;
    const card = cards[traits._manifest.motif_names[motif]!];
    if (!card) throw new HostError("The attributions of this motif are not in this page: see the notebook.");
    if (
      attribution !== traits.attribution_threshold ||
      fimoP !== traits.fimo_p_threshold ||
      sign !== traits.sign
    ) {
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
