/*
 * The look of what cells show. Colours of text are the page's own, and what recedes is the same
 * ink made fainter, so that it recedes on light and dark alike. Written into the elements, because
 * JupyterLab takes style sheets out of a notebook that is not trusted; it keeps these properties
 * and values, but neither variables nor `currentColor` nor `inherit`.
 */

/** A line above. */
export const heading = "font-weight:600;margin:0 0 4px";

/** Captions and other asides. */
export const faint = "font-size:12px;opacity:0.65";

/** The edge of what stands beside something coloured without being coloured itself. */
export const edge = "rgba(128,128,128,0.45)";
