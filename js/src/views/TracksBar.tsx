// Which sequences are shown, how they are drawn, and how far one is zoomed in.
import { useMemo } from "preact/hooks";
import { findSequence } from "../describe.ts";
import { plural, whole } from "../format.ts";
import { offeredRows } from "../layers.ts";
import { span } from "../layout.ts";
import { goTo, jumpToSite, resizePage, showAll, showPlace, turnPage, zoomBy } from "../paging.ts";
import { offeredSequences, type SiteKind } from "../ranking.ts";
import type { PaletteName, SequenceOrder, YMode } from "../wire.ts";
import { useScreen } from "./context.ts";
import { Choice, Field, IconButton, Menu, Toggle } from "./controls.tsx";

const ORDERS: Record<SequenceOrder, string> = {
  seqlets: "by seqlets",
  hits: "by hits",
  selected: "by marked",
  unexplained: "by unexplained",
  file: "file order",
};
const SITES = { sites: "sites", unexplained: "unexplained" };
const HEIGHTS: Record<YMode, string> = { own: "its own values", same: "all tracks", fit: "values in view" };
const PALETTES: Record<PaletteName, string> = { classic: "classic", "okabe-ito": "colour-blind safe" };
const PAGE_SIZES = [1, 2, 3, 4, 6, 10];

export function TracksBar() {
  const { store } = useScreen();
  const { length } = store.dataset.value!.manifest;
  const viewport = store.viewport.value;
  return (
    <div class="nbm-bar">
      <Pager />
      <GoTo />
      <span class="nbm-spacer" />
      <Sites />
      <ViewMenu />
      <span class="nbm-group" role="group" aria-label="Zoom">
        <IconButton
          icon="minus"
          label="Zoom out (−)"
          onClick={() => zoomBy(store, 2)}
          isOff={span(viewport) >= length}
        />
        <span class="nbm-zoom-text">{whole(Math.round(span(viewport)))} bp</span>
        <IconButton icon="plus" label="Zoom in (+)" onClick={() => zoomBy(store, 0.5)} />
        <IconButton
          icon="fit"
          label="Show whole sequences (0)"
          onClick={() => showAll(store)}
          isOff={span(viewport) >= length}
        />
      </span>
    </div>
  );
}

function Pager() {
  const { store } = useScreen();
  const dataset = store.dataset.value!;
  const { allowed } = store.thresholds.value;
  const shown = store.shownSequences.value;
  const total = useMemo(() => offeredSequences(dataset, allowed).length, [dataset, allowed]);
  const page = store.page.value;
  const at = page ?? 0;
  return (
    <span class="nbm-group" role="group" aria-label="Shown sequences">
      <IconButton
        icon="previous"
        label="Previous sequences (K)"
        onClick={() => turnPage(store, -1)}
        isOff={at === 0}
      />
      <span class="nbm-pager-text" title={`Shown, of ${plural(total, "sequence")} that can be`}>
        {page === null ? shown.length : `${whole(at + 1)}–${whole(at + shown.length)}`} of {whole(total)}
      </span>
      <IconButton
        icon="next"
        label="Next sequences (J)"
        onClick={() => turnPage(store, 1)}
        isOff={at + shown.length >= total}
      />
    </span>
  );
}

/** From site to site: of the marked motifs, of all, or those that nothing explains. */
function Sites() {
  const { store } = useScreen();
  const kinds = store.picked.value.length > 0 ? { ...SITES, picked: "picked pairs" } : SITES;
  return (
    <span class="nbm-group" role="group" aria-label="Sites">
      <IconButton icon="previous" label="Previous site (P)" onClick={() => jumpToSite(store, -1)} />
      <Choice
        label="Kind of site"
        title={`Sites that count, of marked motifs if there are any; or seqlets that no motif explains${store.caveat.value}`}
        value={store.siteKind.value}
        options={kinds as Record<SiteKind, string>}
        onChange={(kind) => {
          store.siteKind.value = kind;
        }}
      />
      <IconButton icon="next" label="Next site (N)" onClick={() => jumpToSite(store, 1)} />
    </span>
  );
}

function ViewMenu() {
  const { store } = useScreen();
  const { traits } = store;
  const { has, layers } = store.dataset.value!.manifest;
  const offered = offeredRows(layers);
  const order = traits._sequence_order.value ?? store.defaultOrder;
  const usesHits = !["seqlets", "file"].includes(order);
  const shown = traits.layers.value.length > 0 ? traits.layers.value : layers;
  const toggleRow = (name: string, isShown: boolean): void => {
    const rows = offered.filter((other) => (other === name ? isShown : shown.includes(other)));
    if (rows.length > 0) store.set({ layers: rows });
  };
  return (
    <Menu label="View">
      {layers.length > 1 && (
        <fieldset>
          <legend>Each sequence shows</legend>
          {offered.map((name) => (
            <Toggle
              key={name}
              text={name.replace(" - ", " − ")}
              checked={shown.includes(name)}
              onChange={(checked) => toggleRow(name, checked)}
            />
          ))}
        </fieldset>
      )}
      {has.hypothetical && (
        <Toggle
          text="Hypothetical scores (H)"
          title="Show the attribution that each base would have, not only the one that is there"
          checked={traits._show_hypothetical.value}
          onChange={(checked) => store.set({ _show_hypothetical: checked })}
        />
      )}
      <Toggle
        text="Reverse complement (R)"
        checked={traits.reverse_complement.value}
        onChange={(checked) => store.set({ reverse_complement: checked })}
      />
      <Choice
        text="Height stands for"
        label="Height of the tracks"
        value={traits._y_mode.value}
        options={HEIGHTS}
        onChange={(mode) => store.set({ _y_mode: mode })}
      />
      <Choice
        text={`Order of sequences${usesHits ? store.caveat.value : ""}`}
        label="Order of sequences"
        value={order}
        options={ORDERS}
        onChange={(_sequence_order) => {
          store.set({ _sequence_order });
          goTo(store, 0);
        }}
      />
      <Choice
        text="Sequences at a time"
        label="Sequences at a time"
        value={String(store.pageSize.value)}
        options={Object.fromEntries(
          [...PAGE_SIZES, store.pageSize.value].map((size) => [size, String(size)]),
        )}
        onChange={(size) => resizePage(store, Number(size))}
      />
      <Choice
        text="Colours"
        label="Colours"
        value={traits.palette.value}
        options={PALETTES}
        onChange={(palette) => store.set({ palette })}
      />
    </Menu>
  );
}

function GoTo() {
  const { store } = useScreen();
  const go = (text: string): string => {
    if (text.trim() === "") return "";
    const found = findSequence(store.dataset.peek()!, text);
    if ("problem" in found) return found.problem;
    showPlace(store, found);
    return "";
  };
  return (
    <Field
      label="Go to sequence"
      title="A name, number, chr2:1,000 or chr2:1,000-2,000"
      placeholder="Go to…"
      value=""
      commit={go}
    />
  );
}
