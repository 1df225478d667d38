import { randomUUID } from "node:crypto";

/** Tells one claim of a post from another. */
export const claimToken = (holder: string): string => `${holder}:${randomUUID()}`;
