// The only door to the model. Views know neither anywidget nor whether a kernel exists.
import type { AnyModel } from "@anywidget/types";
import { type ReadonlySignal, signal } from "@preact/signals";
import type { Bytes } from "./decode.ts";
import type { ColumnPiece, RequestName, RequestParams, TraitName, Traits } from "./wire.ts";

export interface Reply {
  message: Record<string, unknown>;
  buffers: readonly Bytes[];
}

export interface RequestOptions {
  signal?: AbortSignal;
  /** Called for each piece of an answer that comes in several. */
  onPart?: (columns: ColumnPiece[], buffers: readonly Bytes[]) => void;
}

/** Who answers: a kernel, one that was there before it ended, or what was put into an exported page. */
export type Source = "kernel" | "gone" | "page";

export interface Host {
  readonly source: ReadonlySignal<Source>;
  get<K extends TraitName>(name: K): Traits[K];
  /** Takes effect in this page at once, in the kernel within a moment. */
  set(patch: Partial<Traits>): void;
  /** Sends what `set` holds back; for the end of a drag. */
  flush(): void;
  /** Changes that come from elsewhere; never the echo of an own `set`. */
  onChange(callback: (name: TraitName) => void): () => void;
  request<N extends RequestName>(name: N, params: RequestParams[N], options?: RequestOptions): Promise<Reply>;
  /** Stops the stage of a study that the kernel works on. */
  stop(): void;
}

/** While a slider moves the kernel hears of it this often. */
export const SAVE_DELAY_MS = 150;
/** An old value that arrives later than this after the last one sent is news. */
const ECHO_WINDOW_MS = 500;

const sameValue = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/**
 * Tells echoes from news. Each value sent may come back after newer ones were sent; such an old echo must not move
 * a slider back under the user's hand.
 */
export class EchoGuard {
  readonly #sent = new Map<string, { values: unknown[]; at: number }>();
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  sent(name: string, value: unknown): void {
    const entry = this.#recent(name) ?? { values: [], at: 0 };
    entry.values.push(value);
    entry.at = this.#now();
    this.#sent.set(name, entry);
  }

  /** Whether a value that arrived is one of ours that newer ones have replaced. */
  isStaleEcho(name: string, value: unknown): boolean {
    const values = this.#recent(name)?.values ?? [];
    const index = values.findIndex((old) => sameValue(old, value));
    // echoes come in the order of sending: those before it will not come any more
    if (index >= 0) values.splice(0, index);
    else this.#sent.delete(name);
    return values.length > 1 && index >= 0;
  }

  #recent(name: string): { values: unknown[]; at: number } | undefined {
    const entry = this.#sent.get(name);
    if (entry && this.#now() - entry.at <= ECHO_WINDOW_MS) return entry;
    this.#sent.delete(name);
    return undefined;
  }
}

const GONE = "The kernel has ended: run the cell again.";

type CustomMessage = Record<string, unknown> & { type?: string; id?: number; status?: string };

/** A live kernel behind an anywidget model. */
export class AnywidgetHost implements Host {
  readonly source = signal<Source>("kernel");
  readonly #model: AnyModel<Traits>;
  readonly #guard = new EchoGuard();
  /** Set here, not yet given to the model. */
  #pending: Partial<Traits> = {};
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #listeners = new Set<(name: TraitName) => void>();
  readonly #requests = new Map<number, (message: CustomMessage, buffers: readonly Bytes[]) => void>();
  // replies reach every page that shows this model, so ids start at a random place
  #nextId = Math.floor(Math.random() * 2 ** 31) * 1024;
  #saving = false;

  constructor(model: AnyModel<Traits>, names: readonly TraitName[]) {
    this.#model = model;
    for (const name of names) model.on(`change:${name}`, () => this.#changed(name));
    // Jupyter's own event; it comes when the kernel restarts or dies, as a model is born alive
    (model as { on(name: string, callback: () => void): void }).on("comm_live_update", () => this.#end());
    model.on("msg:custom", (message: CustomMessage, buffers: DataView[]) => {
      if (message?.type === "reply" && message.id !== undefined)
        this.#requests.get(message.id)?.(message, buffers);
    });
  }

  #end(): void {
    this.source.value = "gone";
    for (const answer of [...this.#requests.values()]) answer({ status: "error", message: GONE }, []);
  }

  get<K extends TraitName>(name: K): Traits[K] {
    return name in this.#pending ? (this.#pending[name] as Traits[K]) : this.#model.get(name);
  }

  set(patch: Partial<Traits>): void {
    Object.assign(this.#pending, patch);
    this.#timer ??= setTimeout(() => this.flush(), SAVE_DELAY_MS);
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const patch = this.#pending;
    this.#pending = {};
    const names = Object.keys(patch) as TraitName[];
    if (names.length === 0) return;
    this.#saving = true;
    try {
      for (const name of names) {
        this.#guard.sent(name, patch[name]);
        this.#model.set(name, patch[name] as never);
      }
      this.#model.save_changes();
    } finally {
      this.#saving = false;
    }
  }

  onChange(callback: (name: TraitName) => void): () => void {
    this.#listeners.add(callback);
    return () => this.#listeners.delete(callback);
  }

  #changed(name: TraitName): void {
    // what the user is setting right now wins; the next flush tells the kernel
    if (this.#saving || name in this.#pending || this.#guard.isStaleEcho(name, this.#model.get(name))) return;
    for (const listener of this.#listeners) listener(name);
  }

  stop(): void {
    this.#model.send({ type: "stop" });
  }

  request<N extends RequestName>(
    name: N,
    params: RequestParams[N],
    options: RequestOptions = {},
  ): Promise<Reply> {
    const { signal, onPart } = options;
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      if (this.source.peek() === "gone") throw new Error(GONE);
      signal?.addEventListener("abort", () => {
        // an answer may have come before
        if (!this.#requests.delete(id)) return;
        reject(signal.reason);
        try {
          this.#model.send({ type: "cancel", id });
        } catch {
          // a notebook that closes has cut the line already
        }
      });
      this.#requests.set(id, (message, buffers) => {
        try {
          if (message.status === "error") throw new Error(String(message.message));
          if (message.status === "part") {
            onPart?.(message.columns as ColumnPiece[], buffers);
            return;
          }
          resolve({ message, buffers });
        } catch (error) {
          reject(error);
        }
        this.#requests.delete(id);
      });
      this.#model.send({ type: "request", id, name, params });
    });
  }
}
