// From a slider's steps to a threshold and back. Steps are so wide that the rounded value falls back on its own
// step: otherwise an arrow key could press in vain.

export interface SliderScale {
  readonly steps: number;
  toValue(step: number): number;
  toStep(value: number): number;
}

const roundTo = (value: number, digits: number): number => Number(value.toPrecision(digits));
const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);

/** For attributions: linear around 0, logarithmic above, so that small thresholds can be set finely. */
export function attributionScale(floor: number, max: number): SliderScale {
  const steps = 300;
  const unit = Math.max(max, Number.MIN_VALUE) / 500;
  const low = Math.asinh(floor / unit);
  const span = Math.max(Math.asinh(Math.max(max, floor) / unit) - low, 1e-9);
  return {
    steps,
    toValue(step) {
      if (step <= 0) return floor;
      return Math.max(floor, roundTo(unit * Math.sinh(low + (span * step) / steps), 3));
    },
    toStep(value) {
      return clamp(Math.round((steps * (Math.asinh(value / unit) - low)) / span), 0, steps);
    },
  };
}

const STEPS_PER_DECADE = 20;

/** The next number with one significant digit: the end of a scale should be round. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return roundTo(Math.ceil(value / power - 1e-9) * power, 1);
}

/** For p values: 20 steps per decade, from the decade of the smallest to the largest, rounded up. */
export function pScale(smallest: number, greatest: number): SliderScale {
  const largest = Math.min(1, roundUp(clamp(greatest, 1e-300, 1)));
  const high = Math.log10(largest);
  const low = Math.min(Math.floor(Math.log10(clamp(smallest, 1e-300, 1))), Math.ceil(high) - 1);
  const steps = Math.ceil((high - low) * STEPS_PER_DECADE);
  return {
    steps,
    toValue(step) {
      return step >= steps
        ? largest
        : Math.min(largest, roundTo(10 ** (high + (step - steps) / STEPS_PER_DECADE), 2));
    },
    toStep(value) {
      const step = steps + Math.round((Math.log10(Math.max(value, 1e-300)) - high) * STEPS_PER_DECADE);
      return clamp(step, 0, steps);
    },
  };
}

/** How many values fall on each of `nBins` stretches of the slider, for the picture behind it. */
export function histogram(scale: SliderScale, values: Iterable<number>, nBins: number): Uint32Array {
  const bins = new Uint32Array(nBins);
  for (const value of values) {
    bins[Math.min(nBins - 1, Math.floor((scale.toStep(value) / (scale.steps + 1)) * nBins))]++;
  }
  return bins;
}
