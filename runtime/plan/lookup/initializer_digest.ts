/** Whether an initializer would make the same in two releases: it and all it refers to, in whatever module.
 * @module
 */
import { createHash } from "node:crypto";
import type { TextFact, TextFacts } from "../analyze/keeping/text_facts.ts";

/** One state of an app, as far as initializers are concerned. */
export interface InitializerView {
  /** The facts of a module; undefined for one that is not known. */
  readonly texts: (path: string) => TextFacts | undefined;
  /** What a specifier leads to: a path of the app; else where it leads outside, with its version. */
  readonly target: (
    path: string,
    specifier: string,
  ) => { readonly path: string } | { readonly outside: string };
}

/**
 * Digests an initializer and all it refers to, transitively. Returns the digest; null if the module has no such
 * initializer.
 */
export function initializerDigest(
  path: string,
  name: string,
  view: InitializerView,
): string | null {
  const fact = view.texts(path)?.kept.get(name);
  if (!fact) return null;
  const found = new Map<string, string>();
  followUses(path, fact, view, found);
  const lines = [...found].map(([key, digest]) => `${key} ${digest}`).sort();
  return createHash("sha256").update([fact.digest, ...lines].join("\n"))
    .digest("hex").slice(0, 16);
}

/** Adds what a piece of code takes from other modules; circles end where they began. */
function followUses(
  from: string,
  fact: TextFact,
  view: InitializerView,
  found: Map<string, string>,
): void {
  const waiting = fact.uses.map((use) => ({ from, use }));
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { specifier, name } = next.use;
    const target = view.target(next.from, specifier);
    if ("outside" in target) {
      found.set(`${target.outside}#${name}`, "");
      continue;
    }
    const { path } = target;
    const key = `${path}#${name}`;
    if (found.has(key)) continue;
    const texts = view.texts(path);
    const used = texts?.exports.get(name);
    found.set(key, used?.digest ?? "");
    for (const use of used?.uses ?? []) waiting.push({ from: path, use });
    if (!texts || used) continue;
    // `*` takes every export; a name that is not the module's own comes through one of its `export *`.
    if (name === "*") {
      for (const each of texts.exports.keys()) {
        if (!found.has(`${path}#${each}`)) {
          const use = { specifier, name: each };
          waiting.push({ from: next.from, use });
        }
      }
    }
    if (name !== "default") {
      for (const star of texts.stars) {
        waiting.push({ from: path, use: { specifier: star, name } });
      }
    }
  }
}
