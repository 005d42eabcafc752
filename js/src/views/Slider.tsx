// One threshold: a slider, a box to type into, and what passes.
import { threshold } from "../format.ts";
import type { SliderScale } from "../scales.ts";
import { useUniqueId } from "./context.ts";
import { Field } from "./controls.tsx";

interface SliderProps {
  label: string;
  name: string;
  /** Values pass above the threshold, or below it. */
  passes: "above" | "below";
  /** How the value is compared, as it stands before the number. */
  operator: string;
  value: number;
  scale: SliderScale;
  limits: { min: number; max: number };
  note: string;
  title: string;
  /** The pointer or the focus has come. */
  onReach: () => void;
  onMove: (value: number) => void;
  onSettle: () => void;
}

export function Slider(props: SliderProps) {
  const { label, name, passes, value, scale, note, title, onMove, onSettle } = props;
  const step = scale.toStep(value);
  const noteId = useUniqueId();
  const commit = (text: string): string => {
    const { min, max } = props.limits;
    const number = Number(text);
    if (text.trim() === "" || !(number >= min && number <= max))
      return `Type ${max === 1 ? "more than 0, at most 1" : "0 or more"}, such as 0.01.`;
    if (number !== value) {
      onMove(number);
      onSettle();
    }
    return "";
  };
  return (
    <div class="nbm-slider" title={title} onPointerEnter={props.onReach} onFocusIn={props.onReach}>
      <div class="nbm-slider-head">
        <span class="nbm-label">{label}</span>
        <span class="nbm-operator">{props.operator}</span>
        <Field label={`${name} (number)`} value={threshold(value)} isNumber commit={commit} />
      </div>
      <input
        type="range"
        aria-label={name}
        aria-describedby={noteId}
        aria-valuetext={`${label} ${passes} ${threshold(value)}, ${note}`}
        min={0}
        max={scale.steps}
        step={1}
        value={step}
        onInput={(event) => onMove(scale.toValue(Number(event.currentTarget.value)))}
        onChange={onSettle}
        onPointerUp={onSettle}
        onPointerCancel={onSettle}
        onKeyUp={onSettle}
        onBlur={onSettle}
      />
      <div class="nbm-note" id={noteId}>
        {note}
      </div>
    </div>
  );
}
