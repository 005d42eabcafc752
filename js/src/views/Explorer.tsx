// The whole widget or one of its parts, in each of its states.
import { useErrorBoundary } from "preact/hooks";
import { type Counts, hitPasses, type Thresholds } from "../counts.ts";
import type { Dataset } from "../dataset.ts";
import { plural, threshold, whole } from "../format.ts";
import type { LoadState } from "../store.ts";
import type { Manifest } from "../wire.ts";
import { useScreen } from "./context.ts";
import { IconButton } from "./controls.tsx";
import { MotifCard } from "./MotifCard.tsx";
import { MotifTable } from "./MotifTable.tsx";
import { Pairs } from "./Pairs.tsx";
import { Reasons } from "./Reasons.tsx";
import { ThresholdPanel } from "./ThresholdPanel.tsx";
import { Toolbar } from "./Toolbar.tsx";
import { Tracks } from "./Tracks.tsx";

/** What a cell can show: all of it, or a part that stays linked with the others. */
export type ViewName = "explorer" | "thresholds" | "table" | "tracks" | "card" | "pairs";

export function Explorer({ view }: { view: ViewName }) {
  const { store } = useScreen();
  // a view that fails says so, instead of leaving an empty cell
  const [failure, retry] = useErrorBoundary();
  if (failure) return <DrawError failure={failure} onRetry={retry} />;
  const load = store.load.value;
  const dataset = store.dataset.value;
  const shows = (part: ViewName): boolean => view === "explorer" || view === part;
  const hasCard = view === "card" || (view === "explorer" && store.traits.motif.value !== null);
  const hasPairs = view === "pairs" || (view === "explorer" && store.traits._shows_pairs.value);
  const closePairs = (): void => store.set({ _shows_pairs: false });
  // a cell of its own says what is missing; beside the table nothing need be said
  const has = dataset?.manifest.has;
  const hasTracks = view === "tracks" || (view === "explorer" && has?.attributions);
  const hasThresholds = shows("thresholds") && (has?.hits || has?.seqlets);
  return (
    <>
      {view === "explorer" && <Header />}
      {load.phase === "error" && <LoadError message={load.message} />}
      {!dataset && load.phase !== "error" && <Loading load={load} />}
      {dataset && isEmpty(dataset.manifest) && <State text={NOTHING} />}
      {dataset && !isEmpty(dataset.manifest) && (
        <>
          {hasThresholds ? (
            <>
              <Toolbar />
              <div class="nbm-plane-row">
                {dataset.manifest.has.hits && <ThresholdPanel />}
                <div class="nbm-reasons">
                  <Reasons />
                  <Obstacle />
                </div>
              </div>
            </>
          ) : (
            <Obstacle />
          )}
          <div class="nbm-main">
            {shows("table") && <MotifTable />}
            {(hasCard || hasPairs || hasTracks) && (
              <div class="nbm-side">
                {hasPairs && <Pairs onClose={view === "pairs" ? undefined : closePairs} />}
                {hasCard && <MotifCard />}
                {hasTracks && (dataset.manifest.has.attributions ? <Tracks /> : <NoTracks />)}
              </div>
            )}
          </div>
          {shows("thresholds") && <Footer />}
          <Toast />
        </>
      )}
    </>
  );
}

function Header() {
  const { store } = useScreen();
  const manifest = store.dataset.value?.manifest ?? store.traits._manifest.value;
  return (
    <div class="nbm-header">
      <span class="nbm-title">{manifest?.name || "nbmotif"}</span>
      {manifest?.version !== undefined && (
        <span class="nbm-muted">
          {whole(manifest.n_sequences)} × {whole(manifest.length)} bp · {plural(manifest.n_motifs, "motif")}
        </span>
      )}
      <span class="nbm-spacer" />
      <KernelStatus />
      <span class="nbm-legend" aria-hidden="true">
        {["A", "C", "G", "T"].map((letter) => (
          <b key={letter} class={`nbm-base-${letter}`}>
            {letter}
          </b>
        ))}
      </span>
    </div>
  );
}

const isEmpty = ({ has, n_motifs }: Manifest): boolean => n_motifs === 0 && !has.attributions && !has.seqlets;

/** One sentence in place of all views. */
function State(props: { text: string; isError?: boolean; children?: preact.ComponentChildren }) {
  const { text, isError = false, children } = props;
  return (
    <div class="nbm-state" data-phase={isError ? "error" : undefined} role={isError ? "alert" : "status"}>
      <p>{text}</p>
      {children}
    </div>
  );
}

const NOTHING =
  "There is nothing to show yet: give the Explorer attributions, seqlets, hits or a motif database.";

function NoTracks() {
  return <p class="nbm-message">There is no track to show: give the Explorer attributions.</p>;
}

const SOURCES = {
  page: ["static copy", "Thresholds, sorting and tracks work in this page: see the notebook for more."],
  gone: ["kernel ended", "What is here still works; run the cell again to see more."],
} as const;

function KernelStatus() {
  const { store } = useScreen();
  const source = store.host.source.value;
  if (source !== "kernel") {
    const [text, title] = SOURCES[source];
    return (
      <span class="nbm-tag" title={title} role="status">
        {text}
      </span>
    );
  }
  // new data are on their way while the old ones are still shown
  const isUpdating =
    store.dataset.value && (store.load.value.phase === "waiting" || store.load.value.phase === "loading");
  const status = isUpdating
    ? { phase: "working", message: "Updating…", done: 0, total: 0 }
    : store.traits._status.value;
  if (!status || status.phase === "ready") return null;
  return (
    <span class="nbm-tag" role="status">
      <progress
        {...(status.total > 0 ? { max: status.total, value: status.done } : {})}
        aria-label={status.message}
      />
      {status.message}
      {!isUpdating && (
        <button class="nbm-button" onClick={() => store.host.stop()}>
          Cancel
        </button>
      )}
    </span>
  );
}

function Loading({ load }: { load: LoadState }) {
  const { store } = useScreen();
  const share = load.phase === "loading" && load.total > 0 ? load.done / load.total : undefined;
  const text =
    load.phase === "loading"
      ? "Loading hits and seqlets…"
      : store.traits._manifest.value?.version
        ? "Waiting for the kernel. If another cell is running, the Explorer appears when it is free."
        : "Nothing to show yet: the Explorer fills when its study has run.";
  return (
    <State text={text}>
      {load.phase === "loading" && (
        <progress {...(share === undefined ? {} : { value: share })} aria-label="Loading" />
      )}
    </State>
  );
}

function DrawError({ failure, onRetry }: { failure: unknown; onRetry: () => void }) {
  return (
    <State
      text={`The Explorer could not be drawn (${failure}). Nothing is lost: draw it again, or reload the page.`}
      isError
    >
      <button class="nbm-button" onClick={onRetry}>
        Draw again
      </button>
    </State>
  );
}

function LoadError({ message }: { message: string }) {
  const { store } = useScreen();
  return (
    <State text={`The data could not be shown. ${message}`} isError>
      {store.host.source.value === "kernel" && (
        <button class="nbm-button" onClick={() => void store.reload()}>
          Load again
        </button>
      )}
    </State>
  );
}

/** What was just done or could not be, in sight wherever the widget is scrolled to, until something else is done. */
function Toast() {
  const { store } = useScreen();
  const notice = store.notice.value;
  if (!notice) return null;
  const { text, action } = notice;
  return (
    <p
      class="nbm-notice nbm-toast"
      role="status"
      popover="manual"
      ref={(toast) => void (toast?.isConnected && toast.togglePopover(true))}
    >
      {text}
      {action && (
        <button class="nbm-button" onClick={() => store.set(action.patch)}>
          {action.label}
        </button>
      )}
      <IconButton icon="close" label="Close" onClick={() => store.set({})} />
    </p>
  );
}

/** One sentence about what stands between the user and an answer, with the way out. */
function Obstacle() {
  const { store } = useScreen();
  const dataset = store.dataset.value!;
  const { has } = dataset.manifest;
  const counts = store.counts.value!;
  const problem = store.problem.value;
  if (problem !== "") return <Message text={problem} />;
  if (!has.hits && !has.seqlets)
    return <Message text="There is nothing to count: give the Explorer hits or seqlets." />;
  if (!has.hits || !dataset.hasHits || counts.nHits > 0) return null;
  const strongest = strongestHit(dataset, counts, store.counted.value);
  if (store.counted.value.allowed?.includes(1) === false)
    return <Message text="No sequence fits the filter." />;
  if (strongest === 0)
    return <Message text="No hit passes here: loosen p, the sign, the window or the sequences." />;
  const half = Number((strongest / 2).toPrecision(1));
  return (
    <Message text={`No hit passes: the strongest has ${threshold(Number(strongest.toPrecision(2)))}.`}>
      <button class="nbm-button" onClick={() => store.set({ attribution_threshold: half })}>
        Lower to {threshold(half)}
      </button>
    </Message>
  );
}

function Message({ text, children }: { text: string; children?: preact.ComponentChildren }) {
  return (
    <p class="nbm-notice" role="status">
      {text} {children}
    </p>
  );
}

/** Largest |attribution| of the hits that pass everything else. */
function strongestHit(dataset: Dataset, counts: Counts, thresholds: Thresholds): number {
  let most = 0;
  dataset.hits.attribution.forEach((value, h) => {
    const size = Math.abs(value);
    if (size > most && hitPasses(dataset, counts, { ...thresholds, attribution: most }, h)) most = size;
  });
  return most;
}

/** Where the numbers end that need no kernel. */
function Footer() {
  const { store } = useScreen();
  const { n_hits: nHits, n_hits_total: nAll, floor } = store.dataset.value!.manifest;
  if (nHits >= nAll) return null;
  return (
    <div class="nbm-footer">
      Exact above an attribution of {threshold(floor)} (the {whole(nHits)} strongest of {whole(nAll)} hits are
      here); below,{" "}
      {store.host.source.value === "kernel"
        ? "at the slider's stops and once the kernel has counted"
        : "as the page was exported"}
      .
    </div>
  );
}
