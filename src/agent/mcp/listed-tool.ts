import type { Tool as WireTool } from "@modelcontextprotocol/client";

/** A tool as its server describes it, bounded: the text is the server's, and no more to be trusted than it is. */
export interface ListedTool {
  /** The server's own. */
  readonly name: string;
  readonly description: string;
  /** JSON Schema of its arguments; open where the server's own is too large. */
  readonly parameters: WireTool["inputSchema"];
  readonly readOnly: boolean;
  readonly idempotent: boolean;
}

/** Takes over what a server says of a tool, as far as it may go to the model. */
export function listedTool({
  name,
  title,
  description,
  inputSchema,
  annotations = {},
}: WireTool): ListedTool {
  const { $schema: _, ...schema } = inputSchema;
  const fits = Buffer.byteLength(JSON.stringify(schema)) <= maxSchemaBytes;
  const text = [title ?? annotations.title, description].filter(Boolean).join(": ");
  return {
    name,
    description: `${cut(text)}${fits ? "" : " (The schema of its arguments is too large to be shown.)"}`,
    parameters: fits ? schema : { type: "object", additionalProperties: true },
    readOnly: annotations.readOnlyHint === true,
    idempotent: annotations.idempotentHint === true,
  };
}

const cut = (text: string): string =>
  text.length <= maxDescription ? text : `${text.slice(0, maxDescription)}…`;

const maxDescription = 2_000;
const maxSchemaBytes = 16 * 1024;
