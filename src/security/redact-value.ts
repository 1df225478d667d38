import { isDescribingKey, memberSecrecy, type Secrecy } from "../core/secret-keys.ts";

const deepest = 64;

/** A redacted copy of a JSON-like value. Throws where it is nested too deep, or a getter does. */
export function redactValue(value: unknown, text: (text: string) => string): unknown {
  const above = new Set<object>();
  return visit(value, "none");

  function visit(item: unknown, secrecy: Secrecy): unknown {
    if (typeof item === "string") return secrecy === "none" ? text(item) : hidden(item);
    if (typeof item === "number" || typeof item === "bigint")
      return secrecy === "none" ? item : hidden(String(item));
    if (typeof item === "boolean") return secrecy === "all" ? hidden("") : item;
    if (typeof item === "function" || typeof item === "symbol") return `[${typeof item}]`;
    if (item === null || item === undefined) return item;
    if (typeof item !== "object") throw new TypeError("Cannot redact a value of this type");
    if (ArrayBuffer.isView(item)) return `[${item.byteLength} bytes]`;
    if (above.has(item)) return "[circular]";
    if (above.size >= deepest) throw new RangeError("Cannot redact a value: nested too deep");
    above.add(item);
    const copy = visitObject(item, secrecy);
    above.delete(item);
    return copy;
  }

  function visitObject(item: object, secrecy: Secrecy): unknown {
    if (Array.isArray(item)) return item.map((member: unknown) => visit(member, secrecy));
    if (item instanceof Set) return [...item].map((member) => visit(member, secrecy));
    if ("toJSON" in item && typeof item.toJSON === "function") return visit(item.toJSON(), secrecy);
    const entries = new Map(entriesOf(item));
    const secrecyOf = memberSecrecy((key) => entries.get(key));
    const copy: Record<string, unknown> = {};
    for (const [key, member] of entries) {
      // Defined, not assigned: `__proto__` is an ordinary key here.
      Object.defineProperty(copy, text(key), {
        value: visit(member, inherited(secrecy, secrecyOf(key), key)),
        configurable: true,
        enumerable: true,
        writable: true,
      });
    }
    return copy;
  }
}

/** How secret a member is, given how secret its object is. */
function inherited(outer: Secrecy, own: Secrecy, key: string): Secrecy {
  if (outer === "all" || own === "all") return "all";
  if (isDescribingKey(key)) return "none";
  return outer === "named" ? "named" : own;
}

function hidden(secret: string): string {
  return secret.startsWith("[redacted") ? secret : "[redacted:value]";
}

function entriesOf(item: object): [string, unknown][] {
  if (item instanceof Map) return [...item].map(([key, value]) => [String(key), value]);
  if (!(item instanceof Error)) return Object.entries(item);
  // An error's own text is not enumerable.
  const { name, message, stack, cause } = item;
  const shown = { name, message, stack, ...(cause === undefined ? {} : { cause }) };
  return [...Object.entries(shown), ...Object.entries(item)];
}
