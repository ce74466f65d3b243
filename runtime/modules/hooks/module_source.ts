/** What the hooks add to the source of a module of the app: where it is, and which classes it has.
 * @module
 */

/** The name by which modules hand out their classes. */
export const CLASSES_KEY = Symbol.for("@flyhot/runtime.classes");

/** Takes what a module has at its top level, once it has been evaluated. */
export type TakeClasses = (
  url: string,
  classes: Readonly<Record<string, () => unknown>>,
) => void;

// Deno writes one statement a line, from its beginning. A line of a text that looks like it names nothing, and gives nothing.
// Where types were blanked out, there are more spaces than one. What is called like a class and a call has made, may be one.
const CLASS =
  /^(?:export\s+(?:default\s+)?)?(?:class|const|let|var)\s+(?:([A-Za-z_$][\w$]*)(?=\s+extends\b|\s*\{|\s*=\s*class\b)|([A-Z][\w$]*)(?=\s*=\s*[\w$.]+\())/gm;
const MAP = "\n//# sourceMappingURL=";

/** Lets a module say where it is, without the attempt; on its first line, so that no line moves. */
export function atPlace(source: string, place: string): string {
  const text = source.startsWith("#!") ? `//${source}` : source;
  return `import.meta.url = ${JSON.stringify(place)};${text}`;
}

/** The name by which modules ask where a specifier leads. */
export const RESOLVE_KEY = Symbol.for("@flyhot/runtime.resolve");

/** Says where a specifier of a module leads. */
export type Resolve = (
  url: string,
  native: (specifier: string) => string,
  specifier: string,
) => string;

/** Lets a module resolve by its release: Deno does it by the import map that it was started with. */
export function withResolve(source: string, url: string): string {
  const text = source.startsWith("#!") ? `//${source}` : source;
  return `import.meta.resolve = globalThis[Symbol.for(${
    JSON.stringify(RESOLVE_KEY.description)
  })].bind(null, ${JSON.stringify(url)}, import.meta.resolve);${text}`;
}

/** The name by which modules say that their evaluation begins and ends. */
export const EVALUATION_KEY = Symbol.for("@flyhot/runtime.evaluation");

/** Told when the evaluation of a module begins, and when it has come to its end. */
export type TakeEvaluation = (url: string, isOver: boolean) => void;

/** Lets a module say when its evaluation begins, on its first line, and when it is over. */
export function withEvaluation(source: string, url: string): string {
  const text = source.startsWith("#!") ? `//${source}` : source;
  const told = (isOver: boolean) =>
    `globalThis[Symbol.for(${JSON.stringify(EVALUATION_KEY.description)})]?.(${
      JSON.stringify(url)
    }, ${isOver});`;
  return atEnd(told(false) + text, `\n;${told(true)}`);
}

/** Lets a module be the main one. */
export function asMain(source: string): string {
  const text = source.startsWith("#!") ? `//${source}` : source;
  return `import.meta.main = true;${text}`;
}

function atEnd(source: string, line: string): string {
  const at = source.lastIndexOf(MAP);
  return at === -1
    ? source + line
    : source.slice(0, at) + line + source.slice(at);
}

/** The names of what may be classes at the top level of a module. */
export function classNames(source: string): string[] {
  const names = new Set<string>();
  for (const [, name, made] of source.matchAll(CLASS)) names.add(name ?? made!);
  return [...names];
}

/**
 * Lets a module hand out its classes, exported or not, so that instances can follow them.
 *
 * @param written its text as it was before anything was put into it, which may be ahead of a class
 */
export function withClasses(
  source: string,
  url: string,
  tells = false,
  written = source,
): string {
  const names = classNames(written);
  if (names.length === 0 && !tells) return source;
  const getters = names.map((name) => `${JSON.stringify(name)}: () => ${name}`);
  const line = `\n;globalThis[Symbol.for(${
    JSON.stringify(CLASSES_KEY.description)
  })]?.(${JSON.stringify(url)}, { ${getters.join(", ")} });`;
  return atEnd(source, line);
}

const THREADS =
  /((?:^|;)\s*(?:import|export)\b[^;"'`()]*?\bfrom\s*)(["'])node:worker_threads\2/gm;

/**
 * Lets a module import `node:worker_threads` by its short name: by the full one Deno 2.9 gives its own module to what
 * imports it statically, whatever hooks say. No character moves.
 */
export function withThreads(source: string): string {
  if (!source.includes("node:worker_threads")) return source;
  return source.replace(THREADS, "$1$2worker_threads$2     ");
}
