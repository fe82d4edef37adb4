import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { losses, type PreferenceLoss } from "../../../src/align/losses/index.js";
import { alignForm, identityOf, lossOf, resolveOptions, seraForm } from "../../../src/run/options/index.js";
import { isBuiltIn } from "../../../src/run/options/part-registry.js";

const refuses = (given: object, message: string | RegExp) =>
  assert.throws(() => resolveOptions(seraForm, given), { name: "InputError", message });

/** DPO as a user would write it. */
const mine = (settings: Partial<PreferenceLoss> & { readonly version?: string } = {}): PreferenceLoss => {
  const { settings: _, ...dpo } = losses.dpo({ beta: 0.2 });
  return { ...dpo, name: "mine", ...settings };
};

describe("a custom part", () => {
  it("is identified by its name and version", () => {
    const selectBy = {
      name: "none",
      version: "1",
      select: (rows: readonly object[]) => rows.map((row) => ({ ...row, kept: false })),
    };
    const pairBy = { name: "first", version: "1", pair: () => [] };
    const labelBy = { name: "zero", version: "1", label: (samples: readonly object[]) => samples.map(() => 0) };
    const resolved = resolveOptions(seraForm, { selectBy, pairBy, labelBy });
    assert.deepEqual(resolved.selectBy, selectBy);
    const { selectBy: kept, pairBy: paired, labelBy: labelled } = identityOf(resolved);
    assert.deepEqual(
      [kept, paired, labelled],
      [
        { name: "none", version: "1" },
        { name: "first", version: "1" },
        { name: "zero", version: "1" },
      ],
    );
  });

  it("is refused if its function is bound", () => {
    const select = (rows: readonly object[]) => rows;
    refuses(
      { selectBy: { name: "bound", version: "1", select: select.bind(null) } },
      /^selectBy: its function select is bound or built in, so that an edit of it could not be seen; wrap it/,
    );
  });

  it("is refused as a bare function, with advice on how to name it", () => {
    refuses(
      { selectBy: (rows: unknown) => rows },
      'selectBy: a bare function cannot be told from another in a run\'s folder; give the selection rule a name and a version: { name: "…", version: "1", select: … }',
    );
    refuses({ pairBy: () => [] }, /^pairBy: a bare function .* give the pairing rule a name and a version/);
    refuses({ labelBy: () => [] }, /^labelBy: a bare function .* give the labeller a name and a version/);
    refuses({ loss: () => 0 }, /^loss: a bare function .* give the loss a name and a version: .* perPair: /);
  });

  it("is refused without a name, a version or its function", () => {
    refuses(
      { selectBy: { select: () => [] } },
      'selectBy: the selection rule has no name; add name: "…" and version: "1"',
    );
    refuses(
      { selectBy: { name: "a", select: () => [] } },
      'selectBy: the selection rule "a" has no version; add version: "1", and change it whenever you change the code',
    );
    refuses({ selectBy: { name: "a", version: 1, select: () => [] } }, /has no version/);
    refuses(
      { selectBy: { name: "a", version: "1" } },
      /^selectBy: found .*, expected a selection rule \{ name: "…", version: "1", select: … \}/,
    );
    refuses(
      { loss: mine() },
      'loss: the loss "mine" has no version; add version: "1", and change it whenever you change the code',
    );
    refuses(
      { loss: { name: "x" } },
      /^loss: found \{"name":"x"\}, expected one of dpo, .*; or a PreferenceLoss or PairObjective$/,
    );
  });

  it("is refused if other code has its name and version, and accepted under another version", () => {
    const rule = (version: string, kept: boolean) =>
      kept
        ? { name: "edited", version, select: (rows: readonly object[]) => rows.map((row) => ({ ...row, kept: true })) }
        : {
            name: "edited",
            version,
            select: (rows: readonly object[]) => rows.map((row) => ({ ...row, kept: false })),
          };
    resolveOptions(seraForm, { selectBy: rule("1", true) });
    resolveOptions(seraForm, { selectBy: rule("1", true) });
    refuses(
      { selectBy: rule("1", false) },
      'selectBy: two different selection rules are named "edited" with version "1"; change the version of the one that you edited',
    );
    resolveOptions(seraForm, { selectBy: rule("2", false) });
  });

  it("counts as different if a nested function differs", () => {
    const withReward = (of: PreferenceLoss["reward"]["of"]) =>
      mine({ name: "inner", version: "1", reward: { name: "own", needsReference: true, of } });
    resolveOptions(alignForm, { loss: withReward(({ policy, reference }) => policy - reference) });
    assert.throws(() => resolveOptions(alignForm, { loss: withReward(({ policy }) => policy) }), {
      message: /^loss: two different losses are named "inner"/,
    });
  });
});

describe("a custom loss", () => {
  it("is identified by its settings too, and found by the identity stored in a run's folder", () => {
    const [small, large] = [0.1, 0.9].map((offset) =>
      mine({ name: "with settings", version: "1", settings: { offset } }),
    );
    const kept = [small, large].map(
      (loss) =>
        JSON.parse(JSON.stringify(identityOf(resolveOptions(alignForm, { loss })))) as ReturnType<
          typeof resolveOptions<object>
        >,
    );
    assert.notDeepEqual(kept[0], kept[1]);
    assert.deepEqual(
      kept.map((options) => lossOf(options as never)),
      [small, large],
    );
    const unknown = { loss: { name: "never seen", version: "1", beta: 1 }, beta: 1 };
    assert.throws(() => lossOf(unknown as never), {
      name: "InputError",
      message: 'the loss "never seen" is your own and not defined here; run the cell that defines it first',
    });
  });
});

describe("a built-in loss as an object", () => {
  it("needs no version and is found by its name and settings", () => {
    for (const loss of [
      losses.dpo({ beta: 0.3, lengthNormalized: true }),
      losses.simpo({ beta: 2, targetMargin: 1 }),
      losses["bco-pair"]({ beta: 0.1 }),
    ]) {
      assert.ok(isBuiltIn(loss), loss.name);
      const kept = JSON.parse(JSON.stringify(identityOf(resolveOptions(alignForm, { loss })))) as never;
      assert.deepEqual(identityOf({ loss: lossOf(kept) }), identityOf({ loss }));
    }
  });

  it("counts as custom once it is changed", () => {
    const dpo = losses.dpo({ beta: 0.3 });
    for (const changed of [
      { ...dpo, perPair: losses.ipo({ beta: 0.3 }).perPair },
      { ...dpo, needsWholeStep: true },
      { ...dpo, name: "dpo2" },
    ]) {
      assert.ok(!isBuiltIn(changed));
      assert.throws(() => resolveOptions(alignForm, { loss: changed }), { message: /has no version/ });
    }
  });
});
