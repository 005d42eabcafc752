import { expect, test } from "vitest";
import { TrackCache } from "../src/tracks.ts";
import { AskedHost } from "./askedHost.ts";

test("hypothetical scores stay when an answer without them comes later", async () => {
  const { host, asked } = new AskedHost();
  const tracks = new TrackCache(host, () => 2);
  const state = tracks.get(0, false);
  await asked[0]!.refuse("Not now.");
  expect(state.value).toEqual({ phase: "error", message: "Not now." });
  // asked for again with the scores, and before they come without
  tracks.retry(0, true);
  tracks.retry(0, false);
  expect(asked.map(({ params }) => params.hypothetical)).toEqual([false, true, false]);
  const [codes, observed] = [Uint8Array.of(0, 3), Float32Array.of(1, 2)];
  const hypothetical = Float32Array.of(1, 0, 0, 0, 0, 0, 0, 2);
  await asked[1]!.answerBuffers(codes, observed, hypothetical);
  await asked[2]!.answerBuffers(codes, observed);
  expect(state.value).toEqual({ phase: "ready", data: { codes, observed, hypothetical } });
});
