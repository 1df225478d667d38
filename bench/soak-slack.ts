/**
 * A bot on Slack's twin under load while all that can go wrong does: events told twice, acknowledgements, calls, uploads and
 * connections that fail before or after they took effect, 429, answers that come too late. Each message must be answered
 * once, in its thread, and memory must not grow. `--minutes 30 --rate 20 --mishaps 5 --seed 1`.
 */
import type { Figure, Flags } from "./harness.ts";
import { measureSoak } from "./soak/measure.ts";
import { slackSoak } from "./soak/slack.ts";

export const run = (flags: Flags): Promise<Figure[]> => measureSoak(slackSoak, flags);
