// A picture that is kept as long as what it shows does not change: while a threshold moves, the letters stay.
import { type Pen, preparePen } from "./pen.ts";

export class Layer {
  #canvas: HTMLCanvasElement | undefined;
  #inputs: readonly unknown[] = [];
  #isKept = false;

  /**
   * Paints the picture of `inputs`: straight while they change from frame to frame, as they do in panning, and from a
   * copy once they have stayed the same, which is made then.
   */
  paint(
    onto: Pen,
    inputs: readonly unknown[],
    width: number,
    height: number,
    dpr: number,
    draw: (pen: Pen) => void,
  ): void {
    const isSame =
      inputs.length === this.#inputs.length && inputs.every((input, i) => input === this.#inputs[i]);
    this.#inputs = inputs;
    if (!isSame) {
      this.#isKept = false;
      draw(onto);
      return;
    }
    this.#canvas ??= document.createElement("canvas");
    if (!this.#isKept) {
      const pen = preparePen(this.#canvas, width, height, dpr);
      if (pen) draw(pen);
      this.#isKept = true;
    }
    onto.drawImage(this.#canvas, 0, 0, width, height);
  }
}
