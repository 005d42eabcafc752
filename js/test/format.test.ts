import { expect, test } from "vitest";
import { effect, plural, pValue, ratio, signed, sum, threshold, whole } from "../src/format.ts";

test("whole numbers are grouped, and nouns agree with them", () => {
  expect(whole(18649732)).toBe("18,649,732");
  expect([1, 2].map((n) => plural(n, "family"))).toEqual(["1 family", "2 families"]);
  expect([plural(0, "hit"), plural(1, "hit"), plural(1204, "hit")]).toEqual([
    "0 hits",
    "1 hit",
    "1,204 hits",
  ]);
});

test("a threshold reads as it can be typed back", () => {
  for (const value of [0, 0.01, 1e-4, 3e-6, 0.0712, 1.2e-11, 5, 0.5])
    expect(Number(threshold(value))).toBe(value);
  expect([threshold(1e-4), threshold(0.01), threshold(0.1 + 0.2)]).toEqual(["1e-4", "0.01", "0.3"]);
});

test("attributions keep three digits and a real sign", () => {
  expect([signed(0.16), signed(-0.0022912), signed(3e-6), signed(0)]).toEqual([
    "+0.160",
    "−0.00229",
    "+3.0e-6",
    "+0",
  ]);
});

test("numbers of a column have as many digits as each other", () => {
  expect([35, 8.664, 3.9, 0.994, 999.6, 12345, 0].map(sum)).toEqual([
    "35.0",
    "8.66",
    "3.90",
    "0.994",
    "1,000",
    "12,345",
    "0",
  ]);
  expect([2, 0.39, 9.94, 9.96, 99.6, 860.2, 0].map(ratio)).toEqual([
    "2.0×",
    "0.39×",
    "9.9×",
    "10×",
    "100×",
    "860×",
    "0×",
  ]);
});

test("p values have two digits, effects three decimals or a dash", () => {
  expect([pValue(8.912e-6), pValue(0.048), pValue(0)]).toEqual(["8.9e-6", "0.048", "0"]);
  expect([effect(-0.25), effect(Number.NaN)]).toEqual(["−0.250", "–"]);
});
