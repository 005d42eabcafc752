// Above the table: search, what is marked, and in which sequence is counted.
import { useScreen } from "./context.ts";
import { Icon } from "./Icon.tsx";
import { Swatch } from "./Swatch.tsx";

export function MotifBar() {
  const { store } = useScreen();
  const { traits } = store;
  const dataset = store.dataset.value!;
  const sequence = traits.sequence.value;
  return (
    <div class="nbm-bar">
      <label class="nbm-search">
        <Icon name="search" />
        <input
          type="search"
          class="nbm-input"
          placeholder="Search, or /regex/"
          aria-label="Search motifs"
          value={traits._search.value}
          onInput={(event) => store.set({ _search: event.currentTarget.value }, { settle: false })}
          onChange={() => store.host.flush()}
          onKeyDown={(event) => {
            if (event.key === "Escape") store.set({ _search: "" });
          }}
        />
      </label>
      {sequence !== null && (
        <Chip
          text={`in ${dataset.sequenceName(sequence)}`}
          label="Count in all sequences"
          onRemove={() => store.set({ sequence: null })}
        />
      )}
      {traits.selected_motifs.value.map((name, slot) => (
        <Chip
          key={name}
          slot={slot}
          text={name}
          label={`Unmark ${name}`}
          onOpen={() => store.openCard(name)}
          onRemove={() => store.toggleMotif(name)}
        />
      ))}
      <span class="nbm-spacer" />
      {dataset.manifest.has.hits && (
        <button
          class="nbm-button"
          aria-pressed={store.showsPairs.value}
          title="Which motifs share sequences, and how far apart they stand"
          onClick={() => {
            store.showsPairs.value = !store.showsPairs.peek();
          }}
        >
          Pairs
        </button>
      )}
    </div>
  );
}

function Chip({
  text,
  label,
  slot,
  onOpen,
  onRemove,
}: {
  text: string;
  label: string;
  slot?: number;
  onOpen?: () => void;
  onRemove: () => void;
}) {
  return (
    <span class="nbm-chip">
      {slot !== undefined && <Swatch slot={slot} />}
      {onOpen ? (
        <button class="nbm-chip-text" title={`Open the card of ${text}`} onClick={onOpen}>
          {text}
        </button>
      ) : (
        <span class="nbm-chip-text">{text}</span>
      )}
      <button class="nbm-chip-remove" aria-label={label} title={label} onClick={onRemove}>
        <Icon name="close" />
      </button>
    </span>
  );
}
