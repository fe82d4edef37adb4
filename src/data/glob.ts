/**
 * The paths that a pattern of a dataset's card means: `*` and `?` stand for characters but a slash, `**` for folders
 * of any depth, `[…]` for one of some characters.
 */
export function globPattern(glob: string): RegExp {
  const source = glob.replace(/^\.?\//, "").replace(/\*\*\/|\*\*|\*|\?|\[[^\]/]+\]|[^*?[]+|\[/g, (token) => {
    if (token === "**/") return "(?:.*/)?";
    if (token === "**") return ".*";
    if (token === "*") return "[^/]*";
    if (token === "?") return "[^/]";
    if (/^\[.+\]$/.test(token)) return token.replace(/^\[!/, "[^").replaceAll("\\", "\\\\");
    return token.replace(/[\\^$.|+(){}\[\]]/g, "\\$&");
  });
  try {
    return new RegExp(`^${source}$`);
  } catch {
    // A range that runs backwards, [z-a], holds no character.
    return /(?!)/;
  }
}
