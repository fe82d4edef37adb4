/** Names of a run's settings, which accompany the options of its method. */
export const runSettingNames = [
  ...([
    "heldOut",
    "validation",
    "demonstrations",
    "columns",
    "judge",
    "evaluate",
    "truncatePrompts",
    "maxLength",
    "maxPromptLength",
    "folder",
    "redoFrom",
  ] as const),
  ...(["referenceCache", "on", "onStep", "track", "signal", "quiet"] as const),
] as const;
