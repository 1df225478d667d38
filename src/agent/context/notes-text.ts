/** The agent's working memory, in the workspace. */
export const notesFile = "notes.md";

/** What the model is shown of them: its own words, and still data, since whatever it read may have found its way there. */
export function notesText(text: string): string {
  const runs = text.match(/`+/g) ?? [];
  const fence = "`".repeat(Math.max(3, ...runs.map((run) => run.length + 1)));
  return `Your notes, ${notesFile}, as the file is now:\n${fence}\n${text}\n${fence}`;
}
