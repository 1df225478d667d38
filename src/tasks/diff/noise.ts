import { objectLabel } from "./documents.ts";
import type { Path, Step } from "./path.ts";
import type { Tree } from "./tree.ts";

/**
 * The name of what Kubernetes and its tools write into objects by themselves, when the path leads there, else
 * undefined. Differences there say nothing about what a person configured.
 */
export function noiseOf(path: Path, document: Tree | undefined): string | undefined {
  const [parent, last] = [keyAt(path.at(-2)), keyAt(path.at(-1))];
  if (last === undefined || objectLabel(document) === undefined) return undefined;
  if (parent === "metadata" && ownedMetadata.has(last)) return last;
  if (parent === "annotations" && ownedAnnotation.test(last))
    return last.startsWith("checksum/") ? "checksum annotations" : last;
  const isOfObject = path.length === 1 || path.at(-2)?.type === "item";
  return last === "status" && isOfObject ? "status" : undefined;
}

const ownedMetadata = new Set([
  "managedFields",
  "generation",
  "resourceVersion",
  "uid",
  "creationTimestamp",
  "selfLink",
]);

const ownedAnnotation =
  /^(?:checksum\/.*|kubectl\.kubernetes\.io\/last-applied-configuration|deployment\.kubernetes\.io\/revision)$/;

function keyAt(step: Step | undefined): string | undefined {
  return step?.type === "key" ? step.key : undefined;
}
