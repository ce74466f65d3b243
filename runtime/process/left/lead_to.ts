/** What objects lead to as the inspector sees it: also through what functions have around them, and private fields, behind
 * which packages keep what they have been given.
 *
 * @module
 */
import { Agent } from "node:http";
import type { Runtime, Session } from "node:inspector";
import process from "node:process";
import { types } from "node:util";
import { performance } from "../../base/platform/globals.ts";
import { pause } from "../../base/waiting/pause.ts";

/** So many objects are looked at: what a client of a package consists of, many times over. */
const OBJECTS_MAX = 10_000;
/** More names than these are those of a module, also where Deno wraps its own. */
const SCOPE_MAX = 60;
const DEADLINE_MS = 5000;
const SLICE_MS = 8;
/** Under this name the inspector finds what is looked at, while it is. */
const KEY = Symbol.for("@flyhot/runtime.lead_to");
const SHARED = `globalThis[Symbol.for(${JSON.stringify(KEY.description)})]`;
const GROUP = "@flyhot/runtime.lead_to";

/** Of these all code is around: what they lead to is not theirs. */
const EVERYBODYS: ReadonlySet<unknown> = new Set([globalThis, process, Deno]);
/** What objects lead to that is not among their properties. */
const INSIDE = new Set([
  "[[TargetFunction]]",
  "[[BoundThis]]",
  "[[BoundArgs]]",
  "[[Entries]]",
  "[[PromiseResult]]",
  "[[GeneratorReceiver]]",
  "[[Target]]",
  "[[Handler]]",
]);
/** Those of the classes of an object. */
const OF_CLASSES = new Set(["constructor", "prototype", "__proto__"]);
const DATA = new Set(["typedarray", "arraybuffer", "dataview", "regexp"]);

/** Most processes never ask; whoever does will ask at every upgrade, and an import takes longer than to look. */
let asked: Promise<typeof import("node:inspector")> | null = null;

/** What is to be done about what is met: look further, leave what it leads to alone, or no more. */
export type Meeting = "further" | "leave" | "found";

/**
 * Tells whether objects lead to something that is looked for.
 *
 * @param meet told of each object and function that is met, once, and of the first of the objects that leads there
 * @param namesOf what a function uses of what it has around it; null for all of it
 * @returns null where nobody can tell: they lead to too much, or the inspector cannot be asked
 */
export async function leadTo(
  objects: readonly object[],
  meet: (it: object, from: object) => Meeting,
  namesOf: NamesAround = () => null,
): Promise<boolean | null> {
  if (objects.length === 0) return false;
  const inspector = await (asked ??= import("node:inspector"));
  // Whoever looks at the process by another one would see this.
  if (inspector.url() !== undefined) return null;
  const session = new inspector.Session();
  session.connect();
  const look = new Look(session, meet, namesOf);
  try {
    return await look.from(objects);
  } catch {
    return null;
  } finally {
    look.end();
    session.disconnect();
  }
}

type NamesAround = (it: object) => ReadonlySet<string> | null;

/** One look. */
class Look {
  readonly #session: Session;
  readonly #meet: (it: object, from: object) => Meeting;
  readonly #namesOf: NamesAround;
  readonly #seen = new WeakSet<object>();
  #isFound = false;
  #isVast = false;
  #met: readonly Met[] = [];
  #fresh: boolean[] = [];

  constructor(
    session: Session,
    meet: (it: object, from: object) => Meeting,
    namesOf: NamesAround,
  ) {
    this.#session = session;
    this.#meet = meet;
    this.#namesOf = namesOf;
  }

  async from(objects: readonly object[]): Promise<boolean | null> {
    Reflect.set(globalThis, KEY, {
      objects,
      take: (all: readonly unknown[]) => this.#take(all),
    });
    const first = await this.#ask("Runtime.evaluate", {
      expression: `${SHARED}.objects`,
      objectGroup: GROUP,
    });
    const list = first.result.objectId!;
    const begun = performance.now();
    let slice = begun;
    let level = await this.#unseen(
      list,
      (await this.#around(list, null)).map((id) => metAs(id, null)),
    );
    for (let count = 0; level.length > 0 && !this.#isFound;) {
      if (this.#isVast) return null;
      const next: Met[] = [];
      for (const { id, from, value } of level) {
        const names = this.#namesOf(value!);
        for (const it of await this.#around(id, names)) {
          next.push(metAs(it, from));
        }
        const now = performance.now();
        if (++count > OBJECTS_MAX || now - begun > DEADLINE_MS) return null;
        if (now - slice < SLICE_MS) continue;
        await pause(0);
        slice = performance.now();
      }
      level = await this.#unseen(list, next);
    }
    return this.#isFound;
  }

  end(): void {
    Reflect.deleteProperty(globalThis, KEY);
    this.#session.post("Runtime.releaseObjectGroup", { objectGroup: GROUP });
  }

  /** The objects that one leads to at once. */
  async #around(
    objectId: string,
    names: ReadonlySet<string> | null,
  ): Promise<string[]> {
    const found = await this.#ask("Runtime.getProperties", {
      objectId,
      ownProperties: true,
    });
    const { result, internalProperties = [] } = found;
    // The types of Node do not know them.
    const { privateProperties = [] } = found as {
      readonly privateProperties?: typeof result;
    };
    const scopes = internalProperties.find(({ name }) => name === "[[Scopes]]")
      ?.value?.objectId;
    return [
      ...[...result, ...privateProperties].filter(({ name }) =>
        !OF_CLASSES.has(name)
      ),
      ...internalProperties.filter(({ name }) => INSIDE.has(name)),
    ].flatMap(idOf).concat(scopes ? await this.#inScopes(scopes, names) : []);
  }

  /** What a function has around it, but for what all of its module have. */
  async #inScopes(
    objectId: string,
    used: ReadonlySet<string> | null,
  ): Promise<string[]> {
    const { result } = await this.#ask("Runtime.getProperties", {
      objectId,
      ownProperties: true,
    });
    const all: string[] = [];
    for (const { value } of result) {
      const isOfModule = /^(?:Module|Global|Script)\b/.test(
        value?.description ?? "Module",
      );
      if (isOfModule || value?.objectId === undefined) continue;
      const { result } = await this.#ask("Runtime.getProperties", {
        objectId: value.objectId,
        ownProperties: true,
      });
      const names = new Set(result.map(({ name }) => name));
      // What CommonJS, and whoever bundles it, wraps a module in: all of its functions have that around them.
      const isWrapper = names.has("exports") && names.has("module") ||
        names.size > SCOPE_MAX;
      if (isWrapper) continue;
      const wanted = result.filter(({ name }) => used?.has(name) ?? true);
      all.push(...wanted.flatMap(idOf));
    }
    return all;
  }

  /** Those that nobody has looked at, and that lead further. */
  async #unseen(list: string, all: readonly Met[]): Promise<Met[]> {
    if (all.length === 0) return [];
    this.#met = all;
    await this.#ask("Runtime.callFunctionOn", {
      functionDeclaration: `function (...all) { ${SHARED}.take(all); }`,
      objectId: list,
      arguments: all.map(({ id }) => ({ objectId: id })),
    });
    return all.filter((_, at) => this.#fresh[at]);
  }

  #take(all: readonly unknown[]): void {
    this.#fresh = all.map((it, at) => {
      const value = it as object;
      if (this.#isFound || this.#seen.has(value)) return false;
      this.#seen.add(value);
      // Connections that are kept for whoever asks next lead to those who have asked.
      if (EVERYBODYS.has(value) || value instanceof Agent) return false;
      const met = this.#met[at]!;
      met.from ??= value;
      met.value = value;
      const meeting = this.#meet(value, met.from);
      this.#isFound ||= meeting === "found";
      // To ask for all of it would keep the event loop.
      this.#isVast ||= meeting === "further" && sizeOf(value) > OBJECTS_MAX;
      return meeting === "further";
    });
  }

  async #ask<Method extends keyof Answers>(
    method: Method,
    params: object,
  ): Promise<Answers[Method]> {
    return await new Promise((resolve, reject) =>
      this.#session.post(
        method,
        params,
        (error: Error | null, answer?: object) =>
          error ? reject(error) : resolve(answer as Answers[Method]),
      )
    );
  }
}

/** What the inspector calls an object, and the first of the objects that led there; null for one of these. */
interface Met {
  readonly id: string;
  from: object | null;
  /** What it is, once it was met. */
  value: object | null;
}

const metAs = (id: string, from: object | null): Met => ({
  id,
  from,
  value: null,
});

interface Answers {
  "Runtime.evaluate": Runtime.EvaluateReturnType;
  "Runtime.getProperties": Runtime.GetPropertiesReturnType;
  "Runtime.callFunctionOn": Runtime.CallFunctionOnReturnType;
}

function sizeOf(value: object): number {
  if (types.isProxy(value)) return 0;
  if (Array.isArray(value)) return value.length;
  return types.isMap(value) || types.isSet(value) ? value.size : 0;
}

function idOf(
  { value }: { readonly value?: Runtime.RemoteObject | undefined },
): string[] {
  const { type, subtype = "", objectId } = value ?? {};
  return objectId === undefined || type === "symbol" || DATA.has(subtype)
    ? []
    : [objectId];
}
