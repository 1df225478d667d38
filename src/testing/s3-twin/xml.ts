/** An element: text, or elements in it; a list is one element after the other of that name. */
export type Xml = string | number | boolean | { readonly [name: string]: Xml | readonly Xml[] };

export function toXml(name: string, content: Xml): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element(name, content)}`;
}

function element(name: string, content: Xml): string {
  if (typeof content !== "object") return `<${name}>${escaped(String(content))}</${name}>`;
  const inner = Object.entries(content).flatMap(([child, value]) =>
    isList(value) ? value.map((each) => element(child, each)) : [element(child, value)],
  );
  return `<${name}>${inner.join("")}</${name}>`;
}

const isList = (value: Xml | readonly Xml[]): value is readonly Xml[] => Array.isArray(value);

const escaped = (text: string): string =>
  text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");

/** What is in the elements of this name, wherever they are. Enough for what S3 is sent. */
export function elementsOf(xml: string, name: string): readonly string[] {
  const pattern = new RegExp(`<${name}(?:\\s[^>]*)?>([\\s\\S]*?)</${name}>`, "g");
  return Array.from(xml.matchAll(pattern), ([, content = ""]) => content);
}

export function textOf(xml: string, name: string): string | undefined {
  return elementsOf(xml, name)[0]
    ?.replaceAll("&quot;", '"')
    .replaceAll("&apos;", "'")
    .replaceAll(/&#(\d+);|&#x([0-9A-Fa-f]+);/g, (_, decimal: string, hex: string) =>
      String.fromCodePoint(decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal)),
    )
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");
}
