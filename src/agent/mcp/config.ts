import { z } from "zod";

const milliseconds = z.number().int().positive();

const common = {
  /** Which of its tools there are, by its own names. Default: all of them. */
  tools: z
    .strictObject({
      allow: z.array(z.string()).readonly().optional(),
      deny: z.array(z.string()).readonly().optional(),
    })
    .default({}),
  /** Whether a person is asked before a call: of all its tools, or of these. */
  approval: z.union([z.boolean(), z.array(z.string()).readonly()]).default(false),
  /**
   * Whether to believe what it says of its tools: that one only reads, or may be run twice. Then an interrupted call is made
   * again; otherwise it never is.
   */
  trustAnnotations: z.boolean().default(false),
  /** How long it may take to be ready. */
  startMs: milliseconds.default(15_000),
  /** How long one call may take. */
  callMs: milliseconds.default(60_000),
};

const Stdio = z.strictObject({
  /** A program that runs in the session's sandbox and is talked to by its stdin and stdout. */
  type: z.literal("stdio"),
  /** Program and arguments. The sandbox's image must have it. */
  command: z.tuple([z.string().min(1)], z.string()).readonly(),
  /** Never secrets: everything in the sandbox can read them. */
  env: z.record(z.string(), z.string()).readonly().default({}),
  /** Default `/workspace`. */
  cwd: z.string().optional(),
  ...common,
});

const Http = z.strictObject({
  /** A server that this process talks to by streamable HTTP. */
  type: z.literal("http"),
  /** Just this address is asked, whatever network it is in. */
  url: z.url({ protocol: /^https?$/ }),
  /** Never secrets. */
  headers: z
    .record(z.string(), z.string())
    .refine((headers) => !Object.keys(headers).some(isForCredentials), {
      error: "credentials are no headers of the configuration: name a secret in `secrets`",
    })
    .readonly()
    .default({}),
  /** Names of configured secrets that are sent to it. Each must belong to its host. */
  secrets: z.array(z.string()).readonly().default([]),
  ...common,
});

/** One MCP server and what of it is offered to the model. */
export const McpServerConfig = z.discriminatedUnion("type", [Stdio, Http]);
export type McpServerConfig = z.infer<typeof McpServerConfig>;
export type StdioServerConfig = z.infer<typeof Stdio>;
export type HttpServerConfig = z.infer<typeof Http>;

/** MCP servers by name. The name is part of the names of its tools: up to 24 of a-z, 0-9 and `-`. */
export const McpServers = z.record(
  z.string().regex(/^[a-z0-9][a-z0-9-]{0,23}$/, "expected up to 24 of a-z, 0-9 and -"),
  McpServerConfig,
);
export type McpServers = z.infer<typeof McpServers>;

const isForCredentials = (header: string): boolean =>
  /^(?:authorization|proxy-authorization|cookie)$/i.test(header);
