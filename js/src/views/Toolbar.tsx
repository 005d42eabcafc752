// The thresholds. Every count in the widget follows them in the same frame.
import { useMemo } from "preact/hooks";
import type { Counts } from "../counts.ts";
import type { Dataset } from "../dataset.ts";
import { plural, threshold, whole } from "../format.ts";
import { attributionScale, histogram, pScale, type SliderScale } from "../scales.ts";
import type { Sign } from "../wire.ts";
import { ownKeys, useScreen, useUniqueId } from "./context.ts";
import { Slider } from "./Slider.tsx";

/** A hit counts when its attribution is above t, below −t, or either. */
const ATTRIBUTION_OPERATORS: Record<Sign, string> = { "+": ">", "-": "< −", both: "size >" };

const BINS = 60;
/** A picture needs no more values than this. */
const SAMPLE = 50_000;

function* sample(n: number, valueAt: (i: number) => number): Generator<number> {
  const stride = Math.max(1, Math.ceil(n / SAMPLE));
  for (let i = 0; i < n; i += stride) yield valueAt(i);
}

function smallest(values: Iterable<number>): number {
  let least = 1;
  for (const value of values) if (value > 0 && value < least) least = value;
  return least;
}

interface Picture {
  scale: SliderScale;
  bins: Uint32Array | null;
}

function withBins(scale: SliderScale, n: number, valueAt: (i: number) => number): Picture {
  return { scale, bins: n > 0 ? histogram(scale, sample(n, valueAt), BINS) : null };
}

function pictures(dataset: Dataset) {
  const { manifest, hits, seqlets } = dataset;
  const { n_hits: nHits, n_seqlets: nSeqlets } = manifest;
  const hitMotif = dataset.hitMotif;
  return {
    attribution: withBins(attributionScale(manifest.floor, manifest.attribution_max || 1), nHits, (h) =>
      Math.abs(hits.attribution[h]),
    ),
    fimo: withBins(
      pScale(smallest(dataset.levelP), manifest.fimo_p_max || 1e-4),
      nHits,
      (h) => dataset.levelP[dataset.levelOffset[hitMotif[h]] + hits.level[h]],
    ),
    seqlet: withBins(
      pScale(smallest(seqlets.p), manifest.seqlet_p_max || 0.01),
      nSeqlets,
      (q) => seqlets.p[q],
    ),
    tomtom: withBins(pScale(smallest(seqlets.tomtomP), 1), nSeqlets, (q) => seqlets.tomtomP[q]),
  };
}

export function Toolbar() {
  const { store } = useScreen();
  const { traits } = store;
  const dataset = store.dataset.value!;
  const counts = store.counts.value!;
  const { attribution, fimo, seqlet, tomtom } = useMemo(() => pictures(dataset), [dataset]);
  const { has, floor } = dataset.manifest;

  const settle = (): void => {
    store.dragging.value = false;
    store.host.flush();
  };
  const bind = (
    trait: "attribution_threshold" | "fimo_p_threshold" | "seqlet_p_threshold" | "tomtom_p_threshold",
  ) => ({
    value: traits[trait].value,
    onMove: (value: number) => {
      if (value === traits[trait].peek()) return;
      store.dragging.value = true;
      store.set({ [trait]: value }, { settle: false });
    },
    onSettle: settle,
  });
  const pLimits = { min: Number.MIN_VALUE, max: 1 };
  return (
    <div
      class="nbm-toolbar"
      role="group"
      aria-label="Thresholds"
      style={{ "--sliders": 2 * Number(has.hits) + 2 * Number(has.seqlets) }}
    >
      {has.hits && (
        <Slider
          {...bind("attribution_threshold")}
          {...attribution}
          label="Attribution"
          name="Attribution threshold"
          passes="above"
          operator={ATTRIBUTION_OPERATORS[traits.sign.value]}
          limits={{ min: floor, max: Number.POSITIVE_INFINITY }}
          note={`${whole(counts.nHits)} of ${plural(counts.nMatches, "hit")}`}
          title={
            "A FIMO hit counts when the attribution summed under it is above this." +
            (floor > 0 ? ` Hits up to ${threshold(floor)} were not sent.` : "")
          }
        />
      )}
      {has.hits && (
        <Slider
          {...bind("fimo_p_threshold")}
          {...fimo}
          label="FIMO p"
          name="FIMO p threshold"
          passes="below"
          operator="<"
          limits={pLimits}
          note={plural(counts.nMatches, "hit")}
          title="A FIMO hit counts when its match with the motif has a p value below this."
        />
      )}
      {has.seqlets && (
        <Slider
          {...bind("seqlet_p_threshold")}
          {...seqlet}
          label="Seqlet p"
          name="Seqlet p threshold"
          passes="below"
          operator="<"
          limits={pLimits}
          note={plural(counts.nSeqlets, "seqlet")}
          title="A seqlet counts when its p value is below this."
        />
      )}
      {has.seqlets && (
        <Slider
          {...bind("tomtom_p_threshold")}
          {...tomtom}
          label="TOMTOM p"
          name="TOMTOM p threshold"
          passes="below"
          operator="<"
          limits={pLimits}
          note={assigned(counts)}
          title="A seqlet is assigned to its best motif when the match has a p value below this."
        />
      )}
      <SignSwitch />
    </div>
  );
}

const assigned = ({ nAssigned, nSeqlets }: Counts): string =>
  `${whole(nAssigned)} assigned, ${whole(nSeqlets - nAssigned)} not`;

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
      </div>
      <div class="nbm-segments" role="radiogroup" aria-label="Sign">
        {SIGNS.map(({ value, text, name }) => (
          <label key={value} class="nbm-segment" data-checked={value === sign} title={`${name} attributions`}>
            <input
              type="radio"
              name={group}
              value={value}
              checked={value === sign}
              aria-label={name}
              {...ownKeys}
              onChange={() => store.set({ sign: value })}
              onKeyDown={(event) => event.stopPropagation()}
            />
            {text}
          </label>
        ))}
      </div>
      <div class="nbm-note">{SIGNS.find(({ value }) => value === sign)?.note}</div>
    </div>
  );
}
