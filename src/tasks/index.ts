/** The built-in tasks. */
export { diff } from "./diff/index.ts";
export { logs } from "./logs/index.ts";
