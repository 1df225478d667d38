// Runs inside a network namespace of its own: everything that is dialled here stays in it.
import { execFileSync } from "node:child_process";
import { createServer } from "node:http";
import { connect } from "node:net";
import { duplexPair } from "node:stream";
import { text } from "node:stream/consumers";

import { createEgress } from "../../../dist/sandbox/egress.js";

const addresses = {
  "metadata.example": "169.254.169.254",
  "private.example": "10.11.12.13",
  "public.example": "93.184.216.34",
  "mapped.example": "::ffff:169.254.169.254",
};

execFileSync("ip", ["link", "set", "lo", "up"]);
const reached = {};
for (const address of ["169.254.169.254", "10.11.12.13", "93.184.216.34"]) {
  execFileSync("ip", ["address", "add", `${address}/32`, "dev", "lo"]);
  reached[address] = 0;
  const server = createServer((_, response) => response.end("a stand-in"));
  server.on("connection", () => (reached[address] += 1));
  await new Promise((resolve) => server.listen(80, address, resolve));
}
const others = { lookup: async (host) => [addresses[host]], audit: () => {}, sessionId: "s" };

async function get(egress, host) {
  const [client, inside] = duplexPair();
  egress.connect(inside);
  client.end(`GET http://${host}/ HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  return Number((await text(client)).slice(9, 12));
}

const net = [...Object.keys(addresses), "169.254.169.254", "10.11.12.13"].map(
  (host) => `${host}:80`,
);
const grants = { net, secrets: [] };
const statuses = {};
const strict = createEgress({ ...others, grants, ownAddresses: () => [] });
for (const host of net) statuses[host] = await get(strict, host.slice(0, -3));
const afterStrict = { ...reached };

const own = createEgress({ ...others, grants });
statuses.own = await get(own, "public.example");
const opened = createEgress({ ...others, grants, allowPrivate: ["10.11.12.13:80"] });
statuses.opened = await get(opened, "private.example");
const afterOpened = { ...reached };

// The stand-ins do answer: it was the proxy that kept away.
await new Promise((resolve) => connect(80, "169.254.169.254", resolve));
process.stdout.write(JSON.stringify({ statuses, afterStrict, afterOpened, control: reached }));
process.exit(0);
