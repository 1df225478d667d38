import { z } from "zod";

import { sharedConfig } from "../supervised/config.ts";

/**
 * What can be configured of bubblewrap sandboxes. It is all that can be: nothing is passed through to bwrap, so that
 * no option can take the hardening away.
 */
export const BubblewrapConfig = z.strictObject({
  ...sharedConfig,
  /**
   * - `auto`: the kernel keeps the limits of memory, processes and CPU where this process may make cgroups, and each
   *   limit that is kept in a weaker way otherwise is told; - `required`: without cgroups nothing runs.
   */
  cgroups: z.enum(["auto", "required"]).default("auto"),
});
export type BubblewrapConfig = z.infer<typeof BubblewrapConfig>;
