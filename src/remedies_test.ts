import { assert, assertEquals } from "@std/assert";
import { parse } from "@babel/parser";

const FOLDER = new URL("./", import.meta.url);

/** As much of a syntax tree as is looked at here. */
interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly name?: string;
  readonly callee?: Node;
  readonly key?: Node;
  readonly arguments?: readonly Node[];
  readonly properties?: readonly Node[];
}

/** Those that nothing can be done about, because they say what the person has done. */
const WITHOUT = [
  '"Cannot finish: interrupted"',
  "`Cannot upgrade ${app}: interrupted before anything was changed`",
];

/** What stands in the way of an error's remedy, or null. */
function problemWith(source: string, args: readonly Node[]): string | null {
  const [, message, options] = args;
  const textOf = (node: Node | undefined) =>
    node ? source.slice(node.start, node.end) : "";
  // An error of our own in other words: the remedy is in it.
  if (message?.type === "MemberExpression") return null;
  if (/\$\{error\.message\}`$/.test(textOf(message))) return null;
  if (WITHOUT.includes(textOf(message))) return null;
  // Made elsewhere, by code that is looked at as well.
  if (options?.type === "Identifier") return null;
  if (options?.type === "ConditionalExpression") return null;
  if (options?.type !== "ObjectExpression") return textOf(message);
  const hasHint = options.properties?.some((it) =>
    it.type === "SpreadElement" || it.key?.name === "hint"
  );
  return hasHint ? null : textOf(message);
}

function errorsIn(source: string): { made: number; problems: string[] } {
  const problems: string[] = [];
  let made = 0;
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) return value.forEach(walk);
    if (typeof value !== "object" || value === null) return;
    const node = value as Node;
    if (node.type === "NewExpression" && node.callee?.name === "FlyhotError") {
      made++;
      const problem = problemWith(source, node.arguments ?? []);
      if (problem !== null) problems.push(problem);
    }
    for (const [key, child] of Object.entries(value)) {
      if (key !== "loc" && !key.endsWith("Comments")) walk(child);
    }
  };
  walk(
    parse(source, { sourceType: "module", plugins: ["typescript"] }).program,
  );
  return { made, problems };
}

async function* modules(folder: URL): AsyncGenerator<URL> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* modules(new URL(`${name}/`, folder));
    else if (name.endsWith(".ts") && !name.endsWith("_test.ts")) {
      yield new URL(name, folder);
    }
  }
}

Deno.test("every error that the command makes says in its hint what to do", async () => {
  let made = 0;
  const problems: string[] = [];
  for await (const url of modules(FOLDER)) {
    // Turns foreign errors into ours, whose remedies it cannot know.
    if (url.pathname.endsWith("/src/errors.ts")) continue;
    const source = await Deno.readTextFile(url);
    if (!source.includes("FlyhotError")) continue;
    const found = errorsIn(source);
    made += found.made;
    const path = url.pathname.slice(FOLDER.pathname.length);
    problems.push(...found.problems.map((it) => `${path}: ${it}`));
  }
  assert(made > 150, `${made} errors were found`);
  assertEquals(problems, []);
});

Deno.test("an error without a hint is found", () => {
  const found = (options: string) =>
    errorsIn(`new FlyhotError("usage", "Cannot read it"${options})`).problems;
  assertEquals(found(""), ['"Cannot read it"']);
  assertEquals(found(", { cause }"), ['"Cannot read it"']);
  assertEquals(found(', { hint: "write it again" }'), []);
  assertEquals(
    errorsIn("new FlyhotError('usage', cause.message, { cause })").problems,
    [],
  );
});
