import assert from "node:assert/strict";
import { it } from "node:test";
import { numberFormat } from "../../../src/notebook/table/number-format.js";

const written = (values: readonly number[]) => values.map(numberFormat(values));

it("whole numbers have thousands separators", () => {
  assert.deepEqual(written([0, -7, 12345, 1234567]), ["0", "-7", "12,345", "1,234,567"]);
  assert.deepEqual(written([1e18]), ["1.000e+18"]);
});

it("all numbers of a column have the decimals that give the median four digits", () => {
  assert.deepEqual(written([0.693147, 0.5, 0.25]), ["0.6931", "0.5000", "0.2500"]);
  assert.deepEqual(written([12.346, 71.25, 100.5]), ["12.35", "71.25", "100.50"]);
  assert.deepEqual(written([1234.25, 2345.75, 98765.4]), ["1,234", "2,346", "98,765"]);
});

it("trailing zeros that all numbers share are dropped", () => {
  assert.deepEqual(written([0.5, 0.25]), ["0.50", "0.25"]);
  assert.deepEqual(written([0.1, 3]), ["0.1", "3.0"]);
});

it("small numbers next to large ones keep two digits", () => {
  assert.deepEqual(written([0.5, 5000.25, 6000.5]), ["0.50", "5,000.25", "6,000.50"]);
});

it("a small number adds up to two decimals to the column, or gets an exponent", () => {
  assert.deepEqual(written([44.1, 61.25, 50, 47.5, 48, 0.00173]), [
    "44.100",
    "61.250",
    "50.000",
    "47.500",
    "48.000",
    "0.002",
  ]);
  assert.deepEqual(written([44.1, 61.25, 50, 47.5, 48, 0.0000173]).at(-1), "1.730e-5");
});

it("numbers that would round to zero and huge numbers have an exponent", () => {
  assert.deepEqual(written([0.5, 0.25, 0.75, 0.0000001]), ["0.50", "0.25", "0.75", "1.000e-7"]);
  assert.deepEqual(written([0.5, 0.25, 0.75, -2.5e12]), ["0.50", "0.25", "0.75", "-2.500e+12"]);
  assert.deepEqual(written([2e-5, 9.5e-6, 0]), ["2.0e-5", "9.5e-6", "0"]);
});

it("NaN and infinities are written as such and do not change the format of the others", () => {
  assert.deepEqual(written([NaN, 0.5, Infinity, -Infinity]), ["NaN", "0.5", "Infinity", "-Infinity"]);
  assert.deepEqual(written([NaN, 1000]), ["NaN", "1,000"]);
});
