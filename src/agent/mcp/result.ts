import { isDeepStrictEqual } from "node:util";

import type { CallToolResult, ContentBlock } from "@modelcontextprotocol/client";

import type { ToolContext, ToolReturn } from "../tool.ts";
import { blobFiles } from "./blob-files.ts";

/** What a server gave, as a tool gives it: text for the model, and what is no text as files of the workspace. */
export async function returnOf(
  { content, structuredContent, isError }: CallToolResult,
  { server, context }: { readonly server: string; readonly context: ToolContext },
): Promise<ToolReturn> {
  const keep = blobFiles({ server, context });
  const texts: string[] = [];
  for (const block of content.slice(0, maxBlocks)) texts.push(await textOf(block, keep));
  if (content.length > maxBlocks) texts.push(`[${content.length - maxBlocks} more parts left out]`);
  if (structuredContent !== undefined && !isSaid(structuredContent, texts))
    texts.push(JSON.stringify(structuredContent));
  return {
    status: isError === true ? "failed" : "ok",
    output: texts.join("\n") || "(it said nothing)",
    measures: {},
    artifacts: [],
  };
}

async function textOf(block: ContentBlock, keep: ReturnType<typeof blobFiles>): Promise<string> {
  switch (block.type) {
    case "text":
      return block.text;
    case "image":
    case "audio":
      return keep(block.type, block);
    case "resource_link": {
      const { name, uri, mimeType, description } = block;
      const about = [mimeType, description].filter((text) => text !== undefined).join(", ");
      return `[link to "${name}": ${uri}${about === "" ? "" : ` (${about})`}]`;
    }
    case "resource": {
      const { resource } = block;
      if ("text" in resource) return `[${resource.uri}]\n${resource.text}`;
      const { blob: data, mimeType, uri } = resource;
      return keep(uri, { data, mimeType });
    }
  }
}

/** Servers say it as text as well, for clients that know nothing else. */
function isSaid(value: unknown, texts: readonly string[]): boolean {
  return texts.some((text) => {
    try {
      return isDeepStrictEqual(JSON.parse(text), value);
    } catch {
      return false; // No JSON.
    }
  });
}

const maxBlocks = 200;
