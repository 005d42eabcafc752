// A synthetic study as the data set that the code under test works on.
import { Dataset } from "../src/dataset.ts";
import { Columns } from "../src/decode.ts";
import { makeStudy, type Synthetic, type SyntheticSize } from "./synthetic.ts";

export const SMALL: SyntheticSize = { nSequences: 12, length: 300, nMotifs: 40, nHits: 3000, nSeqlets: 200 };

export const toDataset = ({ manifest, columns, hits }: Synthetic): Dataset =>
  new Dataset(manifest, new Columns(columns), new Columns(hits));

export const smallDataset = (seed = 7): Dataset => toDataset(makeStudy({ ...SMALL, seed }));
