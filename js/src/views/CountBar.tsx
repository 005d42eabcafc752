// How hits are counted and how motifs are grouped.
import { plural } from "../format.ts";
import type { CountMode } from "../wire.ts";
import { useScreen } from "./context.ts";
import { Choice, Toggle } from "./controls.tsx";
import { MODES } from "./tableColumns.ts";

const NAMES = Object.fromEntries(Object.entries(MODES).map(([mode, { name }]) => [mode, name])) as Record<
  CountMode,
  string
>;

export function CountBar() {
  const { store } = useScreen();
  const { traits } = store;
  const { has } = store.dataset.value!.manifest;
  const mode = traits.count_mode.value;
  const families = plural(store.families.value!.names.length, "family");
  return (
    <div class="nbm-bar nbm-count-bar">
      {has.hits && (
        <Choice
          text="count"
          label="What is counted"
          title={MODES[mode].hint}
          value={mode}
          options={NAMES}
          onChange={(count_mode) => store.set({ count_mode })}
        />
      )}
      <Toggle
        text={traits.by_family.value ? families : "families"}
        title="Show motifs that look alike as one family"
        checked={traits.by_family.value}
        onChange={(by_family) => store.set({ by_family })}
      />
      {has.tree && (
        <label class="nbm-field" title="Motifs that are on average this similar are one family">
          <input
            type="range"
            class="nbm-similarity"
            aria-label="Similarity of a family's motifs"
            aria-valuetext={`${traits.family_similarity.value}, ${families}`}
            min={0.4}
            max={1}
            step={0.01}
            value={traits.family_similarity.value}
            onInput={(event) =>
              store.set({ family_similarity: Number(event.currentTarget.value) }, { settle: false })
            }
            onChange={() => store.host.flush()}
          />
          {traits.family_similarity.value.toFixed(2)}
        </label>
      )}
    </div>
  );
}
