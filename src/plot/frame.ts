/** The newest schema that JupyterLab 4's bundled Vega-Lite draws; the plots use only its features. */
export const schema = "https://vega.github.io/schema/vega-lite/v5.json";

/** Width of a plot in pixels, without axes and legend; two fit side by side in a notebook. */
export const width = 420;
