/** The newest schema that JupyterLab 4's own Vega-Lite draws; the plots keep to what it knows. */
export const schema = "https://vega.github.io/schema/vega-lite/v5.json";
