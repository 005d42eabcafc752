// Bytes to typed arrays. Hosts deliver buffers as views into larger buffers, so offset and length are always
// respected, and a view that is not aligned for its type is copied.
import type { ColumnPiece, Dtype } from "./wire.ts";

export type Bytes = ArrayBuffer | ArrayBufferView;
export type Column =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array;

const ARRAYS = {
  u8: Uint8Array,
  i8: Int8Array,
  u16: Uint16Array,
  i16: Int16Array,
  u32: Uint32Array,
  i32: Int32Array,
  f32: Float32Array,
  f64: Float64Array,
} as const;

type ArrayOf<D extends Dtype> = InstanceType<(typeof ARRAYS)[D]>;

function toBytes(data: Bytes): Uint8Array<ArrayBuffer> {
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  return new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
}

/** Reads little-endian elements, without a copy where alignment allows; what is missing has none. */
export function toTyped<D extends Dtype>(dtype: D, data: Bytes = new ArrayBuffer(0)): ArrayOf<D> {
  const ArrayType = ARRAYS[dtype];
  const bytes = toBytes(data);
  const size = ArrayType.BYTES_PER_ELEMENT;
  if (bytes.byteLength % size !== 0) {
    throw new Error(`${bytes.byteLength} bytes are not a whole number of ${dtype} elements.`);
  }
  const aligned = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  return new ArrayType(aligned.buffer, aligned.byteOffset, bytes.byteLength / size) as ArrayOf<D>;
}

/** Undoes gzip, by what the browser has built in. */
export async function gunzip(data: Bytes): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([toBytes(data)]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Puts columns together from pieces that arrive in any order. */
export class ColumnAssembler {
  readonly #columns = new Map<string, { dtype: Dtype; data: Column; received: number }>();
  readonly #unpacking: Promise<void>[] = [];

  accept(pieces: readonly ColumnPiece[], buffers: readonly Bytes[]): void {
    if (pieces.length !== buffers.length) {
      throw new Error(`${pieces.length} column pieces came with ${buffers.length} buffers.`);
    }
    pieces.forEach((piece, i) => {
      if (piece.gzip) this.#unpacking.push(gunzip(buffers[i]).then((bytes) => this.#place(piece, bytes)));
      else this.#place(piece, buffers[i]);
    });
  }

  #place({ name, dtype, offset, length, total }: ColumnPiece, buffer: Bytes): void {
    let column = this.#columns.get(name);
    if (!column) {
      column = { dtype, data: new ARRAYS[dtype](total), received: 0 };
      this.#columns.set(name, column);
    }
    const piece = toTyped(dtype, buffer);
    if (
      piece.length !== length ||
      offset + length > total ||
      column.data.length !== total ||
      column.dtype !== dtype
    ) {
      throw new Error(`A piece of column "${name}" does not fit its announced place.`);
    }
    column.data.set(piece, offset);
    column.received += length;
  }

  /** The finished columns; throws when a piece never came. */
  async finish(): Promise<Columns> {
    await Promise.all(this.#unpacking);
    for (const [name, { data, received }] of this.#columns) {
      if (received !== data.length) {
        throw new Error(`Column "${name}" has ${received} of its ${data.length} elements.`);
      }
    }
    return new Columns(new Map([...this.#columns].map(([name, { data }]) => [name, data])));
  }
}

/** Named columns, taken with the type and length that the reader expects. */
export class Columns {
  readonly #columns: ReadonlyMap<string, Column>;

  constructor(columns: ReadonlyMap<string, Column>) {
    this.#columns = columns;
  }

  /** A column of whatever numbers. */
  takeNumbers(name: string): Column {
    return this.#columns.get(name) ?? new Float64Array(0);
  }

  /** A column of numbers below some end, in two bytes where they fit. */
  takeIndex(name: string, length?: number): Uint16Array | Uint32Array {
    return this.take(name, this.#columns.get(name) instanceof Uint32Array ? "u32" : "u16", length);
  }

  take<D extends Dtype>(name: string, dtype: D, length?: number): ArrayOf<D> {
    const column = this.#columns.get(name) ?? new ARRAYS[dtype](0);
    if (!(column instanceof ARRAYS[dtype])) throw new Error(`Column "${name}" is not ${dtype}.`);
    if (length !== undefined && column.length !== length) {
      throw new Error(`Column "${name}" must have ${length} elements; it has ${column.length}.`);
    }
    return column as ArrayOf<D>;
  }
}
