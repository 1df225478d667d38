/** Models by name, the planner that needs none, and what drivers of models share. */
export { modelError, type ModelFailure } from "./agent/models/model-error.ts";
export { offlineModel } from "./agent/models/offline.ts";
export { defaultRetry, resilientModel, type RetryPolicy } from "./agent/models/resilient.ts";
export { type Compaction, type ModelKeys, type ModelUrls, openModel } from "./open-model.ts";
