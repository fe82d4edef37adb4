/**
 * Stacked panels, one per value of a field, each with the value as its heading.
 *
 * @param values from top to bottom; Vega-Lite would sort them alphabetically
 */
export function panelsBy(field: string, values: readonly string[]) {
  return {
    row: {
      field,
      type: "nominal" as const,
      title: null,
      sort: [...values],
      header: {
        labelAngle: 0,
        labelAlign: "left" as const,
        labelOrient: "top" as const,
        labelAnchor: "start" as const,
      },
    },
  };
}
