import { z } from "zod";

import { stableKey } from "./ids.ts";

const longestHost = 253;
const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * `host:port` or `*.domain:port`, in its one canonical form. Names only: a last label that begins with a digit is how
 * every spelling of an IPv4 address ends (`127.1`, `0x7f.0.0.1`), and a name without a dot is a number or a local name.
 */
export const GrantedHost = z.string().transform((text, context) => {
  const [, wildcard = "", name = "", port = ""] =
    /^(\*\.)?([A-Za-z0-9.-]+):([1-9]\d{0,4})$/.exec(text) ?? [];
  const host = name.toLowerCase();
  const labels = host.split(".");
  const isName =
    labels.length >= 2 &&
    host.length <= longestHost &&
    labels.every((part) => label.test(part)) &&
    /^[a-z]/.test(labels.at(-1) ?? "") &&
    labels.at(-1) !== "localhost";
  if (isName && Number(port) <= 65_535) return `${wildcard}${host}:${port}`;
  context.issues.push({
    code: "custom",
    input: text,
    message:
      "expected host:port or *.domain:port with a full ASCII domain name, such as example.com:443; no address, no URL",
  });
  return z.NEVER;
});

/** An absolute path of the sandbox, with nothing in it that leads elsewhere. */
export const GrantedPath = z
  .string()
  .max(1000)
  .regex(
    /^(?:\/[^/\p{C}\p{Zl}\p{Zp}]+)+$/u,
    "expected an absolute path in the sandbox, without a slash at its end",
  )
  .refine((path) => !path.split("/").some((part) => part === "." || part === ".."), {
    message: "expected a path without . and ..",
  });

const amount = z.number().int().positive();

/** One thing that a session's sandbox may be allowed beyond what is configured. */
export const AccessRequest = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("host"), value: GrantedHost }),
  z.strictObject({
    kind: z.literal("path"),
    access: z.enum(["read", "write"]),
    value: GrantedPath,
  }),
  /** The name of a configured secret, never its value. */
  z.strictObject({ kind: z.literal("secret"), value: z.string().min(1).max(100) }),
  /** Bytes. */
  z.strictObject({ kind: z.literal("memory"), value: amount }),
  /** Milliseconds. */
  z.strictObject({ kind: z.literal("time"), per: z.enum(["command", "task"]), value: amount }),
]);
export type AccessRequest = z.infer<typeof AccessRequest>;

/**
 * How long an approval holds: for the turn that reads it, or just the call that it is about; until the session ends; or,
 * for calls, in every session.
 */
export const ApprovalChoice = z.enum(["once", "session", "always", "deny"]);
export type ApprovalChoice = z.infer<typeof ApprovalChoice>;

/** What is asked for, as people and models read it. */
export function accessText(request: AccessRequest): string {
  switch (request.kind) {
    case "host":
      return `network access to ${request.value}`;
    case "path":
      return `${request.access === "read" ? "reading" : "writing"} ${request.value}`;
    case "secret":
      return `use of the secret "${request.value}"`;
    case "memory":
      return `${Number((request.value / 1024 ** 2).toFixed(1))} MiB of memory`;
    case "time":
      return `${Number((request.value / 1000).toFixed(1))} s per ${request.per}`;
  }
}

/** Binds an approval to the arguments of its call: the same for the same JSON, however its keys are ordered. */
export function argumentsHash(args: string): string {
  return stableKey("arguments", canonical(args));
}

function canonical(args: string): string {
  try {
    return JSON.stringify(sorted(JSON.parse(args)));
  } catch {
    // No JSON: it has one form only.
    return args;
  }
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const pairs = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(pairs.map(([key, item]) => [key, sorted(item)]));
}
