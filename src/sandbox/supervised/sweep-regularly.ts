import { messageOf } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";

/** Sweeps now, and then every three minutes until it is disposed. A later sweep that fails is reported. */
export async function sweepRegularly(
  sweep: () => Promise<void>,
  { log }: { readonly log: Logger },
): Promise<Disposable> {
  await sweep();
  const sweeping = setInterval(() => {
    sweep().catch((error: unknown) =>
      log.warn({ error: messageOf(error) }, "A sweep of sandboxes failed"),
    );
  }, everyMs);
  sweeping.unref();
  return { [Symbol.dispose]: () => clearInterval(sweeping) };
}

const everyMs = 3 * 60_000;
