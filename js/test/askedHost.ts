// A host that keeps what it is asked; the test answers, when it wants to.
import type { Column } from "../src/decode.ts";
import type { Host, Reply, RequestOptions } from "../src/host.ts";
import { dtypeOf } from "./fakeModel.ts";

interface Asked {
  name: string;
  params: Record<string, unknown>;
  /** Answers with columns, or as tracks are answered with buffers alone; resolves when the answer was read. */
  answer(columns: Record<string, Column>, message?: Record<string, unknown>): Promise<void>;
  answerBuffers(...buffers: Column[]): Promise<void>;
  refuse(message: string): Promise<void>;
}

const viewOf = ({ buffer, byteOffset, byteLength }: Column): DataView =>
  new DataView(buffer, byteOffset, byteLength);

/** Long enough for what waits for an answer to read it. */
const read = (): Promise<void> => new Promise((done) => setImmediate(done));

export class AskedHost {
  readonly asked: Asked[] = [];
  readonly host = { request: this.#request.bind(this) } as unknown as Host;

  /** As an exported page it answers also what is no longer wanted. */
  #request(name: string, params: Record<string, unknown>, { onPart }: RequestOptions = {}): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.asked.push({
        name,
        params,
        answer(columns, message = {}) {
          for (const [column, values] of Object.entries(columns)) {
            const piece = { name: column, dtype: dtypeOf(values), offset: 0 };
            onPart?.([{ ...piece, length: values.length, total: values.length }], [viewOf(values)]);
          }
          resolve({ message, buffers: [] });
          return read();
        },
        answerBuffers(...buffers) {
          resolve({ message: {}, buffers: buffers.map(viewOf) });
          return read();
        },
        refuse(message) {
          reject(new Error(message));
          return read();
        },
      });
    });
  }
}
