/** The embedded queue. */
export { localQueue, type LocalQueueOptions } from "./local.ts";
