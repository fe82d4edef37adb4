/**
 * A regular expression for a glob pattern of a dataset card: `*` and `?` match anything but a slash, `**` matches folders
 * of any depth, `[…]` one of several characters.
 */
export function globPattern(glob: string): RegExp {
  const source = glob.replace(/^\.?\//, "").replace(/\*\*\/|\*\*|\*|\?|\[[^\]/]+\]|[^*?[]+|\[/g, (token) => {
    if (token === "**/") return "(?:.*/)?";
    if (token === "**") return ".*";
    if (token === "*") return "[^/]*";
    if (token === "?") return "[^/]";
    if (/^\[.+\]$/.test(token)) return token.replace(/^\[!/, "[^").replaceAll("\\", "\\\\");
    return token.replace(/[\\^$.|+(){}[\]]/g, "\\$&");
  });
  try {
    return new RegExp(`^${source}$`);
  } catch {
    // A reversed range such as [z-a] matches nothing.
    return /(?!)/;
  }
}
