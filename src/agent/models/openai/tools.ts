import type { NativeTool, ToolSpec } from "../../model.ts";
import { strictSchema } from "./strict-schema.ts";

/** What the vendor's models have themselves. https://platform.openai.com/docs/guides/tools */
export const nativeTools: readonly NativeTool[] = ["shell", "apply_patch"];

/** The tools as the API takes them. */
export function toolsOf(
  specs: readonly ToolSpec[],
  { native }: { readonly native: boolean },
): readonly object[] {
  return offered(specs, native).map(
    (spec) => (native ? nativeOf(spec) : undefined) ?? functionOf(spec),
  );
}

/**
 * Of two ways to change a file a model gets the one that it knows: `apply_patch` where it is native. Elsewhere the diffs of
 * a model that was not trained on them fail more often than replaced strings do.
 */
function offered(specs: readonly ToolSpec[], native: boolean): readonly ToolSpec[] {
  const has = (kind: NativeTool): boolean => specs.some((spec) => spec.native === kind);
  if (!has("apply_patch") || !has("text_editor")) return specs;
  const left = native ? "text_editor" : "apply_patch";
  return specs.filter((spec) => spec.native !== left);
}

function nativeOf({ native }: ToolSpec): object | undefined {
  switch (native) {
    // https://platform.openai.com/docs/guides/tools-shell#local-shell-mode
    case "shell":
      return { type: "shell", environment: { type: "local" } };
    // https://platform.openai.com/docs/guides/tools-apply-patch
    case "apply_patch":
      return { type: "apply_patch" };
    case "text_editor":
    case undefined:
      return undefined;
    default:
      return native satisfies never;
  }
}

/** https://platform.openai.com/docs/guides/function-calling#strict-mode */
function functionOf({ name, description, parameters }: ToolSpec): object {
  const strict = strictSchema(parameters);
  const loose =
    "type" in parameters ? parameters : { type: "object", properties: {}, ...parameters };
  return {
    type: "function",
    name,
    description,
    parameters: strict ?? loose,
    strict: strict !== undefined,
  };
}
