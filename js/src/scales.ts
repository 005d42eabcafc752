// From a slider's steps to a threshold and back: it stands at the stops that the kernel has counted at.

export interface SliderScale {
  readonly steps: number;
  toValue(step: number): number;
  /** The step whose value is nearest. */
  toStep(value: number): number;
}

/** A slider over ascending or falling stops; to its right values are larger. */
export function stopScale(stops: Float64Array): SliderScale {
  const ascending = stops.length < 2 || stops[0] < stops.at(-1)! ? stops : stops.toReversed();
  const steps = Math.max(1, ascending.length - 1);
  return {
    steps,
    toValue: (step) => ascending[Math.min(step, ascending.length - 1)] ?? 0,
    toStep(value) {
      let low = 0;
      let high = ascending.length - 1;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (ascending[middle] < value) low = middle + 1;
        else high = middle;
      }
      return low > 0 && value - ascending[low - 1] < ascending[low] - value ? low - 1 : Math.max(0, low);
    },
  };
}
