// The thresholds. Every count in the widget follows them in the same frame.
import { useMemo } from "preact/hooks";
import type { Counts } from "../counts.ts";
import { plural, whole } from "../format.ts";
import { stopScale } from "../scales.ts";
import { anticipate } from "../settling.ts";
import type { Control, Sign } from "../wire.ts";
import { useScreen, useUniqueId } from "./context.ts";
import { Slider } from "./Slider.tsx";

/** A hit counts when its attribution is above t, below −t, or either. */
const ATTRIBUTION_OPERATORS: Record<Sign, string> = { "+": ">", "-": "< −", both: "size >" };

const assigned = ({ nAssigned, nSeqlets }: Counts): string =>
  `${whole(nAssigned)} assigned, ${whole(nSeqlets - nAssigned)} not`;

interface SliderSpec {
  trait: "attribution_threshold" | "fimo_p_threshold" | "seqlet_p_threshold" | "tomtom_p_threshold";
  stops: "attribution" | "fimoP" | "seqletP" | "tomtomP";
  label: string;
  of: "hits" | "seqlets";
  /** What the kernel counts at all stops of, where the hits here do not suffice. */
  control?: Control;
  note: (counts: Counts) => string;
  title: string;
}

const SLIDERS: SliderSpec[] = [
  {
    trait: "attribution_threshold",
    stops: "attribution",
    label: "Attribution",
    of: "hits",
    control: "attribution",
    note: ({ nHits, nMatches, isExact }) =>
      `${isExact ? "" : "≈"}${whole(nHits)} of ${plural(nMatches, "hit")}`,
    title: "A FIMO hit counts when the attribution summed under it is above this.",
  },
  {
    trait: "fimo_p_threshold",
    stops: "fimoP",
    label: "FIMO p",
    of: "hits",
    control: "p",
    note: ({ nMatches }) => plural(nMatches, "hit"),
    title: "A FIMO hit counts when its match with the motif has a p value below this.",
  },
  {
    trait: "seqlet_p_threshold",
    stops: "seqletP",
    label: "Seqlet p",
    of: "seqlets",
    note: ({ nSeqlets }) => plural(nSeqlets, "seqlet"),
    title: "A seqlet counts when its p value is below this.",
  },
  {
    trait: "tomtom_p_threshold",
    stops: "tomtomP",
    label: "TOMTOM p",
    of: "seqlets",
    note: assigned,
    title: "A seqlet is assigned to its best motif when the match has a p value below this.",
  },
];

export function Toolbar() {
  const { store } = useScreen();
  const { traits } = store;
  const dataset = store.dataset.value!;
  const counts = store.counts.value!;
  const shown = SLIDERS.filter(({ of }) => dataset.manifest.has[of]);
  const scales = useMemo(() => SLIDERS.map(({ stops }) => stopScale(dataset.stops[stops])), [dataset]);
  return (
    <div class="nbm-toolbar" role="group" aria-label="Thresholds" style={{ "--sliders": shown.length }}>
      {shown.map(({ trait, label, control, note, title }) => {
        const isAttribution = control === "attribution";
        return (
          <Slider
            key={trait}
            label={label}
            name={`${label} threshold`}
            passes={isAttribution ? "above" : "below"}
            operator={isAttribution ? ATTRIBUTION_OPERATORS[traits.sign.value] : "<"}
            value={traits[trait].value}
            scale={scales[SLIDERS.findIndex((slider) => slider.trait === trait)]}
            limits={isAttribution ? { min: 0, max: 1e300 } : { min: Number.MIN_VALUE, max: 1 }}
            note={note(counts)}
            title={title}
            onReach={() => control && anticipate(store, control)}
            onMove={(value) => {
              if (value === traits[trait].peek()) return;
              store.dragging.value = true;
              store.set({ [trait]: value }, { settle: false });
            }}
            onSettle={() => {
              store.dragging.value = false;
              store.host.flush();
            }}
          />
        );
      })}
      <SignSwitch />
    </div>
  );
}

const SIGNS: { value: Sign; text: string; name: string; note: string }[] = [
  { value: "+", text: "+", name: "positive", note: "raises the output" },
  { value: "-", text: "−", name: "negative", note: "lowers the output" },
  { value: "both", text: "±", name: "both", note: "either way" },
];

function SignSwitch() {
  const { store } = useScreen();
  const sign = store.traits.sign.value;
  const group = useUniqueId();
  return (
    <div class="nbm-sign">
      <div class="nbm-slider-head">
        <span class="nbm-label">Sign</span>
        <div class="nbm-segments" role="radiogroup" aria-label="Sign">
          {SIGNS.map(({ value, text, name }) => (
            <label
              key={value}
              class="nbm-segment"
              data-checked={value === sign}
              title={`${name} attributions`}
            >
              <input
                type="radio"
                name={group}
                value={value}
                checked={value === sign}
                aria-label={name}
                onChange={() => store.set({ sign: value })}
              />
              {text}
            </label>
          ))}
        </div>
      </div>
      <div class="nbm-note">{SIGNS.find(({ value }) => value === sign)?.note}</div>
    </div>
  );
}
