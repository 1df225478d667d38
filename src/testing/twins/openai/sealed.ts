import { z } from "zod";

import { invalidRequest } from "./api-error.ts";

const Sealed = z.discriminatedUnion("type", [
  z.object({ type: z.literal("reasoning"), id: z.string() }),
  /** `keepsUserMessages`: made by `/responses/compact`, whose output starts with the user's messages. */
  z.object({ type: z.literal("compaction"), keepsUserMessages: z.boolean() }),
]);
export type Sealed = z.infer<typeof Sealed>;

/** Stands for what the API encrypts: nothing that a client may look into or make up. */
export function seal(content: Sealed): string {
  return `twin-${Buffer.from(JSON.stringify(content)).toString("base64url")}`;
}

/** @throws {ApiError} when the API did not make it. */
export function unseal(text: string): Sealed {
  try {
    return Sealed.parse(JSON.parse(Buffer.from(text.slice(5), "base64url").toString()));
  } catch {
    // Whatever is wrong with it, the client changed or invented it.
    throw invalidRequest(
      `The encrypted content ${text.slice(0, 8)}... could not be verified. Reason: Encrypted content could not be decrypted or parsed.`,
      null,
      "invalid_encrypted_content",
    );
  }
}
