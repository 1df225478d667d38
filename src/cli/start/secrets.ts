import { readFileSync } from "node:fs";
import { resolve } from "node:path";

import { messageOf, OpsthreadError } from "../../core/errors.ts";
import type { SecretRef } from "../../secret-ref.ts";

/** Reads secrets, and remembers them as what must never leave. */
export interface Secrets {
  /**
   * @param what whose it is, as in `slack.botToken`
   * @throws {OpsthreadError} `CONFIG_INVALID` when it is not there; never with the value
   */
  read(ref: SecretRef, what: string): string;
  /** All that were read. */
  readonly values: readonly string[];
}

/** `folder` is what paths are relative to. */
export function openSecrets({
  env,
  folder,
}: {
  readonly env: NodeJS.ProcessEnv;
  readonly folder: string;
}): Secrets {
  const values = new Set<string>();
  return {
    read(ref, what) {
      const value =
        "env" in ref ? (env[ref.env] ?? "") : contentOf(resolve(folder, ref.file), what);
      if (value === "") throw missing(ref, what);
      values.add(value);
      return value;
    },
    get values() {
      return [...values];
    },
  };
}

function contentOf(path: string, what: string): string {
  try {
    // Editors end files with a newline, which is no part of a secret.
    return readFileSync(path, "utf8").replace(/\r?\n$/, "");
  } catch (error) {
    throw new OpsthreadError("CONFIG_INVALID", `Cannot read ${what}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function missing(ref: SecretRef, what: string): OpsthreadError {
  const place =
    "env" in ref ? `the environment variable ${ref.env} is not set` : `${ref.file} is empty`;
  return new OpsthreadError("CONFIG_INVALID", `Cannot use ${what}: ${place}`);
}
