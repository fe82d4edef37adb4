/**
 * Panels below each other, one for each value of a field, with the value above it at its left.
 *
 * @param values from top to bottom; Vega-Lite would sort them by the alphabet
 */
export function panelsBy(field: string, values: readonly string[]) {
  return {
    row: {
      field,
      type: "nominal" as const,
      title: null,
      sort: [...values],
      header: { labelAngle: 0, labelAlign: "left" as const, labelOrient: "top" as const, labelAnchor: "start" as const },
    },
  };
}
