import { z } from "zod";

/**
 * What can be configured of bubblewrap sandboxes. It is all that can be: nothing is passed through to bwrap, so that
 * no option can take the hardening away.
 */
export const BubblewrapConfig = z.strictObject({
  /** - `auto`: a file system of its own size for each workspace where this process may mount one; - `watched`: never. */
  quota: z.enum(["auto", "watched"]).default("auto"),
  /**
   * - `auto`: the kernel keeps the limits of memory, processes and CPU where this process may make cgroups, and each
   *   limit that is kept in a weaker way otherwise is told; - `required`: without cgroups nothing runs.
   */
  cgroups: z.enum(["auto", "required"]).default("auto"),
  /** Who it is in names of cgroups: two installations never touch each other's. Default: made once per folder. */
  instance: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,31}$/)
    .exactOptional(),
});
export type BubblewrapConfig = z.infer<typeof BubblewrapConfig>;
