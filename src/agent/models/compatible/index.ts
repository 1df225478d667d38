export {
  compatibleModel,
  type CompatibleOptions,
  type CompatibleProbe,
  probeCompatible,
} from "./compatible.ts";
