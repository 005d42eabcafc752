// Which sequences are shown, how they are drawn, and how far one is zoomed in.
import { useState } from "preact/hooks";
import { findSequence } from "../describe.ts";
import { whole } from "../format.ts";
import { centerOn, span, zoom } from "../layout.ts";
import type { SequenceOrder } from "../ranking.ts";
import type { YMode } from "../store.ts";
import { ownKeys, useScreen } from "./context.ts";
import { Icon } from "./Icon.tsx";

const ORDERS: { value: SequenceOrder; text: string }[] = [
  { value: "seqlets", text: "by seqlets" },
  { value: "hits", text: "by hits" },
  { value: "selected", text: "by marked" },
  { value: "file", text: "file order" },
];

export function TracksBar() {
  const { store } = useScreen();
  const { traits } = store;
  const { has, length } = store.dataset.value!.manifest;
  const viewport = store.viewport.value;
  const zoomBy = (factor: number) => () =>
    store.moveTo(zoom(viewport, factor, (viewport.start + viewport.end) / 2, length));
  return (
    <div class="nbm-bar">
      <Pager />
      <GoTo />
      <span class="nbm-spacer" />
      {has.hypothetical && (
        <Toggle
          text="Hypothetical"
          title="Show the attribution that each base would have, not only the one that is there"
          checked={traits._show_hypothetical.value}
          onChange={(checked) => store.set({ _show_hypothetical: checked })}
        />
      )}
      <select
        class="nbm-select nbm-y-mode"
        aria-label="Height of the tracks"
        title="The height stands for all values of the sequence, for those of all tracks, or for those in view"
        value={store.yMode.value}
        {...ownKeys}
        onChange={(event) => {
          store.yMode.value = event.currentTarget.value as YMode;
        }}
        onKeyDown={(event) => event.stopPropagation()}
      >
        <option value="own">own y</option>
        <option value="same">same y</option>
        <option value="fit">fit y</option>
      </select>
      <span class="nbm-zoom" role="group" aria-label="Zoom">
        <IconButton icon="minus" label="Zoom out" onClick={zoomBy(2)} disabled={span(viewport) >= length} />
        <span class="nbm-zoom-text">{whole(Math.round(span(viewport)))} bp</span>
        <IconButton icon="plus" label="Zoom in" onClick={zoomBy(0.5)} />
        <IconButton
          icon="fit"
          label="Show whole sequences"
          onClick={() => store.moveTo({ start: 0, end: length })}
          disabled={span(viewport) >= length}
        />
      </span>
    </div>
  );
}

function Pager() {
  const { store } = useScreen();
  const { n_sequences: n, tracks } = store.dataset.value!.manifest;
  const shown = store.shownSequences.value;
  const total = tracks?.length ?? n;
  const order = store.sequenceOrder.value;
  // counted from the order at the time of the click: moving a slider does not move the page
  const [page, setPage] = useState<number | null>(null);
  const go = (to: number): void => {
    const ranking = store.ranking();
    const at = Math.max(0, Math.min(to, Math.floor((ranking.length - 1) / shown.length) * shown.length));
    setPage(at);
    store.set({ _tracks: ranking.slice(at, at + shown.length) });
  };
  const at = page ?? 0;
  const reorder = (next: SequenceOrder): void => {
    store.sequenceOrder.value = next;
    go(0);
  };
  return (
    <span class="nbm-pager" role="group" aria-label="Shown sequences">
      <IconButton
        icon="previous"
        label="Previous sequences"
        onClick={() => go(at - shown.length)}
        disabled={at === 0}
      />
      <span class="nbm-pager-text" title={`Shown of ${whole(total)} sequences`}>
        {page === null ? shown.length : `${whole(at + 1)}–${whole(Math.min(at + shown.length, total))}`} of{" "}
        {whole(total)}
      </span>
      <IconButton
        icon="next"
        label="Next sequences"
        onClick={() => go(at + shown.length)}
        disabled={at + shown.length >= total}
      />
      <select
        class="nbm-select"
        aria-label="Order of sequences"
        title="The order in which the arrows page through the sequences"
        value={order}
        {...ownKeys}
        onChange={(event) => reorder(event.currentTarget.value as SequenceOrder)}
        onKeyDown={(event) => event.stopPropagation()}
      >
        {ORDERS.map(({ value, text }) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </span>
  );
}

function GoTo() {
  const { store } = useScreen();
  const [text, setText] = useState("");
  const [problem, setProblem] = useState("");
  const go = (): void => {
    if (text.trim() === "") return;
    const found = findSequence(store.dataset.peek()!, text);
    if ("problem" in found) {
      setProblem(found.problem);
      return;
    }
    const shown = store.shownSequences.peek();
    setText("");
    setProblem("");
    const others = shown.filter((sequence) => sequence !== found.sequence);
    store.set({ _tracks: [found.sequence, ...others].slice(0, Math.max(1, shown.length)) });
    if (found.base !== null) store.moveTo(centerOn(found.base, found.base + 1, 100, store.manifest.length));
  };
  return (
    <span class="nbm-goto">
      <input
        type="text"
        class="nbm-input"
        placeholder="Go to…"
        aria-label="Go to sequence"
        aria-invalid={problem !== ""}
        title="A name, a number, or a position such as chr2:1,204,310"
        value={text}
        {...ownKeys}
        onInput={(event) => {
          setText(event.currentTarget.value);
          setProblem("");
        }}
        onKeyDown={(event) => {
          event.stopPropagation();
          if (event.key === "Enter") go();
          if (event.key === "Escape") setText("");
        }}
      />
      {problem !== "" && (
        <span class="nbm-popup" role="alert">
          {problem}
        </span>
      )}
    </span>
  );
}

function Toggle(props: {
  text: string;
  title: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
}) {
  return (
    <label class="nbm-toggle" title={props.title}>
      <input
        type="checkbox"
        checked={props.checked}
        {...ownKeys}
        onChange={(event) => props.onChange(event.currentTarget.checked)}
        onKeyDown={(event) => event.stopPropagation()}
      />
      {props.text}
    </label>
  );
}

function IconButton(props: {
  icon: Parameters<typeof Icon>[0]["name"];
  label: string;
  onClick: () => void;
  disabled?: boolean;
}) {
  return (
    <button
      type="button"
      class="nbm-icon-button"
      aria-label={props.label}
      title={props.label}
      disabled={props.disabled ?? false}
      onClick={props.onClick}
      {...ownKeys}
    >
      <Icon name={props.icon} />
    </button>
  );
}
