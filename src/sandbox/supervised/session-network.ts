import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { rootCertificates } from "node:tls";

import { createEgress, type Egress, type EgressOptions } from "../egress.ts";
import type { SandboxSpec } from "../sandbox.ts";
import type { Cell } from "./cell.ts";

/** What is configured of the network, the same for every session. */
export type NetworkOptions = Omit<EgressOptions, "sessionId" | "grants" | "caPath">;

/** The way of one session's cells to the hosts that are granted. */
export interface SessionNetwork extends AsyncDisposable {
  /** Variables that lead programs to the proxy. Makes the cell listen when it is first asked for. */
  env(cell: Cell): Promise<Readonly<Record<string, string>>>;
}

export interface SessionNetworkOptions {
  readonly network: NetworkOptions;
  /** Host folder that is shown read-only at `insidePath`. */
  readonly hostFolder: string;
  readonly insidePath: string;
}

/** Without a grant there is no proxy, and nothing listens. */
export async function openSessionNetwork(
  { sessionId, permissions: { net, secrets } }: Pick<SandboxSpec, "sessionId" | "permissions">,
  { network, hostFolder, insidePath }: SessionNetworkOptions,
): Promise<SessionNetwork> {
  if (net.length === 0) return noNetwork;
  const egress = createEgress({
    ...network,
    sessionId,
    grants: { net, secrets },
    caPath: `${insidePath}/${bundleName}`,
  });
  const bundle = egress.caBundle(await systemBundle());
  if (bundle !== undefined) {
    await mkdir(hostFolder, { recursive: true, mode: 0o755 });
    await writeFile(join(hostFolder, bundleName), bundle, { mode: 0o644 });
  }
  const ports = new WeakMap<Cell, Promise<number>>();
  return {
    async env(cell) {
      const port = ports.get(cell) ?? listen(cell, egress);
      ports.set(cell, port);
      return egress.env(await port);
    },
    [Symbol.asyncDispose]: () => egress[Symbol.asyncDispose](),
  };
}

/** What is to be said where there is such a way. */
export const networkLimitation =
  "There is no network but through an HTTP proxy to granted hosts; names can't be looked up inside.";

const bundleName = "ca.pem";

const noNetwork: SessionNetwork = {
  env: async () => ({}),
  async [Symbol.asyncDispose]() {},
};

const listen = (cell: Cell, egress: Egress): Promise<number> =>
  cell.connection.listen((channel) => egress.connect(channel));

/** The authorities that this host trusts, else those that Node brings. */
async function systemBundle(): Promise<string> {
  for (const path of ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"]) {
    try {
      return await readFile(path, "utf8");
    } catch {
      // Another distribution keeps them elsewhere.
    }
  }
  return rootCertificates.join("\n");
}
