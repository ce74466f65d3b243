/** Moving a program behind a live boundary: its code into a hot module, and a boot shell in its place.
 * @module
 */
import { type Code, countName, readCode, topLevel } from "./code.ts";
import { lastingCalls } from "./hazards.ts";
import { findServing } from "./serving.ts";
import { servedShell, servingShell } from "./boot_shell.ts";

/** What the mover needs to know. */
export interface MoveOptions {
  /** The text of the main module. */
  readonly source: string;
  /** Whether it is TypeScript. */
  readonly typed: boolean;
  /** The name of the hot module that the code goes to, without a folder. */
  readonly target: string;
  /** Whether it imports Oak. */
  readonly isOak: boolean;
  /** Whether it is started with `deno serve`. */
  readonly denoServe: boolean;
}

/** Both modules, or why a person had better write them. */
export type MovedApp =
  | {
    /** The text of the hot module. */
    readonly app: string;
    /** The text of the boot shell. */
    readonly shell: string;
  }
  | {
    /** Why not, each the end of a sentence about the main module. */
    readonly unsure: readonly string[];
  };

/**
 * Moves a program behind a live boundary, if it is certain to do the same there.
 *
 * @param options the program
 * @returns both modules, or the reasons why not
 */
export function moveApp(options: MoveOptions): MovedApp {
  const { source } = options;
  const code = readCode(source);
  if (!code) return { unsure: ["its brackets do not match up"] };
  const hazards = lastingCalls(code).map((call) =>
    `it calls ${call} when it is loaded, and so would every new version: put that into a service() first`
  );
  const isDefault = topLevel(code, /(?<![\w$.])export\s+default\b/g).length > 0;
  if (isDefault && !/(?<![\w$.])Deno\s*\.\s*serve\s*\(/.test(code.masked)) {
    return moveDefault(code, options, hazards);
  }
  const serving = findServing(code, options.isOak);
  if ("unsure" in serving) return { unsure: [...serving.unsure, ...hazards] };
  const { statement, handler, options: address, call } = serving;
  const rest = code.masked.slice(0, statement.start) +
    code.masked.slice(statement.end);
  if (/import\s*\.\s*meta\s*\.\s*main\b/.test(rest)) {
    hazards.push("it asks for import.meta.main elsewhere");
  }
  if (hazards.length > 0) return { unsure: hazards };
  const name = freeName(code);
  const exported = handlerExport(name, handler, call, options.typed);
  return {
    app: source.slice(0, statement.start) + exported +
      source.slice(statement.end),
    shell: servingShell(options.target, name, address),
  };
}

/** A default export for `deno serve` moves as it is. */
function moveDefault(
  { source, masked }: Code,
  { typed, target, denoServe }: MoveOptions,
  hazards: readonly string[],
): MovedApp {
  const unsure = [
    ...(denoServe
      ? []
      : ["its default export is for deno serve, which no command here calls"]),
    ...(/import\s*\.\s*meta\s*\.\s*main\b/.test(masked)
      ? ["it asks for import.meta.main"]
      : []),
    ...hazards,
  ];
  return unsure.length > 0
    ? { unsure }
    : { app: source, shell: servedShell(target, typed) };
}

function handlerExport(
  name: string,
  handler: string,
  call: "Deno.serve" | "Oak",
  typed: boolean,
): string {
  const type = typed ? ": Deno.ServeHandler<Deno.NetAddr>" : "";
  if (call === "Deno.serve") return `export const ${name}${type} = ${handler};`;
  return `export const ${name}${type} = async (request, info) =>
  (await ${handler}.handle(request, info.remoteAddr)) ??
    new Response("Not Found", { status: 404 });`;
}

function freeName(code: Code): string {
  const names = ["handle", "handleRequest", "respond", "answerRequest"];
  return names.find((name) => countName(code, name) === 0) ??
    `${names[0]}_${code.source.length}`;
}
