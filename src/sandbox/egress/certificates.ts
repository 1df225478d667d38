import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from "node:crypto";
import { isIP } from "node:net";

import {
  bitString,
  boolean,
  explicit,
  integer,
  octetString,
  oid,
  sequence,
  set,
  tagged,
  time,
  utf8,
} from "./der.ts";

/** An authority that lives as long as its session. Its keys exist in this process's memory only. */
export interface CertificateAuthority {
  /** PEM. */
  readonly certificate: string;
  /** A certificate for a host, and its key, as PEM. Made once for each host. */
  issue(host: string): { readonly cert: string; readonly key: string };
}

export interface CertificateAuthorityOptions {
  readonly name: string;
  readonly now: number;
  readonly lifetimeMs: number;
}

const oids = {
  ecdsaSha256: "1.2.840.10045.4.3.2",
  commonName: "2.5.4.3",
  subjectKeyId: "2.5.29.14",
  keyUsage: "2.5.29.15",
  subjectAltName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  authorityKeyId: "2.5.29.35",
  extendedKeyUsage: "2.5.29.37",
  serverAuth: "1.3.6.1.5.5.7.3.1",
} as const;

/** Clocks of client and host may differ by so much. */
const skewMs = 60 * 60_000;

/** https://www.rfc-editor.org/rfc/rfc5280, EC P-256 throughout. */
export function createCertificateAuthority({
  name,
  now,
  lifetimeMs,
}: CertificateAuthorityOptions): CertificateAuthority {
  const root = newKey();
  const leaf = newKey();
  const validity = sequence(time(now - skewMs), time(now + lifetimeMs));
  const issuer = distinguishedName(name);
  const certify = (subject: Buffer, subjectKey: KeyPair, extensions: readonly Buffer[]): string => {
    const algorithm = sequence(oid(oids.ecdsaSha256));
    const body = sequence(
      explicit(0, integer(Buffer.from([2]))),
      integer(serialNumber()),
      algorithm,
      issuer,
      validity,
      subject,
      subjectKey.spki,
      explicit(3, sequence(...extensions)),
    );
    return pem(sequence(body, algorithm, bitString(sign("sha256", body, root.privateKey))));
  };

  const certificate = certify(issuer, root, [
    extension(oids.basicConstraints, sequence(boolean(true), integer(Buffer.from([0]))), true),
    // keyCertSign and nothing else.
    extension(oids.keyUsage, bitString(Buffer.from([0x04]), 2), true),
    extension(oids.subjectKeyId, octetString(root.id)),
  ]);

  const issued = new Map<string, string>();
  const key = leaf.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  return {
    certificate,
    issue(host) {
      const known = issued.get(host);
      if (known !== undefined) return { cert: known, key };
      const cert = certify(distinguishedName("opsthread sandbox"), leaf, [
        extension(oids.basicConstraints, sequence(), true),
        // digitalSignature.
        extension(oids.keyUsage, bitString(Buffer.from([0x80]), 7), true),
        extension(oids.extendedKeyUsage, sequence(oid(oids.serverAuth))),
        extension(oids.subjectAltName, sequence(alternativeName(host))),
        extension(oids.authorityKeyId, sequence(tagged(0, root.id))),
      ]);
      issued.set(host, cert);
      return { cert, key };
    },
  };
}

interface KeyPair {
  readonly privateKey: KeyObject;
  readonly spki: Buffer;
  readonly id: Buffer;
}

function newKey(): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const spki = publicKey.export({ type: "spki", format: "der" });
  return { privateKey, spki, id: createHash("sha1").update(spki).digest() };
}

/** Positive, and not zero in its first byte. */
function serialNumber(): Buffer {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes;
}

const distinguishedName = (name: string): Buffer =>
  sequence(set(sequence(oid(oids.commonName), utf8(name))));

function extension(id: string, value: Buffer, isCritical = false): Buffer {
  return sequence(oid(id), ...(isCritical ? [boolean(true)] : []), octetString(value));
}

function alternativeName(host: string): Buffer {
  const family = isIP(host);
  if (family === 0) return tagged(2, Buffer.from(host, "ascii"));
  return tagged(7, family === 4 ? Buffer.from(host.split(".").map(Number)) : ipv6Bytes(host));
}

function ipv6Bytes(address: string): Buffer {
  const [head = "", tail = ""] = address.split("::");
  const groups = (part: string): string =>
    part === ""
      ? ""
      : part
          .split(":")
          .map((group) => group.padStart(4, "0"))
          .join("");
  const start = groups(head);
  return Buffer.from(start + groups(tail).padStart(32 - start.length, "0"), "hex");
}

function pem(der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}
