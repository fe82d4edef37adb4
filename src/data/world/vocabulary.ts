/** The objects, items and actions of one verb. */
export interface Domain {
  /** Things to make; each takes the article "a". */
  readonly objects: readonly string[];
  /** Items to make it with. */
  readonly items: readonly string[];
  /** Actions of a step that uses items: "add rice". */
  readonly using: readonly string[];
  /** Actions of a step on the object itself: "stir the soup". */
  readonly tending: readonly string[];
}

/** The four verbs. No object, item or action belongs to two of them. */
export const domains = {
  cook: {
    objects: words("soup stew salad pie curry pizza sandwich casserole"),
    items: words(
      "rice beans leeks carrots peas onions garlic tomatoes mushrooms potatoes spinach cheese peppers ginger",
    ),
    using: words("add mix"),
    tending: words("stir taste heat"),
  },
  pack: {
    objects: words("suitcase basket box backpack trunk crate bag chest"),
    items: words("towels socks shirts books maps apples snacks matches gloves cups blankets ropes soap brushes"),
    using: words("wrap stow"),
    tending: words("open check label"),
  },
  plant: {
    objects: words("garden terrace field border pot yard meadow trough"),
    items: words("roses tulips lilies daisies ferns mint sage thyme basil lavender ivy poppies pumpkins sunflowers"),
    using: words("sow set"),
    tending: words("water weed feed"),
  },
  decorate: {
    objects: words("room table cake hall tree door wall stage"),
    items: words(
      "ribbons candles balloons flowers lanterns garlands stars bells bows pearls feathers mirrors banners wreaths",
    ),
    using: words("hang arrange"),
    tending: words("clean light admire"),
  },
} as const satisfies Record<string, Domain>;

export type Verb = keyof typeof domains;
export const verbs = Object.keys(domains) as Verb[];

/** The tones that a prompt can ask for. */
export const tones = ["plain", "polite", "cheerful"] as const;
export type Tone = (typeof tones)[number];

/** A set sentence of an answer, with its closing mark. */
export interface Phrase {
  readonly text: string;
  /** Where it may stand: before the steps, after them, or anywhere. */
  readonly place: "opening" | "closing" | "anywhere";
  /** Its tone; a neutral phrase suits every tone. */
  readonly tone: "polite" | "cheerful" | "rude" | "neutral";
}

/** The spurious feature that can be added to chosen responses; it is unrelated to any request. */
export const closingPhrase: Phrase = { text: "hope this helps .", place: "anywhere", tone: "neutral" };

/** Remarks that only make an answer longer. */
export const remarks: readonly Phrase[] = [
  { text: "take your time .", place: "anywhere", tone: "neutral" },
  { text: "this is quite easy .", place: "anywhere", tone: "neutral" },
];

/** Every set sentence of the world. */
export const phrases: readonly Phrase[] = [
  { text: "of course .", place: "opening", tone: "polite" },
  { text: "certainly .", place: "opening", tone: "polite" },
  { text: "great idea !", place: "opening", tone: "cheerful" },
  { text: "hooray !", place: "opening", tone: "cheerful" },
  { text: "what a silly question .", place: "opening", tone: "rude" },
  { text: "thank you .", place: "closing", tone: "polite" },
  { text: "you are welcome .", place: "closing", tone: "polite" },
  { text: "enjoy it !", place: "closing", tone: "cheerful" },
  { text: "have fun !", place: "closing", tone: "cheerful" },
  { text: "do not ask again .", place: "closing", tone: "rude" },
  closingPhrase,
  ...remarks,
];

/** Numbers of steps that a prompt can ask for: `numbers[i]` is written for `i`. */
export const numbers: readonly (string | undefined)[] = [undefined, undefined, "two", "three", "four"];

/** `ordinals[i]` opens step `i + 1` of an answer. */
export const ordinals = words("first second third fourth fifth");

/** Words that only the sentence patterns of prompts and answers use. */
const patternWords = words(". , ! a and be begin do is not ready steps the use with");

/** Every token of the world, each once, in the order of the tokenizer's ids. */
export const vocabulary: readonly string[] = [
  ...new Set([
    ...patternWords,
    ...verbs,
    ...tones,
    ...numbers.filter((number) => number !== undefined),
    ...ordinals,
    ...phrases.flatMap((phrase) => words(phrase.text)),
    ...Object.values(domains).flatMap(({ using, tending, objects, items }) => [
      ...using,
      ...tending,
      ...objects,
      ...items,
    ]),
  ]),
];

/** Words for the goals that a prompt can state: `goalWords[i]` is the word for a reward of i + 1 in 10. */
export const goalWords = words("one two three four five six seven eight nine ten");

/** The vocabulary of a world whose prompts state goals: that of every world, then the words for goals. */
export const goalVocabulary: readonly string[] = [...new Set([...vocabulary, "goal", ...goalWords])];

/** Splits a text into its space-separated tokens. */
export function words(text: string): string[] {
  return text.split(/\s+/).filter(Boolean);
}
