/** Functions that are handed to somebody who calls them later, and never before the evaluation goes on; and loops that go on.
 * @module
 */
import {
  flag,
  isFunction,
  isWrapper,
  keyName,
  many,
  nameOf,
  type Node,
  one,
  unwrap,
} from "../code/nodes.ts";
import { eachWithin } from "../code/tree.ts";
import type { Code } from "../effects.ts";
import { exportedBindings } from "../exports.ts";
import { textOf } from "../imports.ts";
import { isExternal } from "../values/known_calls.ts";
import type { Resolved } from "../code/scope.ts";
import { calleeName, callsItsArguments } from "../code/uses.ts";
import { mayBeEndless } from "../pace/paced.ts";

const LATE_FUNCTIONS = new Set([
  "setTimeout",
  "setInterval",
  "addEventListener",
  "Deno.serve",
  "Deno.cron",
  "Deno.addSignalListener",
]);
const LISTENING = /^(?:addEventListener|addListener|on|once|prependListener)$/;
const ROUTING = /^(?:all|delete|get|head|options|patch|post|put)$/;

/** Packages whose routers call what they are given for requests alone, and what of them takes functions. */
const ROUTERS =
  /^(?:npm:|jsr:)?(?:@hono\/|@oak\/)?(?:hono|express|koa|oak)(?:[/@]|$)/;
const HANDLING = /^(?:use|onError|notFound)$/;
const HANDLING_FUNCTIONS = new Set(["upgradeWebSocket", "createMiddleware"]);

const EMITTING = /^(?:emit|dispatchEvent|fire|publish|trigger)$/;

/**
 * Whether what stands at a place of the code is called later: an argument of `setTimeout`, `Deno.serve`, `app.get("/", …)`.
 *
 * @param node what stands there
 * @param code the module
 * @param areQuiet whether listeners are taken for called later, whoever may tell them of something: what they have heard
 * until now is known from elsewhere
 * @returns true if so
 */
export function isLate(node: Node, code: Code, areQuiet = false): boolean {
  const { resolved } = code;
  let at = node;
  for (let up = resolved.parents.get(at); up;) {
    const { node: parent, key } = up;
    if (isWrapper(parent)) {
      at = parent;
      up = resolved.parents.get(at);
      continue;
    }
    switch (parent.type) {
      case "Property":
      case "ObjectExpression":
        at = parent;
        break;
      case "AssignmentExpression": {
        const left = unwrap(one(parent, "left")!);
        return key === "right" && left.type === "MemberExpression" &&
          /^on[a-z]/.test(keyName(left, "property") ?? "");
      }
      case "ExportDefaultDeclaration":
        // Run by whoever imports it.
        return true;
      case "CallExpression":
        return key === "arguments" && isLateCall(parent, code, areQuiet);
      default:
        return false;
    }
    up = resolved.parents.get(at);
  }
  return false;
}

function isLateCall(call: Node, code: Code, areQuiet: boolean): boolean {
  const { resolved } = code;
  const name = calleeName(call, resolved);
  if (name !== null) return LATE_FUNCTIONS.has(name);
  const callee = unwrap(one(call, "callee")!);
  const imported = resolved.bindings.get(callee)?.imported;
  if (imported) {
    return ROUTERS.test(imported.specifier) &&
      HANDLING_FUNCTIONS.has(imported.name);
  }
  if (callee.type !== "MemberExpression") return false;
  const method = keyName(callee, "property") ?? "";
  if (LISTENING.test(method)) {
    const event = textOf(many(call, "arguments")[0] ?? null);
    return areQuiet ||
      // Node's emitters tell of those that listen.
      !/^(?:new|remove)Listener$/.test(event ?? "") &&
        !emits(resolved, event) && isOwnAffair(one(callee, "object")!, code);
  }
  if (HANDLING.test(method)) {
    const roots = code.roots.of(one(callee, "object")!);
    return roots.length > 0 &&
      roots.every(({ specifier }) => ROUTERS.test(specifier ?? ""));
  }
  // Routers take a path first; whatever else has a `get` may call what it is given at once.
  return ROUTING.test(method) &&
    /^[/*]/.test(textOf(many(call, "arguments")[0] ?? null) ?? "");
}

/** Whether a module tells listeners of an event by itself, perhaps while it is evaluated; of one without a name, of any. */
function emits({ program }: Resolved, event: string | null): boolean {
  let known = EMITTED.get(program);
  if (known === undefined) {
    known = new Set();
    const calls = new Map<Node, Node>();
    eachWithin(program, ({ self, type }) => {
      if (type === "CallExpression") {
        calls.set(unwrap(one(self, "callee")!), self);
      }
      if (
        type !== "MemberExpression" ||
        !EMITTING.test(keyName(self, "property") ?? "")
      ) return;
      const call = calls.get(self);
      known!.add(eventOf(many(call ?? null, "arguments")[0] ?? null) ?? ANY);
    });
    EMITTED.set(program, known);
  }
  return event === null ? known.size > 0 : known.has(event) || known.has(ANY);
}

/** The event that is told of, by its name or as an object; null where that is not written there. */
function eventOf(given: Node | null): string | null {
  return given?.type === "NewExpression" &&
      /Event$/.test(nameOf(one(given, "callee")!))
    ? textOf(many(given, "arguments")[0] ?? null)
    : textOf(given);
}

/** What is not known by its name. */
const ANY = "";
const EMITTED = new WeakMap<Node, Set<string>>();

/** Whether no other module of the app has what is listened to. */
function isOwnAffair(emitter: Node, { resolved, roots }: Code): boolean {
  const exported = exportedBindings(resolved);
  return roots.of(emitter).every(({ specifier, binding }) =>
    specifier === null
      ? binding === null || !exported.has(binding)
      : isExternal(specifier)
  );
}

/** Whether a function is only called while the call goes on that it is given to, or when a promise settles. */
export function isBrief(node: Node, resolved: Resolved): boolean {
  const up = resolved.parents.get(node);
  if (!up) return false;
  const { node: parent, key } = up;
  if (isWrapper(parent)) return isBrief(parent, resolved);
  if (parent.type !== "CallExpression" && parent.type !== "NewExpression") {
    return false;
  }
  return key === "callee" && isFunction(unwrap(node)) ||
    key === "arguments" && callsItsArguments(parent, resolved);
}

/** Whether a place is in a loop that waits and may go on for long, and a variable outside of it. */
export function isInLoop(
  node: Node,
  declared: Node,
  { parents }: Resolved,
): boolean {
  for (let up = parents.get(node); up; up = parents.get(up.node)) {
    const { node: at } = up;
    if (isFunction(at)) return false;
    if (!/^(?:For|While|DoWhile)\w*Statement$/.test(at.type)) continue;
    if (at.start <= declared.start && declared.end <= at.end) return false;
    if (!flag(at, "await") && !mayBeEndless(at)) continue;
    let waits = flag(at, "await");
    eachWithin(at, ({ self, type }) => {
      waits ||= type === "AwaitExpression";
      return !isFunction(self);
    });
    if (waits) return true;
  }
  return false;
}
