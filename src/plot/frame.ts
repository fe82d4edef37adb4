/** The newest schema that JupyterLab 4's own Vega-Lite draws; the plots keep to what it knows. */
export const schema = "https://vega.github.io/schema/vega-lite/v5.json";

/** Width of a plot in pixels, axes and legend apart; two fit beside each other in a notebook. */
export const width = 420;
