import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { EventEmitter } from "node:events";
import { StateCopy } from "./copy.ts";
import type { CopyError } from "./copy_error.ts";

interface Item {
  n: number;
}
const item = (): Item => ({ n: 1 });

/** Copies a state as a migration does; gives what late promises were told of. */
async function copied<T>(state: T): Promise<{ copy: T; late: string[] }> {
  const copy = new StateCopy("s", state);
  copy.run();
  const late: string[] = [];
  await copy.promises?.(({ message }) => late.push(message));
  return { copy: copy.value as T, late };
}

Deno.test("a promise that gives an object of the state is refused, with its place", async () => {
  const it = item();
  const rejected = Promise.reject(it);
  rejected.catch(() => {});
  const states: [unknown, string][] = [
    [{ it, first: Promise.resolve(it) }, "s.first"],
    [
      { it, all: new Map([["a", Promise.resolve({ of: [it] })]]) },
      's.all.get("a")',
    ],
    [{ it, all: [Promise.resolve(new Set([it]))] }, "s.all[0]"],
    [{ it, rejected }, "s.rejected"],
    [{ it, deep: { at: Promise.resolve(new Map([[it, 1]])) } }, "s.deep.at"],
  ];
  for (const [state, path] of states) {
    const error = await assertRejects(() => copied(state)) as CopyError;
    assertEquals(error.path, path);
    assertEquals(
      error.message,
      `Cannot copy ${path}: Promise gives an object of the state, and would not give its copy; declare copy, or keep such values out of the state`,
    );
  }
});

Deno.test("a promise of anything else is carried as it is, and one that is open is watched", async () => {
  const it = item();
  const { promise, resolve } = Promise.withResolvers<Item>();
  const never = new Promise(() => {});
  const state = { it, promise, never, done: Promise.resolve({ n: 2 }) };
  const { copy, late } = await copied(state);
  assertEquals(copy.done === state.done, true);
  assertEquals(copy.promise === promise, true);
  assertEquals(copy.never === never, true);
  assertEquals(copy.it === it, false);
  resolve(it);
  await promise;
  await Promise.resolve();
  assertEquals(late.length, 1);
  assertEquals(
    late[0]!.startsWith("Cannot copy s.promise: Promise gives"),
    true,
  );
});

Deno.test("what is put on objects of the host must not lead back to the state", () => {
  class Socket extends EventEmitter {
    user: unknown = null;
  }
  const it = item();
  const socket = new Socket();
  socket.user = it;
  const target = Object.assign(new EventTarget(), { data: { of: it } });
  const hidden = Object.assign(new EventTarget(), { [Symbol("user")]: it });
  const aborted = AbortSignal.abort(it);
  const states: [unknown, string, string][] = [
    [{ it, clients: new Set([socket]) }, "s.clients[0]", "under user"],
    [{ it, target }, "s.target", "under data"],
    [{ it, hidden }, "s.hidden", "under Symbol(user)"],
    [
      { it, last: new CustomEvent("x", { detail: it }) },
      "s.last",
      "under detail",
    ],
    [
      { it, last: new MessageEvent("x", { data: [it] }) },
      "s.last",
      "under data",
    ],
    [{ it, aborted }, "s.aborted", "under reason"],
    [
      { it, timer: new ErrorEvent("x", { error: it }) },
      "s.timer",
      "under error",
    ],
  ];
  for (const [state, path, where] of states) {
    const copy = new StateCopy("s", state);
    const error = assertThrows(() => copy.run()) as CopyError;
    assertEquals(error.path, path);
    assertEquals(
      error.why,
      `has an object of the state ${where}, and would not have its copy`,
    );
  }
  const own = { n: 2 };
  socket.user = own;
  const ring: unknown[] = [];
  ring.push(ring);
  const others = {
    it,
    socket,
    ring: Object.assign(new EventTarget(), { ring }),
    here: globalThis,
    channel: new AbortController(),
  };
  const copy = new StateCopy("s", others);
  copy.run();
  assertEquals((copy.value as typeof others).socket.user === own, true);
  assertEquals(copy.promises, null);
});
