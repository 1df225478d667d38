import { z } from "zod";

import { OpsthreadError } from "../../core/errors.ts";

/** What can be configured of every driver with supervisors. */
export const sharedConfig = {
  /** - `auto`: a file system of its own size for each workspace where this process may mount one; - `watched`: never. */
  quota: z.enum(["auto", "watched"]).default("auto"),
  /** Who it is in names of what it makes: two installations never touch each other's. Default: made once per folder. */
  instance: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,31}$/)
    .exactOptional(),
};

/** @throws {OpsthreadError} `CONFIG_INVALID` */
export function parseConfig<Schema extends z.ZodType>(
  schema: Schema,
  config: z.input<Schema>,
  { driver }: { readonly driver: string },
): z.output<Schema> {
  const parsed = schema.safeParse(config);
  if (parsed.success) return parsed.data;
  throw new OpsthreadError(
    "CONFIG_INVALID",
    `Cannot use the configuration of ${driver} sandboxes: ${z.prettifyError(parsed.error)}`,
    { cause: parsed.error },
  );
}
