import { z } from "zod";

/** Discord's ids: https://discord.com/developers/docs/reference#snowflakes */
export const snowflake = z.string().regex(/^\d{1,20}$/);

/** When one was given, milliseconds since the Unix epoch. */
export const givenAt = (id: string): number => Number(BigInt(id) >> 22n) + 1_420_070_400_000;
