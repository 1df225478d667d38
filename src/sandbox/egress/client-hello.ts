/** What the first bytes of a connection say. */
export type FirstBytes =
  | { readonly type: "more" }
  | { readonly type: "not-tls" }
  /** TLS, but not in a form that can be read: such is refused. */
  | { readonly type: "unreadable" }
  | {
      readonly type: "client-hello";
      readonly serverName: string | undefined;
      /** The name that counts is encrypted. */
      readonly isEncrypted: boolean;
    };

const handshake = 22;
const clientHello = 1;
const serverNameExtension = 0;
const encryptedClientHelloExtension = 0xfe0d;
/** More than any client sends, also with post-quantum keys. */
const longestHello = 32 * 1024;

/** Reads the server name out of a TLS ClientHello, also one in several records. https://www.rfc-editor.org/rfc/rfc8446#section-4.1.2 */
export function readFirstBytes(bytes: Buffer): FirstBytes {
  if (bytes.length === 0) return { type: "more" };
  if (bytes[0] !== handshake) return { type: "not-tls" };
  const parts: Buffer[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (at + 5 > bytes.length) return { type: "more" };
    if (bytes[at] !== handshake || bytes[at + 1] !== 3) return { type: "unreadable" };
    const end = at + 5 + bytes.readUInt16BE(at + 3);
    if (end === at + 5) return { type: "unreadable" };
    parts.push(bytes.subarray(at + 5, end));
    const message = Buffer.concat(parts);
    const length = message.length < 4 ? undefined : message.readUIntBE(1, 3);
    if (message.length > 0 && message[0] !== clientHello) return { type: "unreadable" };
    if (length !== undefined && length > longestHello) return { type: "unreadable" };
    if (length !== undefined && message.length >= 4 + length)
      return parseHello(message.subarray(4, 4 + length));
    at = end;
  }
  return { type: "more" };
}

function parseHello(hello: Buffer): FirstBytes {
  try {
    let at = 2 + 32;
    at += 1 + hello.readUInt8(at);
    at += 2 + hello.readUInt16BE(at);
    at += 1 + hello.readUInt8(at);
    if (at === hello.length)
      return { type: "client-hello", serverName: undefined, isEncrypted: false };
    const end = at + 2 + hello.readUInt16BE(at);
    if (end !== hello.length) return { type: "unreadable" };
    at += 2;
    let serverName: string | undefined;
    let isEncrypted = false;
    while (at < end) {
      const type = hello.readUInt16BE(at);
      const length = hello.readUInt16BE(at + 2);
      if (at + 4 + length > end) return { type: "unreadable" };
      if (type === encryptedClientHelloExtension) isEncrypted = true;
      if (type === serverNameExtension) {
        if (serverName !== undefined) return { type: "unreadable" };
        serverName = parseServerName(hello.subarray(at + 4, at + 4 + length));
        if (serverName === undefined) return { type: "unreadable" };
      }
      at += 4 + length;
    }
    return { type: "client-hello", serverName, isEncrypted };
  } catch (error) {
    if (error instanceof RangeError) return { type: "unreadable" };
    throw error;
  }
}

/** Exactly one entry, a host name. */
function parseServerName(extension: Buffer): string | undefined {
  const listLength = extension.readUInt16BE(0);
  const nameLength = extension.readUInt16BE(3);
  if (listLength + 2 !== extension.length || nameLength + 5 !== extension.length) return undefined;
  if (extension[2] !== 0) return undefined;
  return extension.subarray(5).toString("latin1");
}
