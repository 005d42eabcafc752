// A picture that is kept as long as what it shows does not change: while a threshold moves, the letters stay.
import { type Pen, preparePen } from "./pen.ts";

export class Layer {
  #canvas: HTMLCanvasElement | undefined;
  #inputs: readonly unknown[] = [];

  /** The picture of `inputs`, drawn again only when one of them is another. */
  paint(
    inputs: readonly unknown[],
    width: number,
    height: number,
    dpr: number,
    draw: (pen: Pen) => void,
  ): HTMLCanvasElement | null {
    this.#canvas ??= document.createElement("canvas");
    const isSame =
      inputs.length === this.#inputs.length && inputs.every((input, i) => input === this.#inputs[i]);
    if (!isSame) {
      const pen = preparePen(this.#canvas, width, height, dpr);
      if (!pen) return null;
      draw(pen);
      this.#inputs = inputs;
    }
    return this.#canvas;
  }
}
