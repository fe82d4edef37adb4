export * from "./method-options.js";
export { alignForm, methodForm, recipeForms, seraForm, sftForm, type AlignOptions, type DirectOptions, type Form, type IterativeDpoOptions, type SelfImprovingOptions, type SftMethodOptions } from "./forms.js";
export { identityOf, type JsonValue } from "./identity.js";
export { lossOf } from "./loss-of.js";
export { checkPart, recallPart, type LabelContext, type Labeller, type PairingRule, type SelectionRule, type Versioned } from "./parts.js";
export { checkNames, resolveOptions } from "./resolve.js";
export { generationOptions, sftTrainingOptions, trainingOptions } from "./training-of.js";
export { pairingOf, selectionOf } from "./rules.js";
export { optionGroups, type OptionGroup } from "./groups.js";
