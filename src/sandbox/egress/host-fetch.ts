import { OpsthreadError } from "../../core/errors.ts";
import { type Endpoint, isBadName, parseEndpoint } from "./host-name.ts";
import { createMask } from "./mask.ts";
import {
  type EgressSecret,
  parseSecrets,
  schemeProblem,
  secretHeaders,
  type SecretRule,
  secretsAt,
} from "./secrets.ts";

export type HostFetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

export interface HostFetchOptions {
  /** All that are configured. */
  readonly secrets: readonly EgressSecret[];
  /** Those that are sent. */
  readonly names: readonly string[];
  /** Where they are sent; each must belong there. */
  readonly url: string;
}

/**
 * A `fetch` of this process, not of a sandbox, that sends secrets along to the hosts they belong to and nowhere else. What
 * comes back shows asterisks in their place.
 * @throws {OpsthreadError} `CONFIG_INVALID` for a secret that is not there, or belongs to another host
 */
export function hostFetch({ secrets, names, url }: HostFetchOptions): HostFetch {
  const rules = parseSecrets(secrets).filter(({ name }) => names.includes(name));
  const there = sentTo(url, rules);
  for (const name of names)
    if (!there.some((rule) => rule.name === name))
      throw new OpsthreadError(
        "CONFIG_INVALID",
        `Cannot send the secret "${name}" to ${new URL(url).host}: no secret of that name belongs there, expected one whose hosts have it`,
      );
  return async (to, init = {}) => {
    const added = await secretHeaders(sentTo(to, rules));
    if ("type" in added) throw new OpsthreadError("CONFIG_INVALID", `Cannot ask: ${added.text}`);
    if (added.length === 0) return fetch(to, init);
    const headers = new Headers(init.headers);
    for (const { header, value } of added) headers.set(header, value);
    return masked(
      await fetch(to, { ...init, headers }),
      added.flatMap(({ forms }) => forms),
    );
  };
}

/** The secrets that belong to where a URL leads, by its scheme. */
function sentTo(url: string | URL, rules: readonly SecretRule[]): readonly SecretRule[] {
  const { hostname, port, protocol } = new URL(url);
  const scheme = protocol === "https:" ? "https" : "http";
  const endpoint = endpointOf(
    hostname,
    port === "" ? (scheme === "https" ? 443 : 80) : Number(port),
  );
  if (!endpoint) return [];
  return secretsAt(rules, endpoint).filter((rule) => !schemeProblem([rule], { endpoint, scheme }));
}

function endpointOf(hostname: string, port: number): Endpoint | undefined {
  const endpoint = parseEndpoint(hostname, port);
  return isBadName(endpoint) ? undefined : endpoint;
}

function masked(response: Response, texts: readonly string[]): Response {
  if (!response.body) return response;
  const mask = createMask(texts);
  const hide = new TransformStream<Uint8Array, Uint8Array>({
    transform: (chunk, out) => out.enqueue(mask.chunk(Buffer.from(chunk))),
    flush: (out) => out.enqueue(mask.rest()),
  });
  const { status, statusText, headers } = response;
  return new Response(response.body.pipeThrough(hide), { status, statusText, headers });
}
