/** Which values stay when their modules are replaced, and why some cannot.
 * @module
 */
import type { Steps } from "../../base/in_slices.ts";
import type { Refusal } from "../../base/refusal.ts";
import type {
  KeptFact,
  ModuleAnalysis,
  RepeatFact,
} from "../../protocol/manifest/module_analysis.ts";
import type {
  KeptEntry,
  ReleaseSettings,
} from "../../protocol/manifest/release_settings.ts";
import type { RunningPlanFields } from "../../protocol/manifest/plan_fields.ts";
import type { TextFact, TextFacts } from "../analyze/keeping/text_facts.ts";
import { initializerDigest } from "../lookup/initializer_digest.ts";
import { ClassLookup } from "../lookup/class_lookup.ts";
import { ExportFinder } from "../lookup/find_export.ts";
import { Touched } from "../lookup/touched.ts";
import type { View } from "../lookup/views.ts";
import type { Consents } from "./consent.ts";

/** A value that is to be taken over. */
export interface TakenEntry extends KeptEntry {
  /** Where its initializer stands in the release. */
  readonly line: number;
  /** True for a local of a function, and for what is made in one. */
  readonly local: boolean;
  /** True for one that is kept without being named. */
  readonly byItself: boolean;
}

/** What becomes of values that are named. */
export interface KeepVerdict {
  readonly refusals: readonly Refusal[];
  /** What is taken over. */
  readonly taken: readonly TakenEntry[];
  /** Names under `keep` that were judged: taken, refused, or left to start new because only older code lacks them. */
  readonly judged: ReadonlySet<string>;
}

/** What is needed to judge them. */
export interface KeepInput {
  /** The modules that are replaced. */
  readonly reload: readonly string[];
  /** Modules that are evaluated for the first time. */
  readonly fresh: readonly string[];
  readonly running: View;
  readonly release: View;
  readonly settings: ReleaseSettings;
  readonly consents: Consents;
  /** Whether this process can keep values. */
  readonly canKeep: RunningPlanFields["canKeep"];
  /** Whether there is other state that may hold the values of enums. */
  readonly holdsState: boolean;
  /** Modules whose packages change. */
  readonly importers: ReadonlySet<string>;
  /** Whether it leads back to code that this process ran before. */
  readonly isWayBack: boolean;
}

/** Judges the values that are named under `keep`, and those that are kept by themselves. */
export function* judgeKeep(input: KeepInput): Steps<KeepVerdict> {
  const { reload, settings, canKeep, consents } = input;
  const refusals: Refusal[] = [];
  const taken: TakenEntry[] = [];
  const judged = new Set<string>();
  const isReloaded = new Set(reload);
  const lost = new Set(settings.startsAnew);
  const [now, next] = [input.running, input.release].map((view, at) =>
    textView(view, at === 1 ? input.importers : new Set())
  );
  const isSame = (path: string, name: string) =>
    initializerDigest(path, name, now!) ===
      initializerDigest(path, name, next!);
  for (const entry of settings.keep) {
    yield;
    const hash = entry.at.indexOf("#");
    const path = entry.at.slice(0, hash), name = entry.at.slice(hash + 1);
    if (!isReloaded.has(path)) continue;
    judged.add(entry.at);
    const before = input.running.analysis(path);
    const after = input.release.analysis(path);
    const old = factOf(before, name), fact = factOf(after, name);
    const refuse = (line: number, why: string, remedy: string) => {
      refusals.push({
        rule: "keep",
        path,
        line,
        column: fact?.column ?? 0,
        subject: name,
        why: `is named under "keep", ${why}`,
        remedy,
      });
    };
    const anew = `name it under "startsAnew": ["${entry.at}"]`;
    if (!canKeep?.possible) {
      refuse(
        fact?.line ?? 0,
        canKeep?.why ?? "which needs the preload",
        canKeep?.why?.includes("parser")
          ? `see to it that npm:acorn is in the image's cache (deno cache), or ${anew}`
          : `start the app by --preload, deploy cold once with "keep" in its deno.json, or ${anew}`,
      );
      continue;
    }
    const no = unkeepable(after, name) ?? unkeepable(before, name);
    if (no) {
      refuse(no.line, `but ${no.why}`, `keep what holds it, or ${anew}`);
      continue;
    }
    if (!fact) {
      if (old && !input.isWayBack) {
        // Where it stands in the code that runs: the new one has no place for it.
        refuse(
          old.line,
          `and the new code has no such initializer`,
          `let the variable have its name as before, or ${anew}`,
        );
      }
      // What neither has is reported as a name that matches nothing.
      continue;
    }
    // What is new begins as in a process that starts now.
    if (!old) {
      if (before?.bindings?.some((it) => it.name === name)) {
        judged.delete(entry.at);
      }
      continue;
    }
    if (!isSame(path, name)) {
      refuse(
        fact.line,
        "and its initializer, or what that refers to, is another one now",
        `leave the initializer as it was and change the value elsewhere, or ${anew}`,
      );
      continue;
    }
    const [repeat] = fact.repeats ?? [];
    if (repeat && !input.isWayBack && !consents.take(`repeats:${entry.at}`)) {
      refusals.push(repeatRefusal(path, fact, repeat, entry.at));
    }
    refusals.push(...takenMethods(path, fact, input.release, isReloaded));
    taken.push({
      ...entry,
      line: fact.line,
      local: fact.local === true,
      byItself: false,
    });
  }
  if (canKeep?.possible) {
    refusals.push(...(yield* repeatedByOthers(input)));
    for (const path of reload) {
      yield;
      for (const fact of input.release.analysis(path)?.kept ?? []) {
        const at = `${path}#${fact.name}`;
        if (!fact.byItself || judged.has(at) || lost.has(at)) continue;
        const old = factOf(input.running.analysis(path), fact.name);
        if (!old?.byItself || !isSame(path, fact.name)) continue;
        judged.add(at);
        taken.push({ at, line: fact.line, local: false, byItself: true });
      }
    }
  }
  if (input.holdsState || taken.some((it) => !it.byItself)) {
    refusals.push(...renumbered(input));
  }
  return { refusals, taken, judged };
}

function factOf(
  analysis: ModuleAnalysis | undefined,
  name: string,
): KeptFact | undefined {
  return analysis?.kept?.find((it) => it.name === name);
}

function unkeepable(analysis: ModuleAnalysis | undefined, name: string) {
  return analysis?.unkeepable?.find((it) => it.name === name);
}

function repeatRefusal(
  path: string,
  { name, library }: KeptFact,
  { detail, isRead, line, column }: RepeatFact,
  at: string,
): Refusal {
  const named = `is named under "keep", and`;
  return repeated(
    path,
    line,
    column,
    name,
    isRead
      ? `${named} what its module makes of what it holds (${detail}) while it is evaluated would miss what the old code still changes`
      : library
      ? `is of ${library}, and what its module does to it whenever it is evaluated (${detail}) would be done a second time`
      : `${named} ${detail} would be done to it a second time`,
    at,
    isRead ? WHEN_ASKED : "do it only to a value that does not have it yet",
  );
}

function repeated(
  path: string,
  line: number,
  column: number,
  subject: string,
  why: string,
  key: string,
  remedy = "do it only to a value that does not have it yet",
): Refusal {
  return {
    rule: "keep",
    path,
    line,
    column,
    subject,
    why,
    remedy,
    consent: `repeats:${key}`,
  };
}

const WHEN_ASKED = "look at it when it is asked for";

function writtenBy(by: string): string {
  return `is named under "keep", and what ${by} does to it while it is evaluated would be done a second time`;
}

function readBy(by: string, detail: string): string {
  return `is named under "keep", and what ${by} makes of what it holds (${detail}) while it is evaluated would miss what the old code still changes`;
}

/** Methods that the module hands out while it is evaluated, when the value still has those of its old class. */
function* takenMethods(
  path: string,
  { name, of, members = [] }: KeptFact,
  release: View,
  isReloaded: ReadonlySet<string>,
): Generator<Refusal> {
  if (!of || members.length === 0) return;
  const classes = new ClassLookup(release, new ExportFinder(release));
  const known = classes.find(path, of);
  if (!known) return;
  for (const { name: member, line, column } of members) {
    const owner = classes.functionOwner(known, member);
    if (owner === null || !isReloaded.has(owner)) continue;
    yield {
      rule: "keep",
      path,
      line,
      column,
      subject: name,
      why:
        `is named under "keep", and ${member}, which its module takes from it while it is evaluated, is still that of the old code`,
      remedy:
        `call it where it is needed: (...args) => ${name}.${member}(...args)`,
    };
  }
}

/** What modules that are evaluated do to kept values of other modules. */
function* repeatedByOthers(input: KeepInput): Steps<Refusal[]> {
  const { settings, release, consents, reload, fresh, isWayBack } = input;
  const kept = new Map<string, string>();
  for (const { at } of settings.keep) {
    kept.set(at, at);
    const hash = at.indexOf("#");
    const path = at.slice(0, hash), name = at.slice(hash + 1);
    // A module may export it by another name.
    const exports = release.analysis(path)?.exports ?? {};
    for (const [exported, { local }] of Object.entries(exports)) {
      if (local === name) kept.set(`${path}#${exported}`, at);
    }
  }
  if (kept.size === 0 || isWayBack) return [];
  const refusals = new Map<string, Refusal>(),
    looks = new Map<string, Refusal>();
  const touched = new Touched(release, () => false, true);
  for (const module of [...reload, ...fresh]) {
    yield;
    touched.follow(module, ({ path, name, grip, detail, by, line, column }) => {
      const at = kept.get(`${path}#${name}`);
      if (at === undefined || grip === "pass") return;
      const known = grip === "write" ? refusals : looks;
      if (known.has(at)) return;
      if (consents.take(`repeats:${at}`)) return;
      const refusal = grip === "write"
        ? repeated(by, line, column, at, writtenBy(by), at)
        : repeated(by, line, column, at, readBy(by, detail!), at, WHEN_ASKED);
      known.set(at, refusal);
    });
  }
  return [...new Map([...looks, ...refusals]).values()];
}

/** Enums whose members have other values now: what is kept holds the old ones. */
function renumbered(
  { reload, running, release, consents }: KeepInput,
): Refusal[] {
  const refusals: Refusal[] = [];
  for (const path of reload) {
    const before = running.analysis(path)?.enums ?? [];
    for (const { name, line, members } of release.analysis(path)?.enums ?? []) {
      const old = before.find((it) => it.name === name)?.members;
      const moved = Object.keys(old ?? {}).find((member) =>
        old![member] !== null && members[member] !== old![member]
      );
      if (moved === undefined || consents.take(`numbers:${path}#${name}`)) {
        continue;
      }
      const value = members[moved];
      refusals.push({
        rule: "keep",
        path,
        line,
        column: 0,
        subject: name,
        why: `${moved} was ${JSON.stringify(old![moved])} and is ${
          value === undefined ? "gone" : JSON.stringify(value)
        } now, and state that stays may hold the old value`,
        remedy: "let the members keep their values (add new ones at the end)",
        consent: `numbers:${path}#${name}`,
      });
    }
  }
  return refusals;
}

function textView(view: View, importers: ReadonlySet<string>) {
  const known = new Map<string, TextFacts>();
  return {
    texts(path: string): TextFacts | undefined {
      const found = known.get(path);
      if (found) return found;
      const analysis = view.analysis(path);
      if (!analysis) return undefined;
      const facts: TextFacts = {
        kept: new Map((analysis.kept ?? []).map((it) => [it.name, textOf(it)])),
        exports: new Map(
          Object.entries(analysis.texts ?? {}).map(([name, it]) => [
            name,
            textOf(it),
          ]),
        ),
        stars: analysis.stars ?? [],
      };
      known.set(path, facts);
      return facts;
    },
    target(path: string, specifier: string) {
      const target = view.resolve(path, specifier);
      if (target !== null) return { path: target };
      // A package of another version makes other values.
      const isChanged = importers.has(path) &&
        !specifier.startsWith("node:");
      return {
        outside: isChanged ? `${specifier} of another version` : specifier,
      };
    },
  };
}

function textOf(
  { digest, uses = [] }: { digest: string; uses?: KeptFact["uses"] },
): TextFact {
  return {
    digest,
    uses: (uses ?? []).map(({ specifier = "", name }) => ({ specifier, name })),
  };
}
