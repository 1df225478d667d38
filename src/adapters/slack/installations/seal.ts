import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";

import { z } from "zod";

/** Text that only who has the key can read, and nobody can change: AES-256-GCM, each with a key of its own. */
export const Sealed = z.object({
  version: z.literal(1),
  salt: z.base64(),
  iv: z.base64(),
  tag: z.base64(),
  data: z.base64(),
});
export type Sealed = z.infer<typeof Sealed>;

/** @param options.about what it belongs to: it can't be opened as anything else's */
export function seal(
  text: string,
  { key, about }: { readonly key: string; readonly about: string },
): Sealed {
  const salt = randomBytes(16);
  const iv = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", derived(key, salt), iv);
  cipher.setAAD(Buffer.from(about));
  const data = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  return {
    version: 1,
    salt: salt.toString("base64"),
    iv: iv.toString("base64"),
    tag: cipher.getAuthTag().toString("base64"),
    data: data.toString("base64"),
  };
}

/** Undefined where the key is another one, or something was changed. */
export function unseal(
  sealed: Sealed,
  { key, about }: { readonly key: string; readonly about: string },
): string | undefined {
  const bytes = (field: "salt" | "iv" | "tag" | "data"): Buffer =>
    Buffer.from(sealed[field], "base64");
  const [iv, tag] = [bytes("iv"), bytes("tag")];
  if (iv.byteLength !== 12 || tag.byteLength !== 16) return undefined;
  const decipher = createDecipheriv("aes-256-gcm", derived(key, bytes("salt")), iv, {
    authTagLength: 16,
  });
  decipher.setAAD(Buffer.from(about));
  decipher.setAuthTag(tag);
  try {
    return Buffer.concat([decipher.update(bytes("data")), decipher.final()]).toString();
  } catch {
    return undefined; // The tag does not fit.
  }
}

/** Enough for keys that are random; a word that people can remember would be guessed. */
const derived = (key: string, salt: Buffer): Buffer =>
  Buffer.from(hkdfSync("sha256", key, salt, "opsthread slack installation", 32));
