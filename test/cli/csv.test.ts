import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { csv } from "../../src/cli/csv.js";

describe("csv", () => {
  it("has the columns of all rows, and quotes cells that contain commas, quotes or line breaks", () => {
    assert.equal(
      csv([
        { a: 1, b: 'x, "y"' },
        { a: null, c: "two\nlines" },
      ]),
      'a,b,c\n1,"x, ""y""",\n,,"two\nlines"\n',
    );
  });
});
