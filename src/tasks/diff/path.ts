/** One step from a tree to a part of it. */
export type Step = KeyStep | ItemStep;

export interface KeyStep {
  readonly type: "key";
  readonly key: string;
}

/** An item of a list, by what identifies it or, where nothing does, by its place. */
export interface ItemStep {
  readonly type: "item";
  readonly id: string | undefined;
  /** The item's indexes in the two lists; undefined where it is not in one. */
  readonly before: number | undefined;
  readonly after: number | undefined;
}

export type Path = readonly Step[];

/** `spec.containers[web].env[0]`, with what needs it in quotes: `annotations["a.b/c"]`. */
export function pathText(path: Path): string {
  const text = path.map(stepText).join("");
  return text.startsWith(".") ? text.slice(1) : text;
}

function stepText(step: Step): string {
  if (step.type === "key")
    return /^[\w$-]+$/.test(step.key) ? `.${step.key}` : `[${JSON.stringify(step.key)}]`;
  if (step.id === undefined) return `[${step.after ?? step.before ?? 0}]`;
  return /^[\w./:@-]+$/.test(step.id) && !/^\d+$/.test(step.id)
    ? `[${step.id}]`
    : `[=${JSON.stringify(step.id)}]`;
}

/** The names along the path, without the indexes of lists. */
export function pathNames(path: Path): string[] {
  return path.flatMap((step) => (step.type === "key" ? [step.key] : (step.id ?? [])));
}

/** Whether a path, or one above it, matches one of the patterns. */
export function pathMatcher(patterns: readonly string[]): (path: Path) => boolean {
  const expressions = patterns.map(toExpression);
  return (path) => {
    if (expressions.length === 0) return false;
    const plain = path
      .map((step) =>
        step.type === "key" ? step.key : (step.id ?? String(step.after ?? step.before)),
      )
      .join(".");
    const written = pathText(path);
    return expressions.some((expression) => expression.test(plain) || expression.test(written));
  };
}

/**
 * A pattern is a path such as `metadata.labels` or `/metadata/labels`, where `*` stands for one step and `**` for any.
 * It also covers all that lies below.
 */
function toExpression(pattern: string): RegExp {
  const dotted = pattern.startsWith("/") ? pattern.slice(1).replaceAll("/", ".") : pattern;
  const source = dotted
    .replace(/^\$?\./, "")
    .split(/(\*{1,2})/)
    .map((part) =>
      part === "**"
        ? ".*"
        : part === "*"
          ? "[^.[\\]]*"
          : part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"),
    )
    .join("");
  return new RegExp(`^${source}(?:[.[].*)?$`, "s");
}
