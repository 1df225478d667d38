import type { Duplex } from "node:stream";

import { systemClock, type Clock } from "../core/clock.ts";
import { messageOf } from "../core/errors.ts";
import { silentLogger, type Logger } from "../core/logger.ts";
import { createAddressCheck } from "./egress/addresses.ts";
import { createAudit, type EgressEvent } from "./egress/audit.ts";
import { createCertificateAuthority, type CertificateAuthority } from "./egress/certificates.ts";
import { createClients } from "./egress/clients.ts";
import { createDialler, systemLookup, tcpDial, type Dial, type Lookup } from "./egress/dial.ts";
import { proxyEnvironment } from "./egress/environment.ts";
import { createExchanges, type Exchange } from "./egress/exchange.ts";
import { createMeter, defaultEgressLimits, type EgressLimits } from "./egress/limits.ts";
import { createLinger } from "./egress/linger.ts";
import { parseNetGrant } from "./egress/policy.ts";
import { parsePrivateDestinations } from "./egress/private-destinations.ts";
import { refuse, statusOf, type Refusal } from "./egress/refusal.ts";
import { parseSecrets, type EgressSecret } from "./egress/secrets.ts";
import { admit, type EgressSession, type Granted } from "./egress/session.ts";
import type { Permissions } from "./permissions.ts";

/** How one session's sandbox reaches granted hosts, and nothing else. */
export interface Egress extends AsyncDisposable {
  /** Takes a connection of the sandbox: a client of an HTTP proxy. */
  connect(connection: Duplex): void;
  /** Variables for programs in the sandbox, where `proxyPort` of the loopback leads here. */
  env(proxyPort: number): Record<string, string>;
  /** The session's own authority as PEM; undefined when no secret needs one. */
  readonly caCertificate: string | undefined;
  /** The system's authorities and the session's own, to be put at `caPath`; undefined when no secret needs it. */
  caBundle(systemBundle: string): string | undefined;
  /**
   * Changes what is granted. What is under way to a host that is granted no more is ended.
   * @throws {OpsthreadError} `CONFIG_INVALID`, and all stays as it was
   */
  update(grants: EgressGrants): void;
}

export type EgressGrants = Pick<Permissions, "net" | "secrets">;

export interface EgressOptions {
  readonly sessionId: string;
  readonly grants: EgressGrants;
  /** Those that may be granted to this session. */
  readonly secrets?: readonly EgressSecret[];
  /** Where the sandbox has what `caBundle()` gives. */
  readonly caPath?: string;
  /** `address:port` or `network/bits:port` that may be reached although it is private. An administrator's choice. */
  readonly allowPrivate?: readonly string[];
  readonly limits?: Partial<EgressLimits>;
  readonly audit: (event: EgressEvent) => void;
  /** Takes secrets out of paths before they are audited. */
  readonly redact?: (text: string) => string;
  /** Authorities, as PEM, for the certificates of hosts that a secret is sent to. Default: those of Node. */
  readonly upstreamCa?: string | readonly string[];
  readonly logger?: Logger;
  readonly clock?: Clock;
  readonly lookup?: Lookup;
  readonly dial?: Dial;
  /** The addresses of this machine, which are refused. */
  readonly ownAddresses?: () => readonly string[];
}

/** Longer than any sandbox lives by default. */
const authorityLifetimeMs = 7 * 24 * 60 * 60_000;

/**
 * @example
 * const egress = createEgress({ sessionId, grants: { net: ["api.github.com:443"], secrets: [] }, audit });
 * egress.connect(channel);
 * @throws {OpsthreadError} `CONFIG_INVALID`
 */
export function createEgress(options: EgressOptions): Egress {
  const { clock = systemClock, logger = silentLogger, secrets = [], caPath } = options;
  const limits = { ...defaultEgressLimits, ...options.limits };
  const rules = parseSecrets(secrets);
  const usesAuthority = rules.some(({ places }) => places.some(({ scheme }) => scheme === "https"));
  const audit = createAudit({ ...options, clock, logger });
  const meter = createMeter(limits, clock);
  const exchanges = createExchanges({ audit, clock, meter, idleMs: limits.idleMs });
  const connections = new Set<Duplex>();
  const work = new Set<Promise<void>>();
  let authority: CertificateAuthority | undefined;
  let isClosed = false;

  const read = (grants: EgressGrants): Granted => ({
    net: grants.net.map(parseNetGrant),
    secrets: rules.filter(({ name }) => grants.secrets.includes(name)),
  });
  let granted = read(options.grants);

  const session: EgressSession = {
    limits,
    meter,
    dial: createDialler({
      lookup: options.lookup ?? systemLookup,
      dial: options.dial ?? tcpDial,
      refusedAddress: createAddressCheck(options.ownAddresses),
      isAllowedPrivate: parsePrivateDestinations(options.allowPrivate ?? []),
      connectMs: limits.connectMs,
    }),
    granted: () => granted,
    authority() {
      authority ??= createCertificateAuthority({
        name: "Opsthread sandbox authority",
        now: clock.now(),
        lifetimeMs: authorityLifetimeMs,
      });
      return authority;
    },
    upstreamCa: options.upstreamCa,
    linger: createLinger(),
    redact: options.redact ?? ((text) => text),
    begin(method, type) {
      // A tunnel that ends here and a request in it are two.
      if (exchanges.open.size < 2 * limits.connections) return exchanges.begin(method, type);
      const refusal = tooMany(limits.connections);
      audit.turnedAway(refusal.reason, statusOf(refusal));
      return refusal;
    },
  };

  const clients = createClients({
    session,
    audit,
    own(promise, socket) {
      const owned = promise
        .catch((error: unknown) => {
          socket.destroy();
          logger.error(
            { sessionId: options.sessionId, error: messageOf(error) },
            "Cannot carry a network request",
          );
        })
        .finally(() => work.delete(owned));
      work.add(owned);
    },
  });

  return {
    connect(connection) {
      connection.on("error", () => {});
      if (isClosed) {
        connection.destroy();
        return;
      }
      if (connections.size >= limits.connections) {
        clients.turnDown(connection, tooMany(limits.connections));
        return;
      }
      connections.add(connection);
      connection.once("close", () => connections.delete(connection));
      clients.serve(connection);
    },
    env: (port) => proxyEnvironment({ port, caPath: usesAuthority ? caPath : undefined }),
    get caCertificate() {
      return usesAuthority ? session.authority().certificate : undefined;
    },
    caBundle: (systemBundle) =>
      usesAuthority ? `${systemBundle.trimEnd()}\n${session.authority().certificate}` : undefined,
    update(grants) {
      granted = read(grants);
      for (const exchange of exchanges.open) {
        const refusal = withdrawn(session, exchange);
        if (refusal) exchange.cut(refusal);
      }
    },
    async [Symbol.asyncDispose]() {
      isClosed = true;
      for (const exchange of exchanges.open)
        exchange.cut(refuse("closed", "the sandbox is being closed"));
      for (const connection of connections) connection.destroy();
      await Promise.all(work);
    },
  };
}

function withdrawn(session: EgressSession, exchange: Exchange): Refusal | undefined {
  if (exchange.endpoint === undefined) return undefined;
  const admitted = admit(session, exchange.endpoint);
  const names = "type" in admitted ? [] : admitted.secrets.map(({ name }) => name);
  const isKept = !("type" in admitted) && exchange.secrets.every((name) => names.includes(name));
  return isKept ? undefined : refuse("withdrawn", "the grant for this host was withdrawn");
}

function tooMany(connections: number): Refusal {
  return refuse(
    "too-many-connections",
    `a session may have ${connections} connections at once; close some, or wait`,
  );
}
