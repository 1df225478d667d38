import { BlockList, isIP, isIPv4 } from "node:net";

import { OpsthreadError } from "../../core/errors.ts";

/** Whether an administrator has opened this address, which would else be refused. */
export type PrivateDestinations = (address: string, port: number, why: string) => boolean;

/**
 * Reads `10.0.0.5:443`, `[fd00::5]:443` or, for a whole network, `10.1.0.0/16:443`. A network opens addresses that are
 * private or shared; loopback, metadata services and the like must be named one by one.
 * @throws {OpsthreadError} `CONFIG_INVALID`
 */
export function parsePrivateDestinations(entries: readonly string[]): PrivateDestinations {
  const rules = entries.map(parse);
  return (address, port, why) =>
    rules.some((rule) => {
      if (rule.port !== port || (rule.isNetwork && !openedByNetwork.has(why))) return false;
      return rule.list.check(address, isIPv4(address) ? "ipv4" : "ipv6");
    });
}

const openedByNetwork = new Set(["private", "shared address space"]);

interface Rule {
  readonly port: number;
  readonly isNetwork: boolean;
  readonly list: BlockList;
}

function parse(entry: string): Rule {
  const match = /^(?:\[([0-9a-f:.]+)\]|([0-9.]+))(?:\/([0-9]{1,3}))?:([0-9]{1,5})$/i.exec(entry);
  const address = match?.[1] ?? match?.[2] ?? "";
  const family = isIP(address);
  const longest = family === 4 ? 32 : 128;
  const bits = Number(match?.[3] ?? longest);
  const port = Number(match?.[4]);
  if (family === 0 || bits > longest || bits < 8 || port < 1 || port > 65_535)
    throw new OpsthreadError(
      "CONFIG_INVALID",
      `Cannot allow the private destination "${entry}": it is not an address and a port, expected "10.0.0.5:443" or "10.1.0.0/16:443"`,
    );
  const list = new BlockList();
  list.addSubnet(address, bits, family === 4 ? "ipv4" : "ipv6");
  return { port, isNetwork: bits < longest, list };
}
