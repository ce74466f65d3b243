/** Calls that read a file, led to the one that whoever calls is to read: at once, by promise, by callback.
 *
 * A release may be laid over the place while the disk is asked. What was found then is of another version than what the
 * caller has seen of the file before, so it is asked again, at the place where that version lies now. Waiting for a
 * moment in which nobody asks would not do: under load there may be none.
 *
 * @module
 */
import { promisify } from "node:util";
import type { FolderChange } from "./folder_change.ts";

/** Where to read. */
export interface Leads {
  /** The file to read in the place of one that is asked for. */
  lead(path: unknown): unknown;
  /** What is in a folder besides or instead of what is at its place. */
  folder(path: unknown): FolderChange | null;
  /** How often files have been put in their places, or the time of those that were there before has ended. */
  readonly changes: number;
}

/** A function of the platform that takes a path. */
export type Call = (path: unknown, ...rest: unknown[]) => unknown;

/** Ends what was opened in vain. */
export type Discard = (opened: unknown) => void;

/** Leads a call that returns what it has read. */
export function ledNow(native: Call, leads: Leads): Call {
  return likeNative(
    (path: unknown, ...rest: unknown[]) =>
      native(writes(rest[0]) ? path : leads.lead(path), ...rest),
    native,
  );
}

/** Leads a call that promises what it reads. */
export function ledLater(
  native: Call,
  leads: Leads,
  discard: Discard = () => {},
): Call {
  return likeNative(async (path: unknown, ...rest: unknown[]) => {
    if (writes(rest[0])) return await native(path, ...rest);
    for (let file = leads.lead(path);;) {
      const { changes } = leads;
      let outcome: { readonly value: unknown } | { readonly error: unknown };
      try {
        outcome = { value: await native(file, ...rest) };
      } catch (error) {
        outcome = { error };
      }
      const failed = "error" in outcome;
      const next = changes === leads.changes
        ? file
        : fileAfter(leads, path, file, failed);
      if (next === file) {
        if ("error" in outcome) throw outcome.error;
        return outcome.value;
      }
      if (!failed) discard((outcome as { value: unknown }).value);
      file = next;
    }
  }, native);
}

/** Leads a call that tells a callback what it has read. */
export function ledCallback(
  native: Call,
  leads: Leads,
  discard: Discard = () => {},
): Call {
  const led = (path: unknown, ...rest: unknown[]): unknown => {
    const done = rest.at(-1);
    if (writes(rest[0]) || typeof done !== "function") {
      return native(path, ...rest);
    }
    const options = rest.slice(0, -1);
    const ask = (file: unknown): unknown => {
      const { changes } = leads;
      return native(file, ...options, (...results: unknown[]) => {
        // `exists` tells no error, only that there is none.
        const failed = results[0] instanceof Error || results[0] === false;
        const next = changes === leads.changes
          ? file
          : fileAfter(leads, path, file, failed);
        if (next === file) return done(...results);
        if (!failed) discard(results[1]);
        ask(next);
      });
    };
    return ask(leads.lead(path));
  };
  return likeNative(led, native, (own) => ledLater(own, leads, discard));
}

/** Where the file lies that is to be read, when files have been changed while one was asked for. */
function fileAfter(
  leads: Leads,
  path: unknown,
  asked: unknown,
  failed: boolean,
): unknown {
  // What lay there before is what was to be read, even where its time is over by now.
  return asked === path || failed ? leads.lead(path) : asked;
}

/**
 * What is in a folder besides or instead of what the disk has told, also where files were laid over it meanwhile.
 * Returns the difference, or null where there is none.
 */
export function folderAfter(
  leads: Leads,
  path: unknown,
  atFirst: FolderChange | null,
  changes: number,
): FolderChange | null {
  return atFirst ?? (changes === leads.changes ? null : leads.folder(path));
}

/** Gives a wrapper the properties of what it stands for. */
export function likeNative(
  wrapped: Call,
  native: Call,
  promised?: (native: Call) => Call,
): Call {
  const properties: Record<PropertyKey, PropertyDescriptor> = Object
    .getOwnPropertyDescriptors(native);
  // That of `fs.exists` is one.
  const own = properties[promisify.custom]?.value;
  if (typeof own === "function" && promised) {
    properties[promisify.custom] = { value: promised(own as Call) };
  }
  delete properties.prototype;
  return Object.defineProperties(wrapped, properties);
}

/** What is opened to be written is the file itself. */
function writes(options: unknown): boolean {
  if (typeof options === "number") return (options & 3) !== 0;
  if (typeof options === "string") {
    return /^(?:[aw]x?s?\+?|r\+|rs\+)$/.test(options);
  }
  if (typeof options !== "object" || options === null) return false;
  const { flag, flags } = options as { flag?: unknown; flags?: unknown };
  return ["write", "append", "truncate", "create", "createNew"].some((name) =>
    Reflect.get(options, name) === true
  ) || (flag !== undefined && writes(flag)) ||
    (flags !== undefined && writes(flags));
}
