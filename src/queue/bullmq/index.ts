/** The queue of many processes. */
export { bullmqQueue, type BullmqQueueOptions } from "./queue.ts";
