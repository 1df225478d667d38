import type { Change } from "./compare.ts";
import { imageOf, isOlder } from "./image.ts";
import { pathNames } from "./path.ts";
import { movementOf } from "./quantity.ts";
import { type Tree, typeOf } from "./tree.ts";

/** What a rule looks at. Values are absent where they are secret, or no scalars. */
export interface Facts {
  readonly kind: Change["kind"];
  /** The last name of the path, in lower case without separators. */
  readonly leaf: string;
  readonly parents: readonly string[];
  readonly before: string | undefined;
  readonly after: string | undefined;
  /** `number became text`, where the type changed. */
  readonly typeChange: string | undefined;
}

export interface Rule {
  readonly name: string;
  /** How much it moves a change up. From 100 on it is a risk, which is told in the headline. */
  readonly weight: number;
  /** What the change means, in a few words, when the rule applies. */
  readonly note: (facts: Facts) => string | undefined;
}

export const riskWeight = 100;

/** The facts of a change; `isSecret` tells which values must not be looked at. */
export function factsOf(change: Change, isSecret: (tree: Tree | undefined) => boolean): Facts {
  const names = pathNames(change.path).map(squeezed);
  const valueOf = (tree: Tree | undefined): string | undefined =>
    tree?.type === "scalar" && !isSecret(tree) ? tree.value : undefined;
  // `{ name: "LOG_LEVEL", value: "debug" }` is about the log level.
  const isPair = names.at(-1) === "value" && names.length > 1;
  return {
    kind: change.kind,
    leaf: (isPair ? names.at(-2) : names.at(-1)) ?? "",
    parents: names.slice(0, -1),
    before: valueOf(change.before),
    after: valueOf(change.after),
    typeChange:
      change.kind === "type-changed" && change.before && change.after
        ? `${typeOf(change.before)} became ${typeOf(change.after)}`
        : undefined,
  };
}

/** The rules, the weightiest first. A change gets the note of the first one that applies. */
export const rules: readonly Rule[] = [
  {
    name: "tls-verification",
    weight: 190,
    note: ({ leaf, before, after }) => {
      if (before === after) return undefined;
      const off =
        /insecure|(?:skip|ignore|disable)\w*(?:tls|ssl|verif|cert)|(?:tls|ssl|cert)\w*(?:skip|ignore|disable|insecure)/;
      if (off.test(leaf)) return isOn(after) ? "TLS verification turned off" : undefined;
      const on =
        /(?:tls|ssl|cert\w*)\w*verif|verif\w*(?:tls|ssl|cert)|rejectunauthorized|validatecerts|sslmode/;
      return on.test(leaf) && (isOff(after) || after === "allow")
        ? "TLS verification turned off"
        : undefined;
    },
  },
  {
    name: "privilege",
    weight: 185,
    note: ({ leaf, before, after, kind }) => {
      if (/^(?:privileged|allowprivilegeescalation|hostnetwork|hostpid|hostipc)$/.test(leaf))
        return isOn(after) ? "more privilege for the container" : undefined;
      if (/^(?:runasnonroot|readonlyrootfilesystem)$/.test(leaf))
        return isOff(after) || (kind === "removed" && isOn(before))
          ? "less hardening of the container"
          : undefined;
      return leaf === "runasuser" && after === "0" ? "runs as root" : undefined;
    },
  },
  {
    name: "authentication",
    weight: 180,
    note: ({ leaf, parents, after }) => {
      const names = [...parents, leaf].join(" ");
      if (/anonymous|disableauth|noauth|trustauth/.test(leaf))
        return isOn(after) ? "access without authentication" : undefined;
      const isSwitch =
        /^(?:enabled?|required?)$/.test(leaf) && /auth|oauth|oidc|rbac|mfa/.test(names);
      const isAuth =
        /^(?:(?:requires?|enables?)?(?:auth|authentication|authorization|rbac|mfa)(?:enabled?|required?)?|requirepass)$/.test(
          leaf,
        );
      return (isSwitch || isAuth) && isOff(after) ? "authentication turned off" : undefined;
    },
  },
  {
    name: "exposure",
    weight: 170,
    note: ({ leaf, before, after }) => {
      if (after === undefined || after === before) return undefined;
      if (/(?:^|[^\d.])(?:0\.0\.0\.0\/0|::\/0)$/.test(after)) return "open to every address";
      if (
        /^(?:0\.0\.0\.0|\[?::\]?|\*)(?::\d+)?$/.test(after) &&
        /bind|listen|host|address|addr|interface/.test(leaf)
      )
        return "listens on every address";
      if (leaf === "type" && /^(?:LoadBalancer|NodePort)$/.test(after))
        return "reachable from outside of the cluster";
      return undefined;
    },
  },
  {
    name: "wildcard-permission",
    weight: 170,
    note: ({ leaf, parents, after, before }) =>
      after === "*" &&
      before !== "*" &&
      /verbs|resources|apigroups|actions?|principal|permissions?|allowedorigins|alloworigins?/.test(
        [...parents, leaf].join(" "),
      )
        ? "allows everything"
        : undefined,
  },
  {
    name: "protection",
    weight: 165,
    note: ({ leaf, parents, before, after, kind }) => {
      const gone = isOff(after) || (kind === "removed" && isOn(before));
      if (/deletionprotection|preventdestroy|terminationprotection/.test(leaf) && gone)
        return "protection from deletion turned off";
      const names = [...parents, leaf].join(" ");
      if (
        /backup|encrypt(?:ed|ion)|audit/.test(names) &&
        /^(?:enabled?|\w*backups?|\w*encrypt(?:ed|ion)?|\w*audit(?:log)?)$/.test(leaf) &&
        gone
      )
        return "safeguard turned off";
      return /reclaimpolicy|deletionpolicy/.test(leaf) && after === "Delete"
        ? "data is deleted with its claim"
        : undefined;
    },
  },
  {
    name: "image",
    weight: 160,
    note: ({ leaf, parents, before, after }) => {
      const isTag = leaf === "tag" && parents.at(-1)?.includes("image") === true;
      if (!(leaf === "image" || isTag) || after === undefined || before === after) return undefined;
      const [from, to] = [imageOf(before, isTag), imageOf(after, isTag)];
      if (to?.tag === "latest") return "image tag moved to latest";
      if (to?.tag === undefined) return "image without a fixed version";
      if (from && from.name !== to.name) return "another image";
      return from?.tag !== undefined && isOlder(to.tag, from.tag)
        ? "image goes back to an older version"
        : undefined;
    },
  },
  {
    name: "scale",
    weight: 155,
    note: ({ leaf, before, after }) => {
      if (
        !/^(?:min|max|desired)?(?:replicas?|replicacount|instances|capacity|workers|count)$/.test(
          leaf,
        )
      )
        return undefined;
      if (after === "0" && before !== "0") return `${leaf} set to 0`;
      const movement =
        before !== undefined && after !== undefined ? movementOf(before, after) : undefined;
      return movement?.startsWith("lowered") ? `${leaf} ${movement}` : undefined;
    },
  },
  {
    name: "resources",
    weight: 150,
    note: ({ leaf, parents, before, after, kind }) => {
      const side =
        parents.at(-1) === "limits" ? " limit" : parents.at(-1) === "requests" ? " request" : "";
      const isResource =
        side !== "" ||
        /^(?:memlimit|memory|memorylimit|cpus?|cpulimit|heap|maxheap|maxmemory|storage)$/.test(
          leaf,
        );
      if (kind === "removed" && /^(?:resources|limits)$/.test(leaf)) return `${leaf} removed`;
      if (!isResource) return undefined;
      if (kind === "removed" && side !== "") return `${leaf}${side} removed`;
      const movement =
        before !== undefined && after !== undefined ? movementOf(before, after) : undefined;
      return movement?.startsWith("lowered") ? `${leaf}${side} ${movement}` : undefined;
    },
  },
  {
    name: "probe",
    weight: 140,
    note: ({ leaf, kind }) =>
      kind === "removed" && /^(?:liveness|readiness|startup)probe$|^healthcheck$/.test(leaf)
        ? "health check removed"
        : undefined,
  },
  {
    name: "debug",
    weight: 130,
    note: ({ leaf, after, before }) => {
      if (after === before || after === undefined) return undefined;
      if (/^(?:\w*debug|debug(?:mode|enabled)|\w*verbose)$/.test(leaf))
        return isOn(after) ? "debug turned on" : undefined;
      return /level|log$/.test(leaf) && /^(?:debug|trace|all)$/i.test(after)
        ? "debug logging turned on"
        : undefined;
    },
  },
  {
    name: "type",
    weight: 60,
    note: ({ typeChange, before, after }) => {
      if (typeChange === undefined) return undefined;
      const word = [before, after].find((text) => text && /^(?:y|n|yes|no|on|off)$/i.test(text));
      if (word === undefined) return typeChange;
      return `${typeChange}; older YAML readers take ${word} for ${/^(?:y|on)/i.test(word)}`;
    },
  },
  {
    name: "movement",
    weight: 20,
    note: ({ before, after }) =>
      before === undefined || after === undefined ? undefined : movementOf(before, after),
  },
];

/** Names of a path that matter more, or less, whatever the change is. */
export const pathWeights: readonly { readonly pattern: RegExp; readonly weight: number }[] = [
  { pattern: /^(?:image|replicas?|securitycontext)$/, weight: 40 },
  { pattern: /^(?:resources|limits|requests)$|probe$/, weight: 30 },
  {
    pattern: /^(?:env|environment|command|args|entrypoint|ports?|version)$|url$|host$|endpoint$/,
    weight: 25,
  },
  { pattern: /^(?:volumes?|volumemounts|schedule|strategy|timeout|rules)$|timeout/, weight: 15 },
  { pattern: /^(?:labels|annotations|description|comment|title|metadata)$/, weight: -20 },
];

function squeezed(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]+/g, "");
}

function isOn(value: string | undefined): boolean {
  return value !== undefined && /^(?:true|1|yes|on|enabled?)$/i.test(value);
}

function isOff(value: string | undefined): boolean {
  return value !== undefined && /^(?:false|0|no|off|none|disabled?)$/i.test(value);
}
