import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { losses } from "../../../src/align/losses/index.js";
import {
  alignForm,
  checkNames,
  recipeForms,
  resolveOptions,
  seraForm,
  sftForm,
  type Form,
} from "../../../src/run/options/index.js";

const refuses = (form: { readonly name: string; readonly table: object }, given: object, message: string | RegExp) =>
  assert.throws(() => resolveOptions(form as Form<object>, given), { name: "InputError", message });

describe("resolveOptions", () => {
  it("merges given options over the defaults in order and ignores undefined values", () => {
    const { beta, batchSize, perPrompt, gamma } = resolveOptions(
      seraForm,
      { beta: 0.5, batchSize: 8 },
      { beta: 2, batchSize: undefined, perPrompt: undefined },
    );
    assert.deepEqual(
      { beta, batchSize, perPrompt, gamma },
      { beta: 2, batchSize: 8, perPrompt: undefined, gamma: 0.3 },
    );
    assert.ok(!("perPrompt" in resolveOptions(seraForm, { perPrompt: undefined })));
  });

  it("uses the defaults of the method", () => {
    const { select, selectBy, bootstrap, gamma, lengthPenalty, reference } = resolveOptions(recipeForms.dice);
    assert.deepEqual(
      { select, selectBy, bootstrap, gamma, lengthPenalty, reference },
      { select: 0.5, selectBy: "random", bootstrap: 0.5, gamma: 0, lengthPenalty: "auto", reference: "previous" },
    );
  });

  it("refuses an option of another method and names the methods that have it", () => {
    refuses(alignForm, { select: 0.1 }, "`select` is not an option of align; it belongs to sera, dice");
    refuses(
      alignForm,
      { labelBy: "judge" },
      "`labelBy` is not an option of align; it belongs to sera, iterativeDpo, dice",
    );
    refuses(recipeForms.direct, { perPrompt: 1 }, "`perPrompt` is not an option of direct; it belongs to sera, dice");
    refuses(
      recipeForms.spin,
      { perPrompt: 1, evaluateEvery: 2 },
      "`perPrompt` is not an option of spin; it belongs to sera, dice",
    );
    refuses(
      recipeForms.sft,
      { beta: 3 },
      `\`beta\` is not an option of sft; it belongs to ${Object.keys(recipeForms)
        .filter((name) => name !== "sft")
        .join(", ")}`,
    );
    refuses(recipeForms.sft, { nll: 0 }, /^`nll` is not an option of sft; it belongs to/);
    refuses(
      recipeForms.iterativeDpo,
      { gamma: 0.5 },
      "`gamma` is not an option of iterativeDpo; it belongs to sera, dice",
    );
  });

  it("says where to pass a setting that is not a method option", () => {
    refuses(
      recipeForms.sera,
      { heldOut: [] },
      "`heldOut` is not an option of sera; it is a setting of the run; pass it beside the method, as in train(start, pairs, method, { heldOut })",
    );
    refuses(
      alignForm,
      { threads: 2 },
      "`threads` is not an option of align; it is decided when the model is loaded: loadModel(source, { threads })",
    );
    refuses(sftForm, { epochs: 2 }, "`epochs` is not an option of sft; use `sftEpochs`");
  });

  it("suggests the options that set the method's length", () => {
    refuses(alignForm, { iterations: 5 }, "`iterations` is not an option of align; use `epochs`");
    refuses(alignForm, { rounds: 5 }, "`rounds` is not an option of align; use `epochs`");
    refuses(seraForm, { rounds: 5 }, "`rounds` is not an option of sera; use `epochs`, `iterations`");
    refuses(recipeForms.sera, { iterations: 5 }, "`iterations` is not an option of sera; use `rounds`");
    refuses(recipeForms.spin, { epochs: 5 }, "`epochs` is not an option of spin; use `rounds`");
  });

  it("suggests names for an unknown option", () => {
    refuses(seraForm, { betta: 1 }, "`betta` is not an option of sera; did you mean `beta`?");
    refuses(
      seraForm,
      { adamW: { beta2: 0.95 } },
      "`adamW` is not an option of sera; use `beta1`, `beta2`, `epsilon`, `weightDecay`, `maxGradNorm`",
    );
    refuses(seraForm, { keepBest: "eval_loss" }, "`keepBest` is not an option of sera; use `keepBestBy`");
    refuses(seraForm, { colour: 1 }, /^`colour` is not an option of sera; its options are `loss`, `beta`, /);
    // Every object has a property of this name.
    refuses(seraForm, { constructor: 1 }, /^`constructor` is not an option of sera; its options are/);
  });

  it("refuses invalid values and options that do not fit together", () => {
    refuses(
      seraForm,
      { labelBy: "likelyhood" },
      'labelBy: found "likelyhood", expected one of implicit, likelihood, judge, or a labeller of your own; did you mean likelihood?',
    );
    refuses(alignForm, { beta: "1" }, 'beta: found "1", expected a number above 0');
    refuses(
      alignForm,
      { loss: { dpo: 0 } },
      /^loss: found \{"dpo":0\}, expected one of dpo, .*; several with weights above 0/,
    );
    refuses(alignForm, { loss: {} }, /^loss: no loss given; choose from dpo/);
    refuses(
      alignForm,
      { labelSmoothing: 0.1 },
      "labelSmoothing: not used by the loss dpo; it is for cdpo, rdpo, exo-pair",
    );
    refuses(
      alignForm,
      { keepBestBy: "eval_loss" },
      'keepBestBy: found "eval_loss" without evaluations to choose from; set evaluateEvery too',
    );
    refuses(
      alignForm,
      { patience: 1, evaluateEvery: 2 },
      "patience: found 1 without a metric that has to improve; set keepBestBy too",
    );
    refuses(alignForm, { loss: "simpo", referenceEma: 0.5 }, "referenceEma: the loss simpo has no reference to update");
    refuses(
      alignForm,
      { loss: "simpo", referenceEvery: 5 },
      "referenceEvery: the loss simpo has no reference to update",
    );
    refuses(
      alignForm,
      { loss: "aot", batchSize: 8, microBatchSize: 4 },
      /^microBatchSize: the loss aot compares all pairs of a step/,
    );
    refuses(seraForm, { select: 0, bootstrap: 0 }, "`select` + `bootstrap` must be > 0");
    refuses(recipeForms.iterativeDpo, { bootstrap: 0 }, "`select` + `bootstrap` must be > 0");
    refuses(seraForm, { gamma: 1 }, "gamma: found 1, expected a share in [0, 1)");
  });

  it("accepts select and bootstrap of 0 for a single iteration", () => {
    assert.equal(resolveOptions(seraForm, { select: 0, bootstrap: 0, iterations: 1 }).iterations, 1);
    assert.equal(resolveOptions(recipeForms.sera, { select: 0, bootstrap: 0, rounds: 1 }).rounds, 1);
  });

  it("takes β from a loss object and refuses other loss settings next to it", () => {
    const loss = losses.ipo({ beta: 0.4 });
    assert.equal(resolveOptions(alignForm, { loss }).beta, 0.4);
    assert.equal(resolveOptions(alignForm, { loss, beta: 0.4 }).beta, 0.4);
    refuses(
      alignForm,
      { loss, beta: 0.5 },
      'beta: the loss "ipo" is given as an object, which brings its own settings; set beta there',
    );
    refuses(alignForm, { loss, nll: 0.5 }, /^nll: the loss "ipo" is given as an object/);
  });
});

describe("checkNames", () => {
  it("accepts extra names and spells names as requested", () => {
    checkNames(alignForm, ["beta", "heldOut"], ["heldOut"]);
    assert.throws(() => checkNames(alignForm, ["heldout"], ["heldOut"]), {
      message: "`heldout` is not an option of align; did you mean `heldOut`?",
    });
    const spelling = { option: (name: string) => `<${name}>`, method: (name: string) => name.toUpperCase() };
    assert.throws(() => checkNames(alignForm, ["gamma"], [], spelling), {
      message: "<gamma> is not an option of align; it belongs to SERA, DICE",
    });
  });
});
