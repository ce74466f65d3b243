/** The XML of S3: what is written, and the little that is read.
 * @module
 */

/** Content of an element: text is escaped, the rest are elements already. */
export type XmlContent = string | number | boolean | Xml | readonly Xml[];

/** An element that is written out. */
export class Xml {
  /** It and all that it holds. */
  readonly text: string;

  constructor(name: string, content: XmlContent, attributes = "") {
    const inner = typeof content === "object"
      ? (content instanceof Xml ? [content] : content).map(({ text }) => text)
        .join("")
      : escapeXml(String(content));
    this.text = `<${name}${attributes}>${inner}</${name}>`;
  }
}

/** Elements of a record, in its order; those that are null are left out. */
export function elementsOf(
  contents: Readonly<Record<string, XmlContent | null>>,
): readonly Xml[] {
  return Object.entries(contents).flatMap(([name, content]) =>
    content === null ? [] : [new Xml(name, content)]
  );
}

/** Writes a document of S3's. */
export function xmlDocument(name: string, content: readonly Xml[]): string {
  const space = ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';
  return `<?xml version="1.0" encoding="UTF-8"?>\n${
    new Xml(name, content, name === "Error" ? "" : space).text
  }`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

/** Escapes text for XML; control characters become references. */
function escapeXml(text: string): string {
  return text.replaceAll(
    // deno-lint-ignore no-control-regex -- control characters are what must not stand bare in XML
    /[&<>"'\u0000-\u001f\u007f]/g,
    (sign) => ENTITIES[sign] ?? `&#${sign.charCodeAt(0)};`,
  );
}

const SIGNS = new Map(
  Object.entries(ENTITIES).map(([sign, entity]) => [entity, sign]),
);

/** The texts of all elements of a name that hold only text. */
export function textsIn(xml: string, name: string): readonly string[] {
  const found = xml.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, "g"));
  return Array.from(
    found,
    ([, text = ""]) =>
      text.replaceAll(/&(?:\w{1,8}|#\d{1,7}|#x[\da-f]{1,6});/gi, (entity) => {
        const code = /^&#(?:x([\da-f]+)|(\d+));$/i.exec(entity);
        if (code === null) return SIGNS.get(entity) ?? entity;
        const point = code[1] ? parseInt(code[1], 16) : Number(code[2]);
        return point <= 0x10ffff ? String.fromCodePoint(point) : entity;
      }),
  );
}
