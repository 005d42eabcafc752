// What the views show: the traits as signals, the data, and what follows from both.
import { batch, computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { type Counts, count, type Thresholds } from "./counts.ts";
import { Dataset } from "./dataset.ts";
import { ColumnAssembler } from "./decode.ts";
import type { Host } from "./host.ts";
import { rowsOf, type TrackRow } from "./layers.ts";
import { clampViewport, fromTrait, toTrait, type Viewport } from "./layout.ts";
import { lowerNames, orderRows } from "./order.ts";
import { type Place, rankSequences, type SequenceOrder, type SiteKind } from "./ranking.ts";
import { TrackCache } from "./tracks.ts";
import { type Manifest, TRAIT_NAMES, type TraitName, type Traits } from "./wire.ts";

export const MAX_SELECTED = 8;
const DEFAULT_TRACKS = 4;

export type LoadState =
  | { phase: "waiting" | "loading"; done: number; total: number }
  | { phase: "ready" }
  | { phase: "error"; message: string };

type TraitSignals = { readonly [K in TraitName]: Signal<Traits[K]> };

/** The values a track's height stands for: all of its own, those of all tracks, or its visible ones. */
export type YMode = "own" | "same" | "fit";

/** Where the pointer or the keyboard cursor is. */
export interface Hover {
  sequence: number;
  base: number;
  /** Read out to screen readers, which a moving pointer must not be. */
  byKey: boolean;
}

export interface Notice {
  text: string;
  action?: { label: string; patch: Partial<Traits> } | undefined;
}

export class Store {
  readonly host: Host;
  readonly traits: TraitSignals;
  readonly dataset = signal<Dataset | null>(null);
  readonly rev = signal(0);
  readonly load = signal<LoadState>({ phase: "waiting", done: 0, total: 0 });
  readonly viewport = signal<Viewport>({ start: 0, end: 1 });
  /** A threshold is being dragged: the table's rows keep their places. */
  readonly dragging = signal(false);
  readonly hover = signal<Hover | null>(null);
  readonly yMode = signal<YMode>("own");
  readonly sequenceOrder = signal<SequenceOrder>("seqlets");
  readonly siteKind = signal<SiteKind>("sites");
  /** Sites that were picked in a chart, to be looked at one by one. */
  readonly picked = signal<readonly Place[]>([]);
  readonly showsPairs = signal(false);
  /** How many sequences are shown at a time, and where in their order the shown ones begin; null before a turn. */
  readonly pageSize = signal(DEFAULT_TRACKS);
  readonly page = signal<number | null>(null);
  /** One sentence to the user about what was just done, or could not be; with the way out if there is one. */
  readonly notice = signal<Notice | null>(null);
  readonly tracks: TrackCache;

  readonly thresholds: ReadonlySignal<Thresholds>;
  readonly counts: ReadonlySignal<Counts | null>;
  /** Motif indices, as the table shows them. */
  readonly rows: ReadonlySignal<Uint32Array>;
  /** Selected motifs by index, in the order of their colours. */
  readonly selected: ReadonlySignal<number[]>;
  readonly shownSequences: ReadonlySignal<number[]>;
  /** What each track shows, from the top. */
  readonly trackRows: ReadonlySignal<TrackRow[]>;

  #loading: AbortController | undefined;
  #started = false;

  constructor(host: Host) {
    this.host = host;
    this.traits = Object.fromEntries(
      TRAIT_NAMES.map((name) => [name, signal(host.get(name))]),
    ) as unknown as TraitSignals;
    this.tracks = new TrackCache(host, () => this.manifest.length);
    const { traits } = this;

    this.thresholds = computed(() => ({
      attribution: traits.attribution_threshold.value,
      fimoP: traits.fimo_p_threshold.value,
      seqletP: traits.seqlet_p_threshold.value,
      tomtomP: traits.tomtom_p_threshold.value,
      sign: traits.sign.value,
    }));
    this.counts = computed(() => {
      const dataset = this.dataset.value;
      return dataset && count(dataset, this.thresholds.value, traits.sequence.value);
    });
    const names = computed(() => this.dataset.value && lowerNames(this.dataset.value));
    let shown: { dataset: Dataset; rows: Uint32Array } | undefined;
    this.rows = computed(() => {
      const dataset = this.dataset.value;
      if (!dataset || !names.value) return new Uint32Array(0);
      if (this.dragging.value && shown?.dataset === dataset) return shown.rows;
      const rows = orderRows(
        dataset,
        this.counts.value!,
        names.value,
        traits._sort.value,
        traits._search.value,
      );
      shown = { dataset, rows };
      return rows;
    });
    this.selected = computed(() => {
      const index = this.dataset.value?.motifIndex;
      return index ? traits.selected_motifs.value.flatMap((name) => index.get(name) ?? []) : [];
    });
    this.shownSequences = computed(() => {
      const manifest = this.dataset.value?.manifest;
      if (!manifest) return [];
      const chosen = traits._tracks.value.filter((s) => s >= 0 && s < manifest.n_sequences);
      if (chosen.length > 0) return [...new Set(chosen)];
      const all = manifest.tracks ?? Array.from({ length: manifest.n_sequences }, (_, s) => s);
      return all.slice(0, DEFAULT_TRACKS);
    });

    this.trackRows = computed(() => rowsOf(this.dataset.value?.manifest.layers ?? [], traits.layers.value));

    host.onChange((name) => this.#receive(name));
  }

  get manifest(): Manifest {
    return this.dataset.peek()?.manifest ?? this.host.get("_manifest");
  }

  /** Asks for the data; called by the first view, never while the host still initializes. */
  start(): void {
    if (this.#started) return;
    this.#started = true;
    void this.reload();
  }

  async reload(): Promise<void> {
    this.#loading?.abort();
    const controller = new AbortController();
    this.#loading = controller;
    const manifest = this.host.get("_manifest");
    if (!manifest?.version) {
      this.load.value = { phase: "waiting", done: 0, total: 0 };
      return;
    }
    this.load.value = { phase: "waiting", done: 0, total: manifest.n_hits };
    const assembler = new ColumnAssembler();
    try {
      const { message } = await this.host.request(
        "load",
        {},
        {
          signal: controller.signal,
          onPart: (columns, buffers) => {
            assembler.accept(columns, buffers);
            this.load.value = { phase: "loading", ...assembler.progress };
          },
        },
      );
      const dataset = new Dataset(manifest, assembler.finish());
      if (controller.signal.aborted) return;
      this.#show(dataset, Number(message.rev ?? this.host.get("_rev")));
    } catch (error) {
      if (controller.signal.aborted) return;
      this.load.value = { phase: "error", message: error instanceof Error ? error.message : String(error) };
    }
  }

  #show(dataset: Dataset, rev: number): void {
    batch(() => {
      const first = this.dataset.peek() === null;
      const lengthChanged = this.dataset.peek()?.manifest.length !== dataset.manifest.length;
      this.tracks.clear();
      this.dataset.value = dataset;
      this.rev.value = rev;
      if (first) this.#countPage();
      if (first || lengthChanged) this.viewport.value = this.#viewportOfTrait(dataset.manifest.length);
      if (dataset.manifest.n_seqlets === 0) this.sequenceOrder.value = "hits";
      this.load.value = { phase: "ready" };
    });
  }

  #viewportOfTrait(length: number): Viewport {
    return fromTrait(this.host.get("viewport"), length);
  }

  /** Sets traits here and, in a moment, in the kernel; `settle` sends them now. */
  set(patch: Partial<Traits>, { settle = true } = {}): void {
    batch(() => {
      for (const [name, value] of Object.entries(patch)) {
        (this.traits[name as TraitName] as Signal<unknown>).value = value;
      }
      this.notice.value = null;
    });
    this.host.set(patch);
    if (settle) this.host.flush();
  }

  #countPage(): void {
    this.pageSize.value = Math.max(1, this.shownSequences.peek().length);
    this.page.value = null;
  }

  #receive(name: TraitName): void {
    (this.traits[name] as Signal<unknown>).value = this.host.get(name);
    if (name === "_tracks") this.#countPage();
    if (name === "viewport") this.viewport.value = this.#viewportOfTrait(this.manifest.length);
    if (name === "_rev" && this.#started) void this.reload();
  }

  moveTo(viewport: Viewport): void {
    const { length } = this.manifest;
    const next = clampViewport(viewport, length);
    const { start, end } = this.viewport.peek();
    if (next.start === start && next.end === end) return;
    this.viewport.value = next;
    this.set({ viewport: toTrait(next, length) }, { settle: false });
  }

  say(text: string, action?: Notice["action"]): void {
    this.notice.value = { text, action };
  }

  toggleMotif(name: string): void {
    const selected = this.traits.selected_motifs.peek();
    if (selected.includes(name)) {
      this.set({ selected_motifs: selected.filter((other) => other !== name) });
    } else if (selected.length >= MAX_SELECTED) {
      this.say(`${MAX_SELECTED} motifs can be marked at once; click a marked one to free its colour.`);
    } else {
      this.set({ selected_motifs: [...selected, name] });
    }
  }

  toggleSequence(sequence: number): void {
    this.set({ sequence: this.traits.sequence.peek() === sequence ? null : sequence });
  }

  /** All sequences that can be shown, in the chosen order at the present thresholds. */
  ranking(): number[] {
    const dataset = this.dataset.peek();
    if (!dataset) return [];
    const thresholds = this.thresholds.peek();
    const counts = count(dataset, thresholds);
    return rankSequences(dataset, counts, thresholds, this.sequenceOrder.peek(), this.selected.peek());
  }
}
