import { messageOf } from "../../core/errors.ts";
import type { ModelCheck } from "../model.ts";

export interface CheckVendorOptions {
  /** Where the vendor tells of the model. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly model: string;
  /** The environment variable that keys usually come from. */
  readonly keyVariable: string;
  readonly signal: AbortSignal;
}

/** Asks a vendor whether there is such a model for this key. */
export async function checkVendor({
  url,
  headers,
  model,
  keyVariable,
  signal,
}: CheckVendorOptions): Promise<ModelCheck> {
  let status: number;
  try {
    const response = await fetch(url, { headers, signal });
    await response.body?.cancel();
    ({ status } = response);
  } catch (error) {
    signal.throwIfAborted();
    const { cause } = error instanceof Error ? error : {};
    const text = `${new URL(url).host} can't be reached: ${messageOf(cause ?? error)}`;
    return { ok: false, text, hint: "Check the network, a proxy, or the address of the API" };
  }
  if (status === 200) return { ok: true, text: "the key is taken, the model is there" };
  if (status === 401 || status === 403)
    return { ok: false, text: "the key is refused", hint: `Check ${keyVariable}` };
  if (status === 404)
    return { ok: false, text: `there is no model "${model}" for this key`, hint: "Check its name" };
  return { ok: false, text: `the API answers with status ${status}`, hint: "Try again later" };
}
