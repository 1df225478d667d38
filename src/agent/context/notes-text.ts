import { fenced } from "../../core/fence.ts";

/** The agent's working memory, in the workspace. */
export const notesFile = "notes.md";

/** What the model is shown of them: its own words, and still data, since whatever it read may have found its way there. */
export function notesText(text: string): string {
  return `Your notes, ${notesFile}, as the file is now:\n${fenced(text)}`;
}
