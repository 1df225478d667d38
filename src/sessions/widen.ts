import type { CallRules } from "../agent/call-rules.ts";
import type { AccessRequest } from "../core/access-request.ts";
import type { SandboxCapabilities, SandboxSpec } from "../sandbox/sandbox.ts";

/** What people may grant in a thread at all. */
export interface ApprovalPolicy {
  /** Milliseconds after which a request can't be approved any more. */
  readonly expiresAfterMs: number;
  /** Whether an approver who talked to the agent in this session may approve what it asks for. */
  readonly selfApproval: boolean;
  /** How far limits can be raised. */
  readonly maxLimits: Pick<SandboxSpec["limits"], "memoryBytes" | "commandMs" | "taskMs">;
  /** Names of the configured secrets. */
  readonly secrets: readonly string[];
  /** Which calls need approval, besides those whose tools say so. Default: none. */
  readonly rules?: CallRules;
}

export type Spec = Pick<SandboxSpec, "permissions" | "limits">;

/** The spec with these requests granted. It only ever grows. */
export function widen<S extends Spec>(spec: S, granted: readonly AccessRequest[]): S {
  return granted.reduce((wider, request) => withOne(wider, request), spec);
}

function withOne<S extends Spec>(spec: S, request: AccessRequest): S {
  if (isGranted(request, spec)) return spec;
  const { permissions, limits } = spec;
  switch (request.kind) {
    case "host":
      return { ...spec, permissions: { ...permissions, net: [...permissions.net, request.value] } };
    case "path": {
      const paths = [...permissions[request.access], request.value];
      return { ...spec, permissions: { ...permissions, [request.access]: paths } };
    }
    case "secret": {
      const secrets = [...permissions.secrets, request.value];
      return { ...spec, permissions: { ...permissions, secrets } };
    }
    case "memory":
      return { ...spec, limits: { ...limits, memoryBytes: request.value } };
    case "time":
      return { ...spec, limits: { ...limits, [limitOf(request.per)]: request.value } };
  }
}

/** Whether the spec allows it already. */
export function isGranted(request: AccessRequest, { permissions, limits }: Spec): boolean {
  switch (request.kind) {
    case "host":
      return permissions.net.some((granted) => coversHost(granted, request.value));
    case "path":
      return permissions[request.access].some((granted) => coversPath(granted, request.value));
    case "secret":
      return permissions.secrets.includes(request.value);
    case "memory":
      return request.value <= limits.memoryBytes;
    case "time":
      return request.value <= limits[limitOf(request.per)];
  }
}

/** Why nobody can grant it here; undefined when somebody can. Asked again when a grant is used: the bot may have changed. */
export function refusalOf(
  request: AccessRequest,
  {
    policy: { maxLimits, secrets },
    capabilities,
  }: { readonly policy: ApprovalPolicy; readonly capabilities: SandboxCapabilities },
): string | undefined {
  switch (request.kind) {
    case "host":
      return capabilities.network ? undefined : "this sandbox has no network";
    case "path": {
      const places = request.access === "read" ? ["/workspace", "/sources"] : ["/workspace"];
      if (places.some((place) => coversPath(place, request.value))) return undefined;
      return `only paths in ${places.join(" and ")} can be granted for ${request.access}`;
    }
    case "secret":
      return secrets.includes(request.value) ? undefined : "no secret of this name is configured";
    case "memory":
      return overMax(request.value, maxLimits.memoryBytes, "bytes");
    case "time":
      return overMax(request.value, maxLimits[limitOf(request.per)], "ms");
  }
}

function overMax(asked: number, max: number, unit: string): string | undefined {
  return asked <= max ? undefined : `the most that may be granted is ${max} ${unit}`;
}

const limitOf = (per: "command" | "task") => (per === "command" ? "commandMs" : "taskMs");

const coversPath = (parent: string, path: string): boolean =>
  path === parent || path.startsWith(parent.endsWith("/") ? parent : `${parent}/`);

/** `*.example.com:443` means every name below example.com, at any depth, and not example.com itself. */
function coversHost(granted: string, asked: string): boolean {
  if (granted === asked) return true;
  return granted.startsWith("*.") && asked.replace(/^\*/, "").endsWith(granted.slice(1));
}
