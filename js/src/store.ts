// What the views show: the traits as signals, the data, and what follows from both.
import { batch, computed, effect, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { Answers, countsBelowFloor, expectedOf } from "./answers.ts";
import { type Counts, count, type Thresholds } from "./counts.ts";
import type { Dataset } from "./dataset.ts";
import { cutTree, type Families } from "./families.ts";
import { allowedSequences } from "./filter.ts";
import { messageOf } from "./format.ts";
import { History } from "./history.ts";
import type { Host } from "./host.ts";
import { rowsOf, type TrackRow } from "./layers.ts";
import { clampViewport, fromTrait, toTrait, type Viewport } from "./layout.ts";
import { loadDataset } from "./loading.ts";
import { slotsOf } from "./marks.ts";
import { lowerNames, orderRows } from "./order.ts";
import { goTo } from "./paging.ts";
import { type Place, rankSequences, type SiteKind } from "./ranking.ts";
import { settle } from "./settling.ts";
import { TrackCache } from "./tracks.ts";
import { unexplainedSeqlets } from "./unexplained.ts";
import {
  type Manifest,
  QUERY_TRAITS,
  type Query,
  type SequenceOrder,
  TRAIT_NAMES,
  type TraitName,
  type Traits,
} from "./wire.ts";

const DEFAULT_TRACKS = 4;
/** The kernel is asked once nothing has moved for so long. */
const SETTLE_MS = 300;

export type LoadState =
  | { phase: "waiting" | "loading"; done: number; total: number }
  | { phase: "ready" }
  | { phase: "error"; message: string };

type TraitSignals = { readonly [K in TraitName]: Signal<Traits[K]> };

/** Where the pointer or the keyboard cursor is. */
interface Hover {
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
  /** The row of the table that the pointer or the keyboard is on: a motif, or ~family. */
  readonly pointed = signal<number | null>(null);
  readonly siteKind = signal<SiteKind>("sites");
  /** Sites that were picked in a chart, to be looked at one by one. */
  readonly picked = signal<readonly Place[]>([]);
  /** How many sequences are shown at a time, and where in their order the shown ones begin; null before a turn. */
  readonly pageSize = signal(DEFAULT_TRACKS);
  readonly page = signal<number | null>(null);
  /** One sentence to the user about what was just done, or could not be; with the way out if there is one. */
  readonly notice = signal<Notice | null>(null);
  /** Whether the kernel has said all that it can about what is shown. */
  readonly settled = signal(false);
  /** Whether the table's logos are those of the other strand. */
  readonly reverseLogos = signal(false);
  /** Whether the table's head has filters. */
  readonly filtering = signal(false);
  readonly tracks: TrackCache;

  readonly answers: Answers;
  /** What the kernel contradicts; empty when it agrees. */
  readonly problem = signal("");
  readonly history = new History();

  readonly query: ReadonlySignal<Query>;
  /** What the tracks show. */
  readonly thresholds: ReadonlySignal<Thresholds>;
  /** What is counted: in one sequence alone where one is chosen, whatever the filter. */
  readonly counted: ReadonlySignal<Thresholds>;
  readonly families: ReadonlySignal<Families | null>;
  readonly counts: ReadonlySignal<Counts | null>;
  /** The counts at the pinned thresholds. */
  readonly pinnedCounts: ReadonlySignal<Counts | null>;
  /** The table's rows; they keep their places while a threshold is dragged. */
  readonly rows: ReadonlySignal<Int32Array>;
  /** Where each row would be now; null while rows are where they belong. */
  readonly places: ReadonlySignal<ReadonlyMap<number, number> | null>;
  /** Marked motifs, also by their families, and the place of each one's colour. */
  readonly slots: ReadonlySignal<ReadonlyMap<number, number>>;
  readonly selected: ReadonlySignal<number[]>;
  readonly shownSequences: ReadonlySignal<number[]>;
  /** Seqlets that no motif explains, the strongest first; as they were while a threshold is dragged. */
  readonly unexplained: ReadonlySignal<readonly number[]>;
  /** What each track shows, from the top. */
  readonly trackRows: ReadonlySignal<TrackRow[]>;
  /** Whether all hits that the thresholds ask for are here; then the browser counts exactly. */
  readonly isHere: ReadonlySignal<boolean> = computed(() => {
    const dataset = this.dataset.value;
    return dataset !== null && this.traits.attribution_threshold.value >= dataset.floor;
  });

  /** Said of what is computed from the hits that are here, where they are not all. */
  readonly caveat = computed(() => (this.isHere.value ? "" : ", of the strongest hits alone"));

  /** Rises when hits of single sequences have come. */
  readonly further = signal(0);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #loading: AbortController | undefined;
  #started = false;
  #nViews = 0;

  constructor(host: Host) {
    this.host = host;
    this.traits = Object.fromEntries(
      TRAIT_NAMES.map((name) => [name, signal(host.get(name))]),
    ) as unknown as TraitSignals;
    this.tracks = new TrackCache(host, () => this.manifest.length);
    const { traits } = this;

    this.answers = new Answers(host);

    this.query = computed(
      () => Object.fromEntries(QUERY_TRAITS.map((name) => [name, traits[name].value])) as unknown as Query,
    );
    const allowed = computed(() => {
      const dataset = this.dataset.value;
      return dataset && allowedSequences(dataset, traits.sequence_filter.value);
    });
    const thresholdsOf = (query: Query, mask: Uint8Array | null): Thresholds => ({
      attribution: query.attribution_threshold,
      fimoP: query.fimo_p_threshold,
      seqletP: query.seqlet_p_threshold,
      tomtomP: query.tomtom_p_threshold,
      sign: query.sign,
      window: query.window,
      allowed: mask,
    });
    this.thresholds = computed(() => thresholdsOf(this.query.value, allowed.value));
    const chosenOr = (dataset: Dataset, filter: Traits["sequence_filter"]): Uint8Array | null => {
      const chosen = traits.sequence.value;
      return allowedSequences(dataset, chosen === null ? filter : [chosen]);
    };
    const countedIn = computed(() => {
      const dataset = this.dataset.value;
      return dataset && chosenOr(dataset, traits.sequence_filter.value);
    });
    this.counted = computed(() => thresholdsOf(this.query.value, countedIn.value));
    this.families = computed(() => {
      const dataset = this.dataset.value;
      return dataset && cutTree(dataset, traits.family_similarity.value);
    });
    this.counts = computed(() => {
      const dataset = this.dataset.value;
      if (!dataset) return null;
      this.further.value;
      const query = this.query.value;
      const grouping = this.families.value!;
      const addExpected = expectedOf(dataset, query, this.answers);
      const counts = count(dataset, this.counted.value, grouping, query.count_mode, addExpected);
      if (this.isHere.value) return counts;
      return countsBelowFloor(dataset, query, this.counted.value, counts, this.answers, addExpected);
    });
    this.pinnedCounts = computed(() => {
      const dataset = this.dataset.value;
      const pinned = traits._pinned.value;
      if (!dataset || !pinned || pinned.attribution_threshold < dataset.floor) return null;
      const at = thresholdsOf(pinned, chosenOr(dataset, pinned.sequence_filter));
      return count(dataset, at, this.families.value!, traits.count_mode.value);
    });
    const names = computed(() => this.dataset.value && lowerNames(this.dataset.value, this.families.value!));
    const sorted = computed(() => {
      const dataset = this.dataset.value;
      if (!dataset || !names.value) return new Int32Array(0);
      return orderRows(dataset, this.counts.value!, names.value, {
        _sort: traits._sort.value,
        _search: traits._search.value,
        _filters: traits._filters.value,
        _expanded: traits._expanded.value,
        by_family: traits.by_family.value,
      });
    });
    let shown: { families: Families | null; rows: Int32Array } | undefined;
    this.rows = computed(() => {
      if (this.dragging.value && shown && shown.families === this.families.value) return shown.rows;
      shown = { families: this.families.value, rows: sorted.value };
      return sorted.value;
    });
    this.places = computed(() =>
      this.dragging.value ? new Map(Array.from(sorted.value, (row, at) => [row, at])) : null,
    );
    this.slots = computed(() => {
      const dataset = this.dataset.value;
      const marked = traits.selected_motifs.value;
      return dataset ? slotsOf(dataset, this.families.value!, marked) : new Map();
    });
    this.selected = computed(() => [...this.slots.value.keys()]);
    this.shownSequences = computed(() => {
      const manifest = this.dataset.value?.manifest;
      if (!manifest) return [];
      const chosen = traits._tracks.value.filter((s) => s < manifest.n_sequences);
      if (chosen.length > 0) return [...new Set(chosen)];
      const all = manifest.tracks ?? Array.from({ length: manifest.n_sequences }, (_, s) => s);
      return all.slice(0, DEFAULT_TRACKS);
    });

    let unexplained: readonly number[] = [];
    this.unexplained = computed(() => {
      const dataset = this.dataset.value;
      if (!this.dragging.value && dataset)
        unexplained = unexplainedSeqlets(dataset, this.counts.value!, this.counted.value);
      return unexplained;
    });
    this.trackRows = computed(() => rowsOf(this.dataset.value?.manifest.layers ?? [], traits.layers.value));

    host.onChange((name) => this.#receive(name));
    let filtered: Dataset | null = null;
    effect(() => {
      const mask = allowed.value;
      const dataset = this.dataset.value;
      const shown = this.shownSequences.peek();
      // a view that opens shows what it was left at
      if (
        dataset &&
        filtered === dataset &&
        (shown.length < this.pageSize.peek() || shown.some((s) => mask?.[s] === 0))
      )
        goTo(this, 0);
      filtered = dataset;
    });
    effect(() => {
      const isMoving = this.dragging.value;
      const query = this.query.value;
      const isReady = this.dataset.value?.hasHits;
      const shownSequences = this.shownSequences.value;
      clearTimeout(this.#timer);
      this.settled.value = false;
      if (isMoving || !isReady) return;
      this.#timer = setTimeout(() => void settle(this, query, shownSequences), SETTLE_MS);
    });
  }

  get manifest(): Manifest {
    return this.dataset.peek()?.manifest ?? this.host.get("_manifest");
  }

  /** Asks for the data; called by the first view, never while the host still initializes. */
  start(): void {
    this.#nViews++;
    if (this.#started) return;
    this.#started = true;
    void this.reload();
  }

  /** A view is gone. With the last one the data go too: a cell that is run again leaves its old model behind. */
  leave(): void {
    this.host.flush();
    this.#nViews--;
    if (this.#nViews > 0) return;
    this.#loading?.abort();
    this.#started = false;
    this.tracks.clear();
    this.answers.clear();
    batch(() => {
      this.dataset.value = this.notice.value = null;
      this.load.value = { phase: "waiting", done: 0, total: 0 };
    });
  }

  async reload(): Promise<void> {
    this.#loading?.abort();
    const controller = new AbortController();
    this.#loading = controller;
    const manifest = this.host.get("_manifest");
    const load = { phase: "waiting", done: 0, total: manifest?.n_hits ?? 0 } as const;
    this.load.value = load;
    if (!manifest?.version) return;
    this.answers.clear();
    const onHits = (done: number): void => {
      this.load.value = { ...load, phase: "loading", done };
    };
    try {
      for await (const { dataset, rev } of loadDataset(this.host, manifest, controller.signal, onHits)) {
        if (controller.signal.aborted) return;
        this.#show(dataset, rev);
        if (!dataset.hasHits) await this.answers.confirm(this.query.peek()).catch(() => {});
      }
    } catch (error) {
      if (controller.signal.aborted) return;
      this.load.value = { phase: "error", message: messageOf(error) };
    }
  }

  /** Goes back to the thresholds before. */
  undo(): void {
    const before = this.history.before(this.query.peek());
    if (before) this.set({ ...before });
  }

  #show(dataset: Dataset, rev: number): void {
    batch(() => {
      const first = this.dataset.peek() === null;
      const lengthChanged = this.dataset.peek()?.manifest.length !== dataset.manifest.length;
      if (this.rev.peek() !== rev) this.tracks.clear();
      this.dataset.value = dataset;
      this.rev.value = rev;
      if (first && !this.traits.sequence_filter.peek()) this.#countPage();
      if (Object.keys(this.traits._filters.peek()).length > 0) this.filtering.value = true;
      if (first || lengthChanged) this.viewport.value = this.#viewportOfTrait(dataset.manifest.length);
      if (dataset.hasHits) this.load.value = { phase: "ready" };
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

  /** What sequences are ordered by while nothing else was chosen. */
  get defaultOrder(): SequenceOrder {
    return this.manifest.n_seqlets > 0 ? "seqlets" : "hits";
  }

  /** All sequences that can be shown, in the chosen order at the present thresholds. */
  ranking(): number[] {
    const dataset = this.dataset.peek();
    if (!dataset) return [];
    const thresholds = this.thresholds.peek();
    const counts = this.counts.peek()!;
    const order = this.traits._sequence_order.peek() ?? this.defaultOrder;
    return rankSequences(dataset, counts, thresholds, order, this.selected.peek());
  }
}
