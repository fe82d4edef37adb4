/* What a cell uses to show things. */
export type { ArqueroTable, DanfoFrame, TableInput, TableRows } from "./table/source.js";
export { cell, display, type DisplayOptions } from "./display.js";
export { cellReporter } from "./cell-reporter.js";
export { fromDanfo, toDanfo } from "./danfo.js";
export { liveDisplay, type LiveDisplay } from "./live-display.js";
export { displaySymbol, type Displayable, type MimeBundle } from "./mime.js";
export { showPair, showPairs, type ShownPair } from "./text/show-pairs.js";
export { showResponses, type ShownResponse } from "./text/show-responses.js";
export { showTable, type TableView } from "./table/show-table.js";
