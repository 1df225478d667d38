/** What can be done in this session. */
export interface Abilities {
  readonly tasks: readonly { readonly name: string; readonly title: string }[];
  /** Names of the tools that may be called. */
  readonly tools: ReadonlySet<string>;
}

export function canRun({ tasks, tools }: Abilities, task: string): boolean {
  return tools.has("run_task") && tasks.some(({ name }) => name === task);
}
