import { displaySymbol, type Displayable } from "../../src/base/mime.js";
import { Random } from "../../src/base/random.js";
import { html } from "../../src/base/html.js";
import { page } from "../../src/cli/report/page.js";
import { labelledText, table } from "../../src/cli/report/parts.js";
import { showTable } from "../../src/notebook/table/show-table.js";
import { showPairs } from "../../src/notebook/text/show-pairs.js";
import { showResponses } from "../../src/notebook/text/show-responses.js";
import { goldByIteration } from "../../src/plot/gold-by-iteration.js";
import { renderSvg } from "../../src/plot/render-svg.js";
import { done, Tally, third, timeLeft, type CampaignOptions } from "./outcomes.js";

/** A name that no markup of ours has: if it is an element or an attribute of the output, data became markup. */
const mark = "xevil";
const payloads: readonly string[] = [
  ...[
    `<${mark}>`,
    `"><${mark}>`,
    `'><${mark}>`,
    `</td></table><${mark}>`,
    `</script><${mark}>`,
    `--><${mark}>`,
    `]]><${mark}>`,
    `</style><${mark}>`,
    `</text><${mark}>`,
  ],
  ...[
    `" ${mark}="1`,
    `' ${mark}='1`,
    `\` ${mark}=1`,
    `${mark}="1"`,
    `&lt;${mark}&gt;`,
    `&#60;${mark}&#62;`,
    `<<${mark}>>`,
    `<\u0000${mark}>`,
    `\u2028<${mark}>`,
    `<img src=x ${mark}=1>`,
  ],
];

const bundleOf = async (shown: Displayable): Promise<string> => String((await shown[displaySymbol]())["text/html"]);

/** Ways of data into a page: as text, as a name, as a title. */
const ways: Readonly<Record<string, (text: () => string) => Promise<string>>> = {
  showTable: (text) =>
    bundleOf(
      showTable([{ [text()]: text(), n: 1, [`${text()}2`]: [text(), { [text()]: text() }] }], { title: text() }),
    ),
  showPairs: (text) =>
    bundleOf(
      showPairs([{ prompt: text(), chosen: `${text()} a`, rejected: `${text()} b`, [text()]: text() }] as never),
    ),
  "showPairs of a conversation": (text) =>
    bundleOf(
      showPairs([{ prompt: [{ role: text(), content: text() }], chosen: text() + 1, rejected: text() + 2 }] as never),
    ),
  showResponses: (text) => bundleOf(showResponses([{ prompt: text(), response: text(), [text()]: text() }])),
  "a report's page": async (text) =>
    page(
      text(),
      html`${labelledText(text(), text())}${table(text(), (row: string) => row, [{ heading: text(), cell: (row: string) => row, has: () => true }] as never, [text()])}`,
    ),
  "the SVG of a plot": async (text) =>
    renderSvg(
      goldByIteration({
        [text()]: [
          { iteration: 0, goldReward: 0.1, goldRewardInterval: [0, 0.2] },
          { iteration: 1, goldReward: 0.3, goldRewardInterval: [0.2, 0.4] },
        ],
      } as never),
    ),
};

/** Whether a page has an element or an attribute of the name that only data has. */
export function hasMarkup(markup: string): boolean {
  if (new RegExp(`<[\\s\\0/]*${mark}`, "i").test(markup)) return true;
  // Tags as a browser parses them, without the values of attributes.
  return [...markup.matchAll(/<[a-z][^\s/>]*((?:"[^"]*"|'[^']*'|[^>"'])*)>/gi)].some(([, attributes]) =>
    new RegExp(`\\s${mark}\\s*=`, "i").test(attributes!.replace(/"[^"]*"|'[^']*'/g, '""')),
  );
}

/** Shows data that looks like markup in every place where data is shown. */
export async function markup(options: CampaignOptions): Promise<Tally[]> {
  const tallies: Tally[] = [];
  for (const [way, show] of Object.entries(ways)) {
    const tally = new Tally("markup", way);
    tallies.push(tally);
    const begin = performance.now();
    for (
      let attempt = 0;
      attempt < options.count && timeLeft(begin, { ...options, seconds: options.seconds / 6 });
      attempt++
    ) {
      const random = Random.seeded(options.seed).fork("markup", way, attempt);
      const text = () =>
        `${random.pick(["", "a ", "é", "\n"])}${random.pick(payloads)}${random.pick(["", " b", random.pick(payloads)])}`;
      const shown = await show(text).catch((error: unknown) => error as Error);
      if (shown instanceof Error)
        tally.add(third(`${shown.name}: ${shown.message}`), `seed ${options.seed}, ${attempt}`);
      else
        tally.add(
          hasMarkup(shown)
            ? third(`markup: ${shown.slice(Math.max(0, shown.indexOf(mark) - 60)).slice(0, 150)}`)
            : done,
          `seed ${options.seed}, ${attempt}`,
        );
    }
    tally.seconds = (performance.now() - begin) / 1000;
  }
  return tallies;
}
