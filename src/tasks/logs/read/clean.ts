// oxlint-disable-next-line no-control-regex -- colour codes begin with the ESC character
const colours = /\u001b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/g;

/** Takes carriage returns at the end, colour codes and the character that shapes use out of a line. */
export function cleanLine(line: string): string {
  let end = line.length;
  while (end > 0 && line.charCodeAt(end - 1) === 0x0d) end -= 1;
  const trimmed = end === line.length ? line : line.slice(0, end);
  if (!trimmed.includes("\u001b") && !trimmed.includes("\u0001")) return trimmed;
  return trimmed.replaceAll(colours, "").replaceAll("\u0001", " ");
}
