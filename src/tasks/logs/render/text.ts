/** Text from a log as code in CommonMark: on one line, cut, and unable to end the code early. */
export function code(text: string, most = 160): string {
  const flat = oneLine(text, most);
  const longest = Math.max(0, ...(flat.match(/`+/g) ?? []).map((run) => run.length));
  const fence = "`".repeat(longest + 1);
  const pad = flat.startsWith("`") || flat.endsWith("`") ? " " : "";
  return `${fence}${pad}${flat}${pad}${fence}`;
}

/** Text on one line, without control characters, cut to `most` characters. */
export function oneLine(text: string, most: number): string {
  const flat = text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, " ").trim();
  return flat.length > most ? `${flat.slice(0, most - 1).trimEnd()}…` : flat;
}

/** A cell of a table: bars would end it. */
export function cell(text: string, most = 160): string {
  return code(text, most).replaceAll("|", String.raw`\|`);
}

/** Lines of a log as a block of code that they can't end. */
export function block(lines: readonly string[]): string {
  const longest = Math.max(
    2,
    ...lines.flatMap((line) => (line.match(/`{3,}/g) ?? []).map((run) => run.length)),
  );
  const fence = "`".repeat(longest + 1);
  return [fence, ...lines.map((line) => oneLine(line, 300)), fence].join("\n");
}

/** `1,234,567` */
export function number(value: number): string {
  return value.toLocaleString("en-US");
}

/** `1 line`, `2 lines` */
export function counted(value: number, singular: string, plural = `${singular}s`): string {
  return `${number(value)} ${value === 1 ? singular : plural}`;
}

/** `1.5 GB` */
export function bytes(value: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const step = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(value) / 3));
  const scaled = value / 1000 ** step;
  return `${step === 0 || scaled >= 100 ? Math.round(scaled) : scaled.toFixed(1)} ${units[step]}`;
}

/** `5 min`, `2 h` */
export function duration(ms: number): string {
  const units: readonly (readonly [number, string])[] = [
    [86_400_000, "d"],
    [3_600_000, "h"],
    [60_000, "min"],
    [1000, "s"],
  ];
  const [size, unit] = units.find(([each]) => ms >= each * 1.5 || ms === each) ?? [1, "ms"];
  const value = ms / size;
  return `${value < 10 ? Math.round(value * 10) / 10 : Math.round(value)} ${unit}`;
}
