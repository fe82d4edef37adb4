import { errorAt, quote, type Place } from "../../base/errors.js";
import { hasPromptColumn } from "../prompt-columns.js";
import type { Row } from "../row.js";
import { bootstrapped } from "./bootstrapped.js";
import type { Format } from "./format.js";
import { helpSteerPreference, helpSteerRatings } from "./help-steer.js";
import { hhRlhf } from "./hh-rlhf.js";
import { nectar, ultrafeedbackRaw } from "./ranked.js";
import { shareGpt } from "./share-gpt.js";
import { tldr } from "./tldr.js";
import { trlConversationalImplicit } from "./trl-conversational.js";
import { instruction, trlExplicit } from "./trl-explicit.js";
import { trlImplicit } from "./trl-implicit.js";
import { ultrafeedback } from "./ultrafeedback.js";

/** The supported formats, the more specific first; a row takes the first format that fits. */
export const formats: readonly Format[] = [
  bootstrapped,
  hhRlhf,
  shareGpt,
  ultrafeedback,
  ultrafeedbackRaw,
  nectar,
  helpSteerPreference,
  helpSteerRatings,
  tldr,
  trlConversationalImplicit,
  trlExplicit,
  instruction,
  trlImplicit,
];

/**
 * Detects the format of a row.
 *
 * @throws {InputError} listing the formats with their fields, if none fits
 */
export function detectFormat(row: Row, place: Place = {}): Format {
  const format = formats.find((candidate) => candidate.fits(row));
  if (format) return format;
  const prompts = hasPromptColumn(row)
    ? " (rows with only a prompt can be held out, by --eval-data or, in a cell, loadPrompts)"
    : "";
  const forms = formats.map(({ name, fields }) => `\n  ${name}: ${fields}`).join("");
  throw errorAt(
    place,
    `unknown format: the row has the fields ${quote(Object.keys(row), 200)}${prompts}; supported formats:${forms}`,
  );
}
