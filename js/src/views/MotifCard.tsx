// One motif: how the model reads its sites, beside what the database says.
import { useEffect, useMemo, useState } from "preact/hooks";
import { alignFamily } from "../align.ts";
import { attributionBins, type Contributions, decodeCard, type Example, positionBins } from "../card.ts";
import { copy } from "../clipboard.ts";
import { intervalText } from "../describe.ts";
import { drawLogo, valueRange } from "../draw/logo.ts";
import { messageOf, plural, signed, threshold, whole } from "../format.ts";
import { BaseScale } from "../layout.ts";
import { memeText } from "../matrix.ts";
import { showSite } from "../paging.ts";
import { Bars } from "./Bars.tsx";
import { useScreen } from "./context.ts";
import { IconButton } from "./controls.tsx";
import { MotifLogo } from "./MotifLogo.tsx";
import { Picture } from "./Picture.tsx";
import { Swatch } from "./Swatch.tsx";
import { cellText, MODES } from "./tableColumns.ts";

const LOGO_HEIGHT = 44;
const WIDEST = 170;
const BINS = 41;
const MEMBERS = 12;

/** The contributions at the present thresholds; those before stay until the new ones have come. */
function useContributions(motif: number): { found: Contributions | null; problem: string; isStale: boolean } {
  const { store } = useScreen();
  const dataset = store.dataset.value!;
  const thresholds = store.thresholds.value;
  const isMoving = store.dragging.value;
  const [state, setState] = useState<{ of: unknown; found: Contributions | null; problem: string }>();
  useEffect(() => {
    if (isMoving || !dataset.manifest.has.hits || !dataset.manifest.has.attributions) return undefined;
    const controller = new AbortController();
    const query = store.query.peek();
    const finish = (found: Contributions | null, problem: string): void => {
      if (!controller.signal.aborted) setState({ of: { dataset, motif, thresholds }, found, problem });
    };
    store.host
      .request("card", { ...query, motif }, { signal: controller.signal })
      .then((reply) => finish(decodeCard(reply, dataset.motifWidth[motif]), ""))
      .catch((error: unknown) => finish(null, messageOf(error)));
    return () => controller.abort();
  }, [dataset, motif, thresholds, isMoving]);
  const of = state?.of as { dataset: unknown; motif: number; thresholds: unknown } | undefined;
  const isOfMotif = of?.dataset === dataset && of.motif === motif;
  return {
    found: isOfMotif ? state!.found : null,
    problem: isOfMotif ? state!.problem : "",
    isStale: isOfMotif && of.thresholds !== thresholds,
  };
}

export function MotifCard() {
  const { store } = useScreen();
  const dataset = store.dataset.value!;
  const name = store.traits.motif.value;
  const motif = name === null ? undefined : dataset.motifIndex.get(name);
  if (motif === undefined)
    return <p class="nbm-message">No motif is open: click the name of a marked motif above the table.</p>;
  return <Card key={motif} motif={motif} />;
}

function Card({ motif }: { motif: number }) {
  const { store } = useScreen();
  const dataset = store.dataset.value!;
  const name = dataset.manifest.motif_names[motif];
  const { names, labels } = store.families.value!;
  const family = names[labels[motif]];
  const slot = store.slots.value.get(motif) ?? -1;
  const { found, problem, isStale } = useContributions(motif);
  const { has } = dataset.manifest;
  const width = dataset.motifWidth[motif];
  const column = Math.min(16, WIDEST / width);
  const logo = { width: Math.ceil(column * width), height: LOGO_HEIGHT, column };
  const copyMatrix = (): void => {
    const text = memeText(dataset, motif);
    void copy(store, text, `the matrix of ${name}, as a MEME file`, "explorer.describe(…)");
  };
  return (
    <section class="nbm-sheet" aria-label={`Motif ${name}`}>
      <header>
        {slot >= 0 && <Swatch slot={slot} />}
        <h3>{name}</h3>
        {family !== name && <span class="nbm-muted">{family}</span>}
        <span class="nbm-spacer" />
        <button class="nbm-button" onClick={copyMatrix}>
          Copy matrix
        </button>
        <IconButton icon="close" label="Close the card" onClick={() => store.set({ motif: null })} />
      </header>
      <div class="nbm-sheet-body">
        <div>
          <figure class="nbm-chart">
            <figcaption>In the database</figcaption>
            <MotifLogo motif={motif} {...logo} />
          </figure>
          {has.hits && has.attributions && (
            <figure class="nbm-chart" data-stale={isStale}>
              <figcaption>As the model reads it</figcaption>
              {found && found.nSites > 0 ? (
                <Weights contributions={found} {...logo} />
              ) : (
                <p class="nbm-muted" style={{ height: `${LOGO_HEIGHT}px` }}>
                  {problem || (found ? "No site counts at these thresholds." : "Averaging the attributions…")}
                </p>
              )}
              {found && found.cosine !== null && (
                <p class="nbm-muted">
                  cosine {found.cosine.toFixed(2)} with the database, over {plural(found.nSites, "site")}
                </p>
              )}
            </figure>
          )}
          <figure class="nbm-chart">
            <figcaption>Reverse complement</figcaption>
            <MotifLogo motif={motif} {...logo} reverse />
          </figure>
        </div>
        {has.hits && (
          <div>
            <Distribution motif={motif} />
          </div>
        )}
        {found && found.examples.length > 0 && (
          <div class="nbm-examples" data-stale={isStale}>
            <h4>Sites from strong to weak</h4>
            {found.examples.map((example) => (
              <ExampleRow key={example.quantile} example={example} flank={found.flank} />
            ))}
          </div>
        )}
        <Members motif={motif} column={Math.min(8, column / 1.8)} />
      </div>
    </section>
  );
}

/** The mean attribution of each base, letters stacked as in the database's logo. */
function Weights(props: { contributions: Contributions; width: number; height: number }) {
  const { contributions, width, height } = props;
  const { weights, nSites } = contributions;
  const [low, high] = valueRange(weights, true);
  return (
    <Picture
      width={width}
      height={height}
      label={`Mean attribution at ${plural(nSites, "site")}`}
      draw={(pen, palette, dpr) => {
        const scale = new BaseScale({ start: 0, end: weights.codes.length }, 0, width);
        const y = (value: number): number => ((high - value) / (high - low)) * height;
        drawLogo(pen, weights, scale, y, true, palette, dpr);
      }}
    />
  );
}

function Distribution({ motif }: { motif: number }) {
  const { store } = useScreen();
  const dataset = store.dataset.value!;
  const counts = store.counts.value!;
  const thresholds = store.counted.value;
  const { from, step, ...byAttribution } = attributionBins(dataset, counts, thresholds, motif, BINS);
  const byPosition = positionBins(dataset, counts, thresholds, motif, BINS);
  const n = byAttribution.passing.reduce((sum, value) => sum + value, 0);
  const counted = `${whole(n)} of ${plural(
    byAttribution.all.reduce((sum, value) => sum + value, 0),
    "hit",
  )} count${store.caveat.value}`;
  const cut = thresholds.sign === "-" ? -thresholds.attribution : thresholds.attribution;
  const at = (cut - from) / step / BINS;
  const { length } = dataset.manifest;
  return (
    <>
      <Bars
        title={`Attribution: ${counted}`}
        label={`Attribution of the hits of this motif, ${counted} at ${threshold(thresholds.attribution)}`}
        {...byAttribution}
        mark={at >= 0 && at <= 1 ? at : undefined}
        ends={[signed(from), signed(from + step * BINS)]}
      />
      <Bars
        title="Position in the sequence"
        label={`Positions of the hits of this motif, ${counted}`}
        {...byPosition}
        ends={["0", `${whole(length)} bp`]}
      />
    </>
  );
}

function ExampleRow({ example, flank }: { example: Example; flank: number }) {
  const { store } = useScreen();
  const dataset = store.dataset.value!;
  const { sequence, start, end, strand, attribution, window } = example;
  const where = intervalText(dataset, sequence, start, end);
  const width = 126;
  const height = 30;
  const [low, high] = valueRange(window, false);
  return (
    <button
      title={`Show ${dataset.sequenceName(sequence)}, ${where}`}
      onClick={() => showSite(store, example)}
    >
      <Picture
        width={width}
        height={height}
        draw={(pen, palette, dpr) => {
          const scale = new BaseScale({ start: 0, end: window.codes.length }, 0, width, strand < 0);
          const y = (value: number): number => 1 + ((high - value) / (high - low)) * (height - 2);
          pen.fillStyle = palette.grid;
          pen.fillRect(flank * scale.pxPerBase, 0, width - 2 * flank * scale.pxPerBase, height);
          drawLogo(pen, window, scale, y, false, palette, dpr);
        }}
      />
      <span class="nbm-clip">
        {signed(attribution)}
        <br />
        <span class="nbm-muted">{dataset.sequenceName(sequence)}</span>
      </span>
    </button>
  );
}

/** The family under each other, as their logos fit. */
function Members({ motif, column }: { motif: number; column: number }) {
  const { store } = useScreen();
  const dataset = store.dataset.value!;
  const counts = store.counts.value!;
  const families = store.families.value!;
  const mode = store.traits.count_mode.value;
  const members = useMemo(() => alignFamily(dataset, families, motif), [dataset, families, motif]);
  if (members.length === 1) return null;
  const shown = members.slice(0, MEMBERS);
  const left = Math.min(...shown.map(({ offset }) => offset));
  return (
    <div class="nbm-members">
      <h4>
        Its family of {whole(members.length)}, the most similar first: cosine
        {dataset.manifest.has.hits && ` · ${MODES[mode].name}`}
      </h4>
      {shown.map(({ motif: member, offset, reverse, similarity }) => (
        <button
          key={member}
          title={`Open the card of ${dataset.manifest.motif_names[member]}`}
          onClick={() => store.set({ motif: dataset.manifest.motif_names[member] })}
        >
          <span style={{ paddingLeft: `${column * (offset - left)}px` }}>
            <MotifLogo
              motif={member}
              width={Math.ceil(column * dataset.motifWidth[member])}
              height={20}
              column={column}
              reverse={reverse}
            />
          </span>
          <span class="nbm-clip">{dataset.labelOf(member)}</span>
          <span class="nbm-muted">
            {similarity.toFixed(2)}
            {dataset.manifest.has.hits && ` · ${cellText(counts, counts.motifs, "count", member, mode)}`}
          </span>
        </button>
      ))}
      {members.length > MEMBERS && (
        <p class="nbm-muted">
          and {members.length - MEMBERS} more: search the table for {families.names[families.labels[motif]]}
        </p>
      )}
    </div>
  );
}
