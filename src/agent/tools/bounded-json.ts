const maxDepth = 12;

/** How much of each list and each text is kept, tried from generous to strict. */
const grades = [
  { items: 1000, chars: 4000 },
  { items: 100, chars: 1000 },
  { items: 30, chars: 400 },
  { items: 10, chars: 200 },
  { items: 3, chars: 100 },
  { items: 1, chars: 60 },
] as const;

/**
 * The same JSON value, with long lists and texts cut until its text fits `maxBytes`.
 * Each cut says how much is missing; `complete` when nothing was cut.
 */
export function boundedJson(
  value: unknown,
  { maxBytes }: { readonly maxBytes: number },
): { readonly value: unknown; readonly complete: boolean } {
  for (const grade of grades) {
    const kept = cut(value, grade, 0);
    const text = JSON.stringify(kept.value) ?? "null";
    if (Buffer.byteLength(text) <= maxBytes) return kept;
  }
  return { value: "too large to show", complete: false };
}

interface Kept {
  readonly value: unknown;
  readonly complete: boolean;
}

function cut(value: unknown, grade: (typeof grades)[number], depth: number): Kept {
  if (typeof value === "string") return cutText(value, grade.chars);
  if (typeof value !== "object" || value === null) return { value, complete: true };
  if (depth >= maxDepth) return { value: "…", complete: false };
  return Array.isArray(value) ? cutList(value, grade, depth) : cutObject(value, grade, depth);
}

function cutText(text: string, chars: number): Kept {
  if (text.length <= chars) return { value: text, complete: true };
  return { value: `${text.slice(0, chars)}… ${text.length - chars} more`, complete: false };
}

function cutList(list: readonly unknown[], grade: (typeof grades)[number], depth: number): Kept {
  const kept = list.slice(0, grade.items).map((item) => cut(item, grade, depth + 1));
  const values = kept.map((item) => item.value);
  const missing = list.length - kept.length;
  return {
    value: missing > 0 ? [...values, `… ${missing} more`] : values,
    complete: missing === 0 && kept.every((item) => item.complete),
  };
}

function cutObject(object: object, grade: (typeof grades)[number], depth: number): Kept {
  const entries = Object.entries(object);
  // A record's fields are its shape: they are cut later than the items of a list.
  const limit = Math.max(grade.items, 30);
  const kept = entries
    .slice(0, limit)
    .map(([key, item]) => ({ key, ...cut(item, grade, depth + 1) }));
  const missing = entries.length - kept.length;
  const fields = kept.map(({ key, value }): [string, unknown] => [key, value]);
  if (missing > 0) fields.push(["…", `${missing} more`]);
  return {
    value: Object.fromEntries(fields),
    complete: missing === 0 && kept.every((item) => item.complete),
  };
}
