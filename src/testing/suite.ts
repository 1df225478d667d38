/** How a conformance suite gets its tests run. */
export interface SuiteOptions {
  /** Registers one test: the `test` of vitest, `node:test` or any runner like them. */
  readonly test: (name: string, run: () => Promise<void>) => void;
  /** Tests that a driver cannot meet, each with the reason. */
  readonly skip?: readonly { readonly test: string; readonly reason: string }[];
}

/**
 * Registers the cases of a suite, each on a subject of its own that is disposed after it.
 * @throws {TypeError} when `skip` names a test that there is not
 */
export function defineSuite<Subject extends AsyncDisposable>(
  cases: Readonly<Record<string, (subject: Subject) => Promise<void>>>,
  { test, skip = [], open }: SuiteOptions & { readonly open: () => Promise<Subject> },
): void {
  for (const skipped of skip) {
    if (!Object.hasOwn(cases, skipped.test)) throw new TypeError(`No test "${skipped.test}"`);
  }
  for (const [name, run] of Object.entries(cases)) {
    if (skip.some((skipped) => skipped.test === name)) continue;
    test(name, async () => {
      await using subject = await open();
      await run(subject);
    });
  }
}
