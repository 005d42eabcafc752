// From a slider's steps to a threshold and back: it stands at the stops that the kernel has counted at.
import { lowerBound } from "./counts.ts";

export interface SliderScale {
  readonly steps: number;
  toValue(step: number): number;
  /** The step whose value is nearest. */
  toStep(value: number): number;
}

/** A slider over ascending or falling stops; to its right values are larger. */
export function stopScale(stops: Float64Array): SliderScale {
  const ascending = stops[0] < stops.at(-1)! ? stops : stops.toReversed();
  const steps = Math.max(1, ascending.length - 1);
  return {
    steps,
    toValue: (step) => ascending[Math.min(step, ascending.length - 1)] ?? 0,
    toStep(value) {
      const at = lowerBound(ascending, value, 0, ascending.length - 1);
      // before the first there is none, which is not nearer
      return value - ascending[at - 1] < ascending[at] - value ? at - 1 : at;
    },
  };
}
