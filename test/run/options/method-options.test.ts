import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { defaultText, type Option } from "../../../src/base/option.js";
import { optionGroups } from "../../../src/run/options/index.js";

const options = Object.assign({}, ...optionGroups.map(({ table }) => table)) as Readonly<
  Record<string, Option<unknown>>
>;

/** The comment of each interface field in a file, joined into one line. */
function comments(file: string): ReadonlyMap<string, string> {
  const fields = readFileSync(file, "utf8").matchAll(/\/\*\*((?:(?!\*\/).)*)\*\/\s+readonly (\w+)\??:/gs);
  return new Map([...fields].map(([, comment, name]) => [name!, comment!.replaceAll(/\s*\n\s*\* ?/g, " ").trim()]));
}

describe("the comments of options", () => {
  const own = new Map(
    ["src/run/options/method-options.ts", "src/align/losses/settings.ts"].flatMap((file) => [...comments(file)]),
  );

  for (const [name, option] of Object.entries(options)) {
    it(`start with the help text of ${name} and end with its default`, () => {
      const comment = own.get(name)!;
      assert.ok(
        comment.toLowerCase().startsWith(option.help.toLowerCase()),
        `"${comment}" begins with "${option.help}"`,
      );
      assert.ok(
        comment.endsWith(`Default ${defaultText(option)}.`),
        `"${comment}" ends with "Default ${defaultText(option)}."`,
      );
    });
  }
});
