import { z } from "zod";

import { sharedConfig } from "../supervised/config.ts";

/**
 * What can be configured of Docker sandboxes. It is all that can be: nothing is passed through to the engine, so
 * that no option can take the hardening away.
 */
export const DockerConfig = z.strictObject({
  ...sharedConfig,
  /** Image by name or digest. */
  image: z.string().min(1).default("opsthread-sandbox"),
  /** `sha256:…` that the image must have. */
  digest: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/)
    .optional(),
  /** When to pull the image. */
  pull: z.enum(["never", "missing", "always"]).default("never"),
  /** OCI runtime of the engine by name, such as `runsc`. Without it nothing runs where the engine does not have it. */
  runtime: z
    .string()
    .regex(/^[\w.-]+$/)
    .optional(),
  /**
   * - `auto`: commands run under the supervisor where there is one for the engine's architecture, else by the engine's exec;
   * - `never`: by the engine's exec. What is lost by that is in the limitations.
   */
  supervisor: z.enum(["auto", "never"]).default("auto"),
  /** Where the engine listens: `unix:///path` or `tcp://host:port`. Default: the usual sockets. */
  host: z.string().optional(),
  /** Warm containers that wait for a session, per make. */
  pool: z
    .strictObject({
      size: z.number().int().min(0).max(100).default(1),
      maxSize: z.number().int().min(0).max(500).default(8),
      idleMs: z
        .number()
        .int()
        .positive()
        .default(10 * 60_000),
    })
    .prefault({}),
  /** Who it is in names and labels of containers: two installations never touch each other's. Default: made once per folder. */
  instance: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,31}$/)
    .optional(),
});
export type DockerConfig = z.infer<typeof DockerConfig>;
