export * from "./method-options.js";
export {
  alignForm,
  generateForm,
  methodForm,
  recipeForms,
  seraForm,
  sftForm,
  type AlignOptions,
  type DirectOptions,
  type Form,
  type IterativeDpoOptions,
  type ProxyRewardOptions,
  type SapoOptions,
  type SelfImprovingOptions,
  type SftMethodOptions,
  type SpaOptions,
  type SpinOptions,
} from "./forms.js";
export { identityOf, type JsonValue } from "./identity.js";
export { directName, lossOf } from "./loss-of.js";
export { checkPart, isNative, requireOwnName } from "./part-registry.js";
export type {
  ColumnedPair,
  ColumnRule,
  LabelContext,
  Labeller,
  PairColumns,
  PairingRule,
  SelectionRule,
  Versioned,
} from "./parts.js";
export {
  adviceOn,
  checkNames,
  checkOptions,
  givenNames,
  inCells,
  resolveOptions,
  type Spelling,
} from "./resolve.js";
export { runSettingNames } from "./run-settings.js";
export { sftTable } from "./tables.js";
export { generationOptions, lossIdentity, sftTrainingOptions, trainingOptions } from "./training-of.js";
export { pairingOf, selectionOf } from "./rules.js";
export { optionGroups, type OptionGroup } from "./groups.js";
