import assert from "node:assert/strict";
import test from "node:test";
import { checkOptionNames, requireOptions } from "../../src/base/option-names.js";

const refuses = (options: unknown, message: string | RegExp) =>
  assert.throws(() => checkOptionNames("bridge", options, ["way", "seesOther"]), { name: "InputError", message });

test("an unknown option is refused with the nearest name or with all names", () => {
  checkOptionNames("bridge", { way: undefined, seesOther: true }, ["way", "seesOther"]);
  refuses({ way: 1, seeOther: true }, "`seeOther` is not an option of bridge; did you mean `seesOther`?");
  refuses({ temperature: 1 }, "`temperature` is not an option of bridge; its options are `way`, `seesOther`");
});

test("options that are not an object are refused", () => {
  for (const odd of [null, undefined, 3, "way", ["way"], () => ({})])
    refuses(odd, /^the options of bridge: found .*, expected an object such as \{\}$/);
  requireOptions("bridge", {});
});
