// Above the table: search, what is marked, and in which sequence is counted.
import { useScreen } from "./context.ts";
import { Icon } from "./Icon.tsx";
import { Swatch } from "./Swatch.tsx";

export function MotifBar() {
  const { store } = useScreen();
  const { traits } = store;
  const dataset = store.dataset.value!;
  const sequence = traits.sequence.value;
  const names = dataset.manifest.motif_names;
  return (
    <div class="nbm-bar">
      <label class="nbm-search">
        <Icon name="search" />
        <input
          type="search"
          class="nbm-input"
          placeholder="Search motifs"
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
      {store.selected.value.map((motif, slot) => (
        <Chip
          key={motif}
          slot={slot}
          text={names[motif]!}
          label={`Unmark ${names[motif]}`}
          onOpen={() => store.set({ motif: traits.motif.peek() === names[motif] ? null : names[motif]! })}
          onRemove={() => store.toggleMotif(names[motif]!)}
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
