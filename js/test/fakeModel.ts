// An anywidget model with a kernel behind it that answers from a synthetic study.
import type { Column } from "../src/decode.ts";
import type { ColumnPiece, Dtype, Traits } from "../src/wire.ts";
import { hypotheticalOf, type Synthetic } from "./synthetic.ts";

type Callback = (...args: never[]) => void;

const DTYPES: [new (n: number) => Column, Dtype][] = [
  [Uint8Array, "u8"],
  [Int8Array, "i8"],
  [Uint16Array, "u16"],
  [Int16Array, "i16"],
  [Uint32Array, "u32"],
  [Int32Array, "i32"],
  [Float32Array, "f32"],
  [Float64Array, "f64"],
];

export const dtypeOf = (column: Column): Dtype =>
  DTYPES.find(([ArrayType]) => column instanceof ArrayType)![1];

const viewOf = (array: Column): DataView => new DataView(array.buffer, array.byteOffset, array.byteLength);

/** As a model that traits, messages and their echoes pass through; nothing is sent anywhere. */
export class FakeModel {
  readonly state: Traits;
  readonly sent: Record<string, unknown>[] = [];
  saves = 0;
  /** Elements per column piece, small to force several. */
  pieceSize = 250_000;
  /** Milliseconds before the kernel answers; null answers never. */
  latency: number | null = 0;
  readonly #study: Synthetic | null;
  readonly #callbacks = new Map<string, Set<Callback>>();
  // kept as anywidget's own model keeps it, though nothing here needs it
  readonly widget_manager = {};

  constructor(state: Traits, study: Synthetic | null = null) {
    this.state = { ...state };
    this.#study = study;
  }

  get<K extends keyof Traits>(name: K): Traits[K] {
    return this.state[name];
  }

  set<K extends keyof Traits>(name: K, value: Traits[K]): void {
    if (JSON.stringify(this.state[name]) === JSON.stringify(value)) return;
    this.state[name] = value;
    this.emit(`change:${name}`);
  }

  save_changes(): void {
    this.saves++;
  }

  on(name: string, callback: Callback): void {
    const callbacks = this.#callbacks.get(name) ?? new Set();
    callbacks.add(callback);
    this.#callbacks.set(name, callbacks);
  }

  off(name?: string | null, callback?: Callback | null): void {
    if (!name) this.#callbacks.clear();
    else if (callback) this.#callbacks.get(name)?.delete(callback);
    else this.#callbacks.delete(name);
  }

  emit(name: string, ...args: unknown[]): void {
    for (const callback of this.#callbacks.get(name) ?? [])
      (callback as (...args: unknown[]) => void)(...args);
  }

  send(message: Record<string, unknown>): void {
    this.sent.push(message);
    if (message.type === "request" && this.latency !== null && this.#study) {
      setTimeout(() => this.#answer(message), this.latency);
    }
  }

  reply(message: Record<string, unknown>, buffers: DataView[] = []): void {
    this.emit("msg:custom", { type: "reply", ...message }, buffers);
  }

  #answer({ id, name, params }: Record<string, unknown>): void {
    const { columns, hits, codes, observed } = this.#study!;
    if (name === "load" || name === "tail") {
      for (const [column, data] of name === "load" ? columns : hits) {
        for (let offset = 0; offset === 0 || offset < data.length; offset += this.pieceSize) {
          const piece = data.slice(offset, offset + this.pieceSize) as Column;
          const entry: ColumnPiece = {
            name: column,
            dtype: dtypeOf(data),
            offset,
            length: piece.length,
            total: data.length,
          };
          this.reply({ id, status: "part", columns: [entry] }, [viewOf(piece)]);
        }
      }
      this.reply({ id, status: "ok", rev: this.state._rev });
      return;
    }
    if (name !== "track") {
      this.reply({ id, status: "error", message: `A made-up kernel does not answer "${name}".` });
      return;
    }
    const { sequence, hypothetical } = params as { sequence: number; hypothetical: boolean };
    const buffers = [viewOf(codes[sequence]!), viewOf(observed[sequence]!)];
    if (hypothetical) buffers.push(viewOf(hypotheticalOf(codes[sequence]!, observed[sequence]!)));
    this.reply({ id, status: "ok", sequence }, buffers);
  }
}
