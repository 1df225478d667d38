/** A map of `exports` or `imports` in a package.json. See https://nodejs.org/api/esm.html#resolution-algorithm */
export type PackageMap = unknown;

const conditions = {
  import: ["node", "import", "module-sync", "node-addons", "default"],
  require: ["node", "require", "module-sync", "node-addons", "default"],
} as const;

/** The file or package that an export (`.`, `./x`) or import (`#x`) of a package stands for, or undefined. */
export function mapped(
  map: PackageMap,
  name: string,
  kind: "import" | "require",
): string | undefined {
  const entries = entriesOf(map);
  const exact = entries.find(([key]) => key === name && !key.includes("*"));
  if (exact) return targetOf(exact[1], kind);
  const fitting = entries
    .flatMap(([key, target]) => {
      const [before = "", after, ...more] = key.split("*");
      if (after === undefined || more.length > 0) return [];
      const fits =
        name.length >= key.length &&
        name.startsWith(before) &&
        name.endsWith(after) &&
        name !== before;
      return fits ? [{ before, after, target }] : [];
    })
    .toSorted((a, b) => b.before.length - a.before.length || b.after.length - a.after.length);
  const [best] = fitting;
  if (!best) return undefined;
  const part = name.slice(best.before.length, name.length - best.after.length);
  return targetOf(best.target, kind)?.replaceAll("*", () => part);
}

/** `exports` may be the target of `.` itself. */
function entriesOf(map: PackageMap): readonly (readonly [string, unknown])[] {
  if (!isObject(map)) return map === undefined || map === null ? [] : [[".", map]];
  const entries = Object.entries(map);
  return entries.some(([key]) => key.startsWith(".") || key.startsWith("#"))
    ? entries
    : [[".", map]];
}

function targetOf(target: unknown, kind: "import" | "require"): string | undefined {
  if (typeof target === "string") return target;
  if (Array.isArray(target)) {
    for (const item of target) {
      const found = targetOf(item, kind);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (!isObject(target)) return undefined;
  for (const [condition, inner] of Object.entries(target)) {
    if (!conditions[kind].some((known) => known === condition)) continue;
    const found = targetOf(inner, kind);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
