import type { ServerResponse } from "node:http";

/** Answers with a page for who installs the app. */
export function page(
  outgoing: ServerResponse,
  {
    status,
    title,
    text,
  }: { readonly status: number; readonly title: string; readonly text: string },
): void {
  outgoing.writeHead(status, {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": "default-src 'none'",
    "referrer-policy": "no-referrer",
  });
  outgoing.end(
    `<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>${html(title)}</title><h1>${html(title)}</h1><p>${html(text)}</p></html>`,
  );
}

const html = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);
