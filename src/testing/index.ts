export { adapterSuite } from "./adapter-suite.ts";
export type { AdapterFault, AdapterUnderTest, SaidByPerson, SeenPost } from "./adapter-suite.ts";
export { defineSuite } from "./suite.ts";
export type { SuiteOptions } from "./suite.ts";
