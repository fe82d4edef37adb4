import { html, type Html } from "../../base/html.js";
import type { Prompt } from "../../data/pair.js";
import { edge, faint } from "../look.js";

/** Style for text that keeps its white space, wraps long lines, and scrolls if long. */
export const prose = "white-space:pre-wrap;overflow-wrap:break-word;max-height:420px;overflow-y:auto";

/** Renders a prompt, or the turns of a conversation, each with its role. */
export function promptHtml(prompt: Prompt): Html {
  const turns = turnsOf(prompt).map(
    ({ role, content }) =>
      html`<div style="${faint}">${role}</div><div style="${prose};margin:0 0 4px">${content}</div>`,
  );
  return html`<div style="border-left:3px solid ${edge};padding:0 0 0 10px;margin:0 0 8px">${turns}</div>`;
}

/** Formats the same as text: `user: …`. */
export function promptText(prompt: Prompt): string {
  return turnsOf(prompt)
    .map(({ role, content }) => `${role}: ${content}`)
    .join("\n");
}

function turnsOf(prompt: Prompt): readonly { readonly role: string; readonly content: string }[] {
  return typeof prompt === "string" ? [{ role: "prompt", content: prompt }] : prompt;
}
