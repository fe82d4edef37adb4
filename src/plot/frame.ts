/** The newest schema that JupyterLab 4's bundled Vega-Lite draws; the plots use only its features. */
export const schema = "https://vega.github.io/schema/vega-lite/v5.json";

/** Width of a plot in pixels, without axes and legend; a notebook is twice as wide. */
export const width = 420;
