/** Which packages a release brings to a process, who imports them, and which the process cannot take.
 * @module
 */
import type { Refusal } from "../../base/refusal.ts";
import type {
  Manifest,
  RunningManifest,
} from "../../protocol/manifest/manifest.ts";
import { isJsxRuntime, type View } from "../lookup/views.ts";
import { packageOf } from "../packages.ts";
import {
  importable,
  nameOf,
  packageSpecifier,
  versionOf,
} from "./lock_file.ts";
import { admits } from "./version_range.ts";
import { packageOfUrl } from "./package_urls.ts";
import { own } from "../../base/own.ts";

/** A package that some module of the release gets at another version than now, or for the first time. */
export interface PackageChange {
  /** Scheme and name: `npm:zod`. */
  readonly name: string;
  /** The exact package that its importers have now; null where it is new to them. */
  readonly from: string | null;
  /** The exact package that they get. */
  readonly to: string;
  /** What is imported of it: `npm:zod@4.0.6/mini`. */
  readonly specifiers: readonly string[];
  /** The modules that import it. */
  readonly importers: readonly string[];
  /** True where the process has never had it, so that it may have to be downloaded. */
  readonly isNew: boolean;
}

/** What is known besides the release and what runs. */
export interface PackageQuestion {
  /** The modules that a fresh process could load. */
  readonly wanted: ReadonlySet<string>;
  /** Modules that cannot be reloaded. */
  readonly boot: ReadonlySet<string>;
  /** Modules that a worker loads, which no hook sees. */
  readonly inWorkers: ReadonlySet<string>;
  /** The release. */
  readonly release: View;
}

/** What becomes of packages. */
export interface PackageChanges {
  /** By name and version. */
  readonly changes: readonly PackageChange[];
  /** The modules that import a changed one, without those that cannot be reloaded. */
  readonly importers: ReadonlySet<string>;
  /** What the process cannot take. */
  readonly refusals: readonly Refusal[];
}

const RUNTIME = "jsr:@flyhot/runtime";

interface Use {
  readonly path: string;
  readonly line: number;
  readonly specifier: string;
  readonly target: string;
}

/**
 * Compares the packages of a release with those of a process. Returns the differences; null where one of both is too
 * old to tell its packages.
 */
export function packageChanges(
  manifest: Manifest,
  running: RunningManifest,
  question: PackageQuestion,
): PackageChanges | null {
  const { packages } = manifest;
  if (!packages || !running.packages) return null;
  const changes = new Map<string, Draft>();
  const importers = new Set<string>();
  const refusals = new Refusals();
  const external = new Set(running.external.map(packageOf));
  for (const use of usesOf(manifest, question)) {
    const pinned = own(packages, use.target);
    const after = pinned?.exact ?? null;
    const isHeld = question.boot.has(use.path);
    const before = exactNow(use, after, isHeld, running, external);
    if (after === null) {
      if (before !== null && !isElsewhere(use, before, external)) continue;
      refusals.add(use, unlocked(packageOf(use.target)));
      continue;
    }
    const known = own(running.packages, importable(after));
    if (known && isOtherwise(known.closure, pinned!.closure)) {
      refusals.add(use, beneath(after, known.depends, pinned!.depends));
      continue;
    }
    if (before === "same" || before === importable(after)) continue;
    if (nameOf(after) === RUNTIME) {
      refusals.add(use, {
        why: `${
          said(before, after)
        }, and a process has one runtime, that of its image`,
        remedy: "",
      });
      continue;
    }
    const native = pinned!.native ?? [];
    if (native.length > 0 && !known) {
      refusals.add(use, {
        why: `${said(before, after)}, and ${
          list(native)
        } is a native add-on, which is only built with the image`,
        remedy: "",
      });
    } else if (question.inWorkers.has(use.path)) {
      refusals.add(use, {
        why: `${
          said(before, after)
        }, and a worker loads it, which has the packages of the image`,
        remedy: "",
      });
    } else if (isHeld) {
      refusals.add(use, {
        why: `${
          said(before, after)
        }, and the module that imports it runs only once`,
        remedy:
          "import it behind live(), or start the app with the preload of @flyhot/runtime",
      });
    } else if (running.canAddPackages?.possible === false) {
      refusals.add(use, {
        why: `${said(before, after)}, and this process ${
          running.canAddPackages.why ?? "cannot load other packages"
        }`,
        remedy: "",
      });
    } else {
      importers.add(use.path);
      draftOf(changes, before, after, known === undefined).add(use, after);
    }
  }
  return {
    changes: [...changes.values()].map((draft) => draft.done())
      .sort((a, b) => a.to < b.to ? -1 : 1),
    importers,
    refusals: refusals.all,
  };
}

type PackageUse = readonly [specifier: string, target: string];

/** What of packages is in the tables of modules, which are the same from one manifest to the next. */
const PACKAGES = new WeakMap<object, readonly PackageUse[]>();

/** Every import of a package that is not for types only. */
function* usesOf(
  manifest: Manifest,
  { wanted, release }: PackageQuestion,
): Generator<Use> {
  // Most modules import none, and are not put in order.
  const importing: [path: string, uses: readonly PackageUse[]][] = [];
  for (const path of wanted) {
    const specifiers = own(manifest.modules, path)?.specifiers;
    if (!specifiers) continue;
    let uses = PACKAGES.get(specifiers);
    if (!uses) {
      uses = Object.entries(specifiers).filter(([, target]) =>
        packageSpecifier(target)
      );
      PACKAGES.set(specifiers, uses);
    }
    if (uses.length > 0) importing.push([path, uses]);
  }
  for (const [path, uses] of importing.sort(([a], [b]) => a < b ? -1 : 1)) {
    const analysis = release.analysis(path);
    for (const [specifier, target] of uses) {
      const fact = analysis?.imports?.find((it) => it.specifier === specifier);
      const isUsed = fact !== undefined || !analysis || analysis.commonjs ||
        isJsxRuntime(specifier);
      if (isUsed) yield { path, specifier, target, line: fact?.line ?? 0 };
    }
  }
}

/** The exact package that an import leads to in the process; `same` where it can load what is asked for, whichever that is. */
function exactNow(
  { path, specifier, target }: Use,
  after: string | null,
  isHeld: boolean,
  running: RunningManifest,
  external: ReadonlySet<string>,
): string | "same" | null {
  const seen = own(own(running.specifiers, path), specifier);
  const exact = seen === undefined ? null : packageOfUrl(seen);
  if (exact !== null) return exact;
  const it = packageSpecifier(seen ?? target) ?? packageSpecifier(target)!;
  const bare = `${it.scheme}:${it.name}`;
  const locked = own(running.locked, `${bare}@${it.version || "*"}`);
  if (locked !== undefined) return importable(`${bare}@${locked}`);
  if (!external.has(packageOf(target))) return null;
  // A range that the process knows may have led it to another version than the lock file has.
  return after === null || isHeld || packageOfUrl(target) !== null
    ? "same"
    : null;
}

/** Whether a module asks for what it does not have, as far as that can be told without a lock file. */
function isElsewhere(
  { target }: Use,
  before: string,
  external: ReadonlySet<string>,
): boolean {
  if (before === "same") return false;
  const it = packageSpecifier(target)!;
  if (nameOf(before) !== `${it.scheme}:${it.name}`) return true;
  return !external.has(packageOf(target)) &&
    !admits(it.version, versionOf(before));
}

/** A change while its importers are collected. */
class Draft {
  readonly #specifiers = new Set<string>();
  readonly #importers = new Set<string>();
  readonly #from: string | null;
  readonly #to: string;
  readonly #isNew: boolean;

  constructor(from: string | null, to: string, isNew: boolean) {
    this.#from = from;
    this.#to = to;
    this.#isNew = isNew;
  }

  add({ path, target }: Use, after: string): void {
    this.#importers.add(path);
    this.#specifiers.add(importable(after) + packageSpecifier(target)!.subpath);
  }

  done(): PackageChange {
    return {
      name: nameOf(this.#to),
      from: this.#from,
      to: this.#to,
      specifiers: [...this.#specifiers].sort(),
      importers: [...this.#importers].sort(),
      isNew: this.#isNew,
    };
  }
}

function draftOf(
  drafts: Map<string, Draft>,
  from: string | null,
  to: string,
  isNew: boolean,
): Draft {
  let draft = drafts.get(to);
  if (!draft) drafts.set(to, draft = new Draft(from, to, isNew));
  return draft;
}

/** One refusal for each file and sentence. */
class Refusals {
  readonly #found = new Map<string, Refusal>();

  add(use: Use, { why, remedy }: Pick<Refusal, "why" | "remedy">): void {
    const { path, line, specifier } = use;
    const key = `${path}\n${why}`;
    if (this.#found.has(key)) return;
    this.#found.set(key, {
      rule: "package",
      path,
      line,
      column: 0,
      subject: `"${specifier}"`,
      why,
      remedy,
    });
  }

  get all(): readonly Refusal[] {
    return [...this.#found.values()];
  }
}

function said(before: string | null, after: string): string {
  return before !== null && nameOf(before) === nameOf(after)
    ? `changes ${nameOf(after)} from ${versionOf(before)} to ${
      versionOf(after)
    }`
    : `adds ${importable(after)}`;
}

function beneath(
  exact: string,
  before: readonly string[],
  after: readonly string[],
): Pick<Refusal, "why" | "remedy"> {
  const gone = before.filter((it) => !after.includes(it));
  const come = after.filter((it) => !before.includes(it));
  const changed = come.map((it) => {
    const old = gone.find((other) => nameOf(other) === nameOf(it));
    return old
      ? `${nameOf(it)} from ${versionOf(old)} to ${versionOf(it)}`
      : `${importable(it)} comes in`;
  });
  return {
    why: `${
      importable(exact)
    } stays as it is, but what it depends on changes in deno.lock (${
      changed.length > 0 ? changed.slice(0, 3).join(", ") : "its content"
    }), and a process never links a loaded package to others`,
    remedy: `take another version of ${nameOf(exact)} as well`,
  };
}

/** Of what no lock file knows, nothing can be said. */
function isOtherwise(before: string, after: string): boolean {
  return before !== "" && after !== "" && before !== after;
}

function list(exact: readonly string[]): string {
  return exact.slice(0, 3).map(importable).join(", ");
}

/** What is said of a package of which the lock file names no version. */
export function unlocked(
  name: string,
): { readonly why: string; readonly remedy: string } {
  return {
    why: `imports ${name}, of which no version is locked`,
    remedy: "run deno install, so that deno.lock names one",
  };
}
