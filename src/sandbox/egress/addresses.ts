import { BlockList, isIPv4, isIPv6 } from "node:net";
import { networkInterfaces } from "node:os";

/** Why an address may not be dialled; undefined when it is an ordinary public one. */
export type AddressCheck = (address: string) => string | undefined;

const ipv4Ranges: Readonly<Record<string, readonly string[]>> = {
  "a cloud metadata service": [
    "169.254.169.254/32",
    "169.254.170.2/32",
    "169.254.170.23/32",
    "100.100.100.200/32",
    "168.63.129.16/32",
    "192.0.0.192/32",
  ],
  loopback: ["127.0.0.0/8"],
  unspecified: ["0.0.0.0/8"],
  private: ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"],
  "shared address space": ["100.64.0.0/10"],
  "link-local": ["169.254.0.0/16"],
  documentation: ["192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"],
  benchmarking: ["198.18.0.0/15"],
  "a 6to4 relay": ["192.88.99.0/24"],
  multicast: ["224.0.0.0/4"],
  broadcast: ["255.255.255.255/32"],
  reserved: ["192.0.0.0/24", "240.0.0.0/4"],
};

const ipv6Ranges: Readonly<Record<string, readonly string[]>> = {
  "a cloud metadata service": ["fd00:ec2::/32", "fd20:ce::254/128"],
  loopback: ["::1/128"],
  unspecified: ["::/128"],
  private: ["fc00::/7"],
  "link-local": ["fe80::/10", "fec0::/10"],
  documentation: ["2001:db8::/32", "3fff::/20"],
  benchmarking: ["2001:2::/48"],
  Teredo: ["2001::/32"],
  "6to4": ["2002::/16"],
  multicast: ["ff00::/8"],
  reserved: ["2001::/23"],
};

/** Only this part of IPv6 is given out for ordinary hosts. */
const globalUnicast = "2000::/3";

/**
 * Refuses every address that is not an ordinary public one, and the host's own.
 * https://www.iana.org/assignments/iana-ipv4-special-registry
 */
export function createAddressCheck(
  ownAddresses: () => readonly string[] = interfaceAddresses,
): AddressCheck {
  const ranges = [
    ...Object.entries(ipv4Ranges).map((entry) => ruleOf(entry, "ipv4")),
    ...Object.entries(ipv6Ranges).map((entry) => ruleOf(entry, "ipv6")),
  ];
  const global = listOf([globalUnicast], "ipv6");
  const check: AddressCheck = (address) => {
    const family = isIPv4(address) ? "ipv4" : "ipv6";
    if (family === "ipv6" && !isIPv6(address)) return "not an address";
    const inner = family === "ipv6" ? embeddedIpv4(address) : undefined;
    if (inner !== undefined) return check(inner);
    const rule = ranges.find(
      (range) => range.family === family && range.list.check(address, family),
    );
    if (rule) return rule.why;
    if (family === "ipv6" && !global.check(address, "ipv6")) return "reserved";
    const own = ownAddresses().some((mine) => hasSameBits(mine, address));
    return own ? "the host's own" : undefined;
  };
  return check;
}

/** The address of every interface of this machine, read anew each time: they come and go. */
function interfaceAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap(
    (addresses) => addresses?.map(({ address }) => address) ?? [],
  );
}

/** The IPv4 address that packets to an IPv4-mapped, NAT64 or ISATAP address end up at. */
function embeddedIpv4(address: string): string | undefined {
  const groups = groupsOf(address);
  const [a, b, c, d, e, f, high = 0, low = 0] = groups;
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && f === 0xffff;
  const isNat64 = a === 0x64 && b === 0xff9b && [c, d, e, f].every((group) => group === 0);
  const isIsatap = (e === 0 || e === 0x200) && f === 0x5efe;
  if (!isMapped && !isNat64 && !isIsatap) return undefined;
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}

function groupsOf(address: string): number[] {
  const inHex = new URL(`http://[${address.split("%", 1)[0]}]/`).hostname.slice(1, -1);
  const [head = "", tail] = inHex.split("::");
  const read = (part: string): number[] =>
    part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16));
  if (tail === undefined) return read(head);
  const zeros = 8 - read(head).length - read(tail).length;
  return [...read(head), ...Array.from({ length: zeros }, () => 0), ...read(tail)];
}

function hasSameBits(one: string, other: string): boolean {
  if (one === other) return true;
  if (isIPv4(one) || isIPv4(other)) return false;
  return groupsOf(one).join(":") === groupsOf(other).join(":");
}

interface Rule {
  readonly why: string;
  readonly family: "ipv4" | "ipv6";
  readonly list: BlockList;
}

const ruleOf = (
  [why, subnets]: readonly [string, readonly string[]],
  family: "ipv4" | "ipv6",
): Rule => ({ why, family, list: listOf(subnets, family) });

export function listOf(subnets: readonly string[], family: "ipv4" | "ipv6"): BlockList {
  const list = new BlockList();
  for (const subnet of subnets) {
    const [network = "", bits] = subnet.split("/");
    list.addSubnet(network, Number(bits), family);
  }
  return list;
}
