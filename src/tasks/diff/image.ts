/** What a container image is called, and which version of it. */
export interface Image {
  readonly name: string;
  readonly tag: string | undefined;
}

/** Reads `registry/name:tag@digest`, or a tag alone. */
export function imageOf(text: string | undefined, isTag: boolean): Image | undefined {
  if (text === undefined) return undefined;
  if (isTag) return { name: "", tag: text };
  const match = /^([^@]*?)(?::([\w][\w.-]{0,127}))?(?:@(.+))?$/.exec(text);
  return match?.[1] === undefined ? undefined : { name: match[1], tag: match[3] ?? match[2] };
}

/** Whether one version is before another; versions of different shapes are not compared. */
export function isOlder(version: string, than: string): boolean {
  const shape = /^(v?)(\d{1,9}(?:\.\d{1,9})*)(.*)$/;
  const [a, b] = [shape.exec(version), shape.exec(than)];
  if (!a || !b || a[1] !== b[1] || a[3] !== b[3]) return false;
  const [x = [], y = []] = [a, b].map((match) => (match[2] ?? "").split(".").map(Number));
  const places = [...(x.length > y.length ? x : y).keys()];
  const at = places.find((place) => (x[place] ?? 0) !== (y[place] ?? 0));
  return at !== undefined && (x[at] ?? 0) < (y[at] ?? 0);
}
