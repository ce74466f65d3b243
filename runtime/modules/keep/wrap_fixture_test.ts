/** Modules that are wrapped and evaluated, and who is asked what is kept.
 * @module
 */

import { acornParser } from "../../plan/analyze/parse_acorn.ts";
import { KEPT_KEY, type KeptAccess, wrapKept } from "./wrap.ts";

/** Reads a script. */
export const parse = await acornParser();

/** Notes what is put, and gives back what it is told to. */
export class Access implements KeptAccess {
  readonly put_: string[] = [];
  readonly got: string[] = [];
  readonly read = new Map<string, () => unknown>();
  readonly write = new Map<string, (value: unknown) => void>();
  constructor(readonly take: ReadonlyMap<string, unknown> = new Map()) {}
  has(name: string) {
    return this.take.has(name);
  }
  get(name: string, read?: () => unknown, write?: (value: unknown) => void) {
    this.got.push(name);
    this.#note(name, read, write);
    return this.take.get(name);
  }
  put(
    name: string,
    value: unknown,
    read?: () => unknown,
    write?: (value: unknown) => void,
  ) {
    this.put_.push(name);
    this.#note(name, read, write);
    return value;
  }
  made(_name: string, value: unknown) {
    return value;
  }
  #note(
    name: string,
    read?: () => unknown,
    write?: (value: unknown) => void,
  ) {
    if (read) this.read.set(name, read);
    if (write) this.write.set(name, write);
  }
}

/** Who was asked by each module, by its URL. */
export const opened = new Map<string, Access>();
/** How many modules have been evaluated. */
export let count = 0;

/** Wraps a module, evaluates it and uses it. */
export async function run(
  source: string,
  take: Record<string, unknown> = {},
  // deno-lint-ignore no-explicit-any -- whatever the module exports
  use: (exports: any) => void | Promise<void> = () => {},
): Promise<{ exports: Record<string, unknown>; access: Access; text: string }> {
  const access = new Access(new Map(Object.entries(take)));
  const url = `file:///app/${++count}.ts`;
  const { source: text } = wrapKept(source, parse(source), url, () => true);
  opened.set(url, access);
  const space = globalThis as unknown as Record<symbol, unknown>;
  space[KEPT_KEY] = (url: string) => opened.get(url);
  try {
    const exports = await import(
      `data:text/javascript,${encodeURIComponent(text)}`
    );
    await use(exports);
    return { exports, access, text };
  } finally {
    delete space[KEPT_KEY];
  }
}
