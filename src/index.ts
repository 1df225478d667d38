export { Stopped } from "./core/abort.ts";
export { errorCodes, isOpsthreadError, OpsthreadError } from "./core/errors.ts";
export type { ErrorCode } from "./core/errors.ts";
