import { OpsthreadError } from "../../core/errors.ts";
import { isBadName, parseEndpoint, type Endpoint } from "./host-name.ts";

/** A host, or with `below` every name under it, at one port. */
export interface NetGrant extends Endpoint {
  readonly below: boolean;
}

/**
 * Reads `host:port`, `*.example.com:443`, `192.0.2.1:443` or `[2001:db8::1]:443`.
 * @throws {OpsthreadError} `CONFIG_INVALID`
 */
export function parseNetGrant(text: string): NetGrant {
  const below = text.startsWith("*.");
  const endpoint = parseEndpoint(below ? text.slice(2) : text);
  if (isBadName(endpoint)) throw invalid(text, endpoint.why);
  if (below && !/[a-z]/.test(endpoint.host.split(".").at(-1) ?? ""))
    throw invalid(text, "has a wildcard before an address");
  if (below && !endpoint.host.includes("."))
    throw invalid(text, "would grant a whole top-level domain");
  return { ...endpoint, below };
}

/** Whether a canonical endpoint is granted. A wildcard covers every depth below its name, not the name itself. */
export function isGranted(grants: readonly NetGrant[], { host, port }: Endpoint): boolean {
  return grants.some((grant) => {
    if (grant.port !== port) return false;
    if (!grant.below) return grant.host === host;
    const suffix = `.${grant.host}`;
    if (!host.endsWith(suffix) || host.includes(":")) return false;
    // A name in another script may look like one that it is not: it must be granted itself.
    return !host
      .slice(0, -suffix.length)
      .split(".")
      .some((part) => part.startsWith("xn--"));
  });
}

function invalid(text: string, why: string): OpsthreadError {
  return new OpsthreadError(
    "CONFIG_INVALID",
    `Cannot grant "${text.slice(0, 300)}": it ${why}, expected "host:port" such as "api.example.com:443" or "*.example.com:443"`,
  );
}
