/** Topics of instructions. */
export const topics = [
  ...[
    "a lighthouse",
    "the ocean",
    "an old bridge",
    "a winter morning",
    "coffee",
    "a train journey",
    "a small garden",
    "the moon",
  ],
  ...[
    "a friendly dog",
    "a city market",
    "learning to swim",
    "a mountain trail",
    "a library",
    "rain",
    "a family dinner",
    "the desert",
  ],
  ...[
    "a bakery",
    "a summer storm",
    "a night sky",
    "an honest friend",
    "a school concert",
    "bees",
    "a long bus ride",
    "autumn leaves",
  ],
  ...[
    "a hospital",
    "a football match",
    "a sleepy cat",
    "fresh bread",
    "a quiet street",
    "a broken clock",
    "a river",
    "a birthday",
  ],
  ...["a farm", "the first snow", "a painter", "a new job", "an airport", "a wooden boat", "a campfire", "mathematics"],
] as const;

/** Words that an answer must use: common, but rarely used by chance. */
export const wantedWords = [
  "bright",
  "quiet",
  "small",
  "together",
  "morning",
  "never",
  "simple",
  "strong",
  "warm",
  "often",
  "old",
  "people",
] as const;

/** Words that an answer must avoid: hard to do without. */
export const unwantedWords = ["the", "and", "is", "of", "to", "with", "it", "in"] as const;

/** Words that an answer must begin with. */
export const firstWords = ["Perhaps", "Today", "Sometimes", "Imagine", "Every", "When", "Many", "Although"] as const;

/** Required numbers of sentences, by their words. */
export const sentenceCounts = { two: 2, three: 3 } as const;

/** Marks that an answer must end with, by name. */
export const endMarks = { "an exclamation mark": "!", "a question mark": "?" } as const;

/** Smallest and largest word limit for an answer. */
export const wordLimits = { least: 8, most: 15 } as const;
