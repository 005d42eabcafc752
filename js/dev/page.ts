// Shows the built bundle over a made-up study, to look at it without a notebook: `npm run dev`, serve the repository's
// root (`python -m http.server`) and open js/dev/index.html. Query parameters choose the case:
// size=small|large, state=loading|error|empty|static, theme=light|dark, and any trait as JSON.

import type { StaticPage, Traits } from "../src/wire.ts";
import { dtypeOf, FakeModel } from "../test/fakeModel.ts";
import { defaultTraits, makeStudy } from "../test/synthetic.ts";

const query = new URLSearchParams(location.search);
const SIZES = {
  small: { nSequences: 48, length: 2114, nMotifs: 180, nHits: 24_000, nSeqlets: 600 },
  large: { nSequences: 1000, length: 2114, nMotifs: 2193, nHits: 1_000_000, nSeqlets: 12_000 },
};
const study = makeStudy(SIZES[query.get("size") === "large" ? "large" : "small"]);
const traits: Traits = defaultTraits(study.manifest);
for (const [name, value] of query) {
  if (name in traits) Object.assign(traits, { [name]: JSON.parse(value) });
}
document.body.dataset.theme = query.get("page") ?? "light";

const root = document.getElementById("root")!;
const bundle = query.get("bundle") ?? "../../nbmotif/widget/static/widget.js";
const { default: widget, mount } = (await import(bundle)) as typeof import("../src/widget.ts");
const state = query.get("state");
const base64 = async (array: ArrayBufferView): Promise<string> => {
  const raw = new Blob([new Uint8Array(array.buffer as ArrayBuffer, array.byteOffset, array.byteLength)]);
  const packed = new Response(raw.stream().pipeThrough(new CompressionStream("gzip")));
  const bytes = new Uint8Array(await packed.arrayBuffer());
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(text);
};
const folded = async (columns: ReadonlyMap<string, Parameters<typeof dtypeOf>[0]>) =>
  Promise.all(
    Array.from(columns, async ([name, values]) => ({
      ...{ name, dtype: dtypeOf(values), offset: 0, length: values.length, total: values.length },
      data: await base64(values),
    })),
  );

if (state === "static") {
  const page: StaticPage = {
    traits: { ...traits, _manifest: { ...study.manifest, tracks: [0, 1, 2] } },
    answers: [
      { name: "load", params: {}, message: { rev: 1 }, columns: await folded(study.columns) },
      { name: "tail", params: {}, message: {}, columns: await folded(study.hits) },
    ],
    tracks: await Promise.all(
      [0, 1, 2].map(async (sequence) => ({
        ...{ sequence, set: 0 },
        buffers: await Promise.all([study.codes[sequence]!, study.observed[sequence]!].map(base64)),
      })),
    ),
    cards: {},
  };
  mount(root, page);
} else {
  const model = new FakeModel(traits, study);
  if (state === "loading") model.latency = null;
  const { initialize, render } = widget();
  const props = { model: model as never, el: root, signal: new AbortController().signal };
  initialize(props);
  render(props);
  if (state === "error") {
    model.latency = null;
    const id = model.sent[0]?.id;
    model.reply({
      id,
      status: "error",
      message: "The attributions have 47 rows, the sequences 48: give both for the same loci.",
    });
  }
  Object.assign(globalThis, { model });
}
