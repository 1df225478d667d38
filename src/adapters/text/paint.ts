type Style = (text: string) => string;

/** The few styles that a thread needs in a terminal; each gives its text back unchanged when `color` is off. */
export function paint(
  color: boolean,
): Readonly<Record<"bold" | "dim" | "italic" | "struck" | "cyan" | "green" | "yellow", Style>> {
  const style =
    (on: number, off: number): Style =>
    (text) =>
      color && text !== "" ? `\x1b[${on}m${text}\x1b[${off}m` : text;
  return {
    bold: style(1, 22),
    dim: style(2, 22),
    italic: style(3, 23),
    struck: style(9, 29),
    cyan: style(36, 39),
    green: style(32, 39),
    yellow: style(33, 39),
  };
}
