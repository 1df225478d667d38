import { z } from "zod";

/** Every kind of item has its prefix, and no item an id of another kind. */
export const idOf = (prefix: string) => z.string().startsWith(prefix).max(64).nullish();

export const callId = z.string().min(1).max(64);
export const status = z.enum(["in_progress", "completed", "incomplete"]).nullish();
/** Set by the API when a program of the model made the call. */
export const caller = z.unknown().optional();
/** 10 MiB of characters. */
export const text = z.string().max(10_485_760);
