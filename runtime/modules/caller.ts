/** Which module called, read off the stack.
 * @module
 */
import { RUNTIME_FOLDER } from "./module_urls.ts";

/** The part of a stack frame that is read. */
export interface StackFrame {
  /** The URL that the code was loaded by; nothing for code of the engine and of `eval()`. */
  getScriptNameOrSourceURL(): string | null | undefined;
}

/** The URLs of the modules on a stack, innermost first, without those of this package. */
export function modulesOnStack(
  frames: readonly StackFrame[],
  ownFolder: string = RUNTIME_FOLDER,
): string[] {
  return frames.map((frame) => frame.getScriptNameOrSourceURL() ?? "")
    .filter((url) =>
      /^(?:file|https?|data|blob):/.test(url) && !url.startsWith(ownFolder)
    );
}

/** The URLs of the modules that are calling now, innermost first. */
export function callingModules(): string[] {
  const { stackTraceLimit, prepareStackTrace } = Error;
  // The default of ten frames is soon used up by helpers between a module and its declaration.
  Error.stackTraceLimit = 100;
  // The text of a stack will not do: Deno compiles a file once, and says the query of its first evaluation there
  // whichever one is running. The frames themselves know.
  Error.prepareStackTrace = (_, frames) => frames;
  try {
    const frames: unknown = new Error().stack;
    return Array.isArray(frames) ? modulesOnStack(frames) : [];
  } finally {
    Object.assign(Error, { stackTraceLimit, prepareStackTrace });
  }
}

/** A place in the source of a module. */
export interface CallingLine {
  /** The module's URL, with its query. */
  readonly url: string;
  /** The line, from 1. */
  readonly line: number;
}

/**
 * Where a module on the stack is calling, in its source as written. Returns the place; null where no such module is on
 * the stack.
 */
export function callingLine(
  urls: readonly string[] | null = null,
  stack: string = stackNow(),
): CallingLine | null {
  // A stack may tell an instance by the query of another one.
  const meant = urls?.map(withoutQuery);
  const found = [
    ...stack.matchAll(/((?:file|https?|data|blob):[^\s()]+?):(\d+):\d+/g),
  ].find(([, url = ""]) =>
    meant?.includes(withoutQuery(url)) ?? !url.startsWith(RUNTIME_FOLDER)
  );
  return found ? { url: found[1]!, line: Number(found[2]) } : null;
}

function stackNow(): string {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 100;
  try {
    return new Error().stack ?? "";
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

function withoutQuery(url: string): string {
  return url.replace(/[?#].*$/, "");
}
