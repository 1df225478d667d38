import type { Anthropic } from "@anthropic-ai/sdk";

import type { ToolSpec } from "../../model.ts";
import type { Settings } from "./options.ts";
import { isStrict, maxStrictTools } from "./strict-schema.ts";

/** One tool as it is offered. */
interface Offer {
  readonly spec: ToolSpec;
  /** The vendor's name of it. */
  readonly name: string;
  readonly native: "shell" | "text_editor" | undefined;
}

/** The tools of a request, and how their names translate. */
export interface Toolbox {
  readonly tools: readonly Anthropic.ToolUnion[];
  /** What the vendor's own forms have no place for: what these tools do here. */
  readonly descriptions: readonly string[];
  /** How one of our tools is offered, by our name. */
  offered(tool: string): Pick<Offer, "name" | "native">;
  /** What a name of the vendor's stands for: our tool, and its native form. */
  meant(name: string): { readonly tool: string; readonly native: Offer["native"] };
}

/**
 * Offers tools, natively where the vendor has its own form of them.
 * https://platform.claude.com/docs/en/agents-and-tools/tool-use/bash-tool, …/text-editor-tool, …/define-tools
 */
export function toolboxOf(
  specs: readonly ToolSpec[],
  { native, strict }: Pick<Settings, "native" | "strict">,
): Toolbox {
  const offers = offersOf(specs, native);
  let strictLeft = strict ? maxStrictTools : 0;
  const tools = offers.map((offer): Anthropic.ToolUnion => {
    if (offer.native === "shell") return { type: "bash_20250124", name: "bash" };
    if (offer.native === "text_editor")
      return { type: "text_editor_20250728", name: "str_replace_based_edit_tool" };
    const { description, parameters } = offer.spec;
    const canBeStrict = strictLeft > 0 && isStrict(parameters);
    if (canBeStrict) strictLeft -= 1;
    return {
      name: offer.name,
      description,
      // A tool that takes anything may say nothing about it, but the API wants the type.
      input_schema: { ...parameters, type: "object" },
      ...(canBeStrict && { strict: true }),
    };
  });
  return {
    tools,
    descriptions: offers.flatMap(({ native: form, name, spec: { description } }) =>
      form === undefined ? [] : [`- ${name}: ${description}`],
    ),
    offered: (tool) =>
      offers.find(({ spec }) => spec.name === tool) ?? { name: clean(tool), native: undefined },
    meant(name) {
      const offer = offers.find((one) => one.name === name);
      return { tool: offer?.spec.name ?? name, native: offer?.native };
    },
  };
}

const nativeNames = { shell: "bash", text_editor: "str_replace_based_edit_tool" } as const;

function offersOf(specs: readonly ToolSpec[], native: boolean): readonly Offer[] {
  const offers: Offer[] = [];
  const add = (spec: ToolSpec, form: Offer["native"]): void => {
    const name = form === undefined ? clean(spec.name) : nativeNames[form];
    const isTaken = offers.some((offer) => offer.name === name);
    offers.push({ spec, native: form, name: isTaken ? `${name}_${offers.length}` : name });
  };
  const formOf = ({ native: form }: ToolSpec): Offer["native"] =>
    native && (form === "shell" || form === "text_editor") ? form : undefined;
  // Two forms of an editor would compete, and the models know this one.
  const hasEditor = specs.some((spec) => formOf(spec) === "text_editor");
  for (const spec of specs) {
    if (hasEditor && spec.native === "apply_patch") continue;
    const form = formOf(spec);
    // There can be one of each, and no other tool may have its name.
    const isFree =
      form !== undefined &&
      !offers.some((offer) => offer.native === form) &&
      !specs.some(({ name }) => name === nativeNames[form] && name !== spec.name);
    add(spec, isFree ? form : undefined);
  }
  return offers;
}

/** Names of tools are `^[a-zA-Z0-9_-]{1,128}$`. */
const clean = (name: string): string => name.replaceAll(/[^a-zA-Z0-9_-]/g, "_").slice(0, 120);
