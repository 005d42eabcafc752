// The way back through the thresholds that were settled on.
import { expect, test } from "vitest";
import { History } from "../src/history.ts";
import type { Query } from "../src/wire.ts";

const at = (attribution_threshold: number): Query => ({
  ...{ attribution_threshold, fimo_p_threshold: 1e-4, seqlet_p_threshold: 1, tomtom_p_threshold: 1 },
  ...{ sign: "+", window: null, sequence_filter: null, sequence: null, count_mode: "hits" },
  family_similarity: 1,
});

test("there is no way back before anything was changed", () => {
  const history = new History();
  expect([history.canUndo.value, history.before(at(1))]).toEqual([false, undefined]);
  history.remember(at(1));
  history.remember(at(1));
  expect([history.canUndo.value, history.before(at(1))]).toEqual([false, undefined]);
});

test("the way back ends where it began, and says so at once", () => {
  const history = new History();
  for (const value of [1, 2, 3]) history.remember(at(value));
  expect(history.canUndo.value).toBe(true);
  expect(history.before(at(3))).toEqual(at(2));
  expect(history.canUndo.value).toBe(true);
  history.remember(at(2));
  expect(history.before(at(2))).toEqual(at(1));
  expect(history.canUndo.value).toBe(false);
});

test("what has moved since it was settled goes back there", () => {
  const history = new History();
  for (const value of [1, 2]) history.remember(at(value));
  expect(history.before(at(9))).toEqual(at(2));
  expect(history.canUndo.value).toBe(true);
});

test("a hundred settings are kept, the last ones", () => {
  const history = new History();
  for (let value = 0; value < 150; value++) history.remember(at(value));
  let [present, steps]: [Query | undefined, number] = [at(149), 0];
  while (history.canUndo.value) {
    present = history.before(present!);
    steps++;
  }
  expect([steps, present]).toEqual([99, at(50)]);
});
