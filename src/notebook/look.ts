/*
 * Styles of cell outputs. Text uses the page's own colours, and secondary text is the same colour at lower opacity, so
 * that it looks fainter on light and dark pages alike. Styles are inline because JupyterLab removes style sheets from
 * an untrusted notebook; it keeps these properties and values, but not variables, `currentColor` or `inherit`.
 */

/** A heading line. */
export const heading = "font-weight:600;margin:0 0 4px";

/** Captions and other asides. */
export const faint = "font-size:12px;opacity:0.65";

/** Border of an uncoloured element next to a coloured one. */
export const edge = "rgba(128,128,128,0.45)";
