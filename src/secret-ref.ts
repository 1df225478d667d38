import { z } from "zod";

/** Where a secret is: a configuration names the place and never holds the value. */
export const SecretRef = z.union(
  [z.strictObject({ env: z.string().min(1) }), z.strictObject({ file: z.string().min(1) })],
  {
    error:
      'expected where the secret is, { "env": "NAME" } or { "file": "path" }: a configuration does not hold it',
  },
);
export type SecretRef = z.infer<typeof SecretRef>;
