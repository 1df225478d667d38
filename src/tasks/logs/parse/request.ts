/**
 * What a request asked for, as the text of its event. Each part of the path is a word of its own, so that a part with
 * few values stays, and ids become variables. {@link requestTemplate} joins them again.
 */
export function requestText(method: string, target: string): string {
  const path = target.split(/[?#]/, 1)[0] ?? "";
  return `${method}${path.replaceAll("/", " /")}`.trim();
}

/** The template of a request as people write it: `GET /shop/cart/<*>`. */
export function requestTemplate(template: string): string {
  return template.replaceAll(" /", "/").replace(/(^| )([A-Z]{3,8})\//, "$1$2 /");
}
