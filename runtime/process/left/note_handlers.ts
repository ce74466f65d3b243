/** Sees what the platform is given to call later: ports, channels, workers, sockets, watchers, children, streams.
 * @module
 */
import { ChildProcess } from "node:child_process";
import dgram from "node:dgram";
import fs from "node:fs";
import { Socket } from "node:net";
import readline from "node:readline";
import { Readable } from "node:stream";
import threads from "node:worker_threads";
import { putInDeno } from "../../base/platform/put_in_deno.ts";
import { likeNative } from "../timers/timer_modules.ts";
import { isOfAccepted, leadsFrom, ownerOf } from "./accepted_streams.ts";
import { CONNECTION, type LeftHandlers } from "./left_handlers.ts";

const LISTENS = ["on", "addListener", "once"];

type Method = (this: object, ...args: unknown[]) => unknown;

/** Puts wrappers in the place of what is called for that. */
export function noteHandlers(left: LeftHandlers): void {
  for (
    const { name, prototype } of [
      MessagePort,
      BroadcastChannel,
      Worker,
      EventSource,
      WebSocket,
    ]
  ) {
    noteTarget(prototype, (it) => {
      // A socket that a client has opened is known by itself.
      if (it instanceof WebSocket && it.url === "") return;
      // What an evaluation sends itself ends with its timers.
      const of = it instanceof MessagePort ? "work" : "all";
      left.note(`a ${name}`, it, undefined, of);
    });
    const ends = ["close", "terminate"].filter((it) => it in prototype);
    noteCalls(prototype, ends, (it) => left.ended(it));
  }
  const child = (it: object) => left.note("a child process", it);
  noteCalls(ChildProcess.prototype, LISTENS, child);
  const { prototype: thread } = threads.Worker;
  noteCalls(thread, LISTENS, (it) => left.note("a Worker", it));
  noteCalls(thread, ["terminate"], (it) => left.ended(it));
  noteCalls(thread, ["emit"], (it, [event]) => {
    if (event === "exit") left.ended(it);
  });
  const { prototype: datagrams } = dgram.Socket;
  noteCalls(datagrams, LISTENS, (it, [event]) => {
    if (event === "message") left.note("a UDP socket", it);
  });
  noteCalls(datagrams, ["close"], (it) => left.ended(it));
  const { prototype: lines } = readline.Interface;
  noteCalls(lines, LISTENS, (it, [event]) => {
    // What requests hand on is known by that.
    if (event === "line") {
      left.note("lines of a stream", it, undefined, "evaluations");
    }
  });
  noteCalls(lines, ["close"], (it) => left.ended(it));
  for (const name of ["watch", "watchFile"]) {
    noteResult(fs, name, (it, args) => {
      const listener = args.at(-1);
      left.note(
        "a watcher of files",
        it,
        typeof listener === "function" ? listener : undefined,
      );
      const ends = ["close", "stop"].filter((name) => name in it);
      noteCalls(it, ends, (it) => left.ended(it));
    });
  }
  noteCalls(Socket.prototype, ["connect"], (it) => left.opens(it));
  for (const name of ["connect", "connectTls"] as const) {
    noteConnections(left, name, Deno[name] as Connect);
  }
  noteStreams(left);
}

type Connect = (options: never) => Promise<Deno.Conn>;

/** Sees the connections that the app opens by Deno's own functions. */
function noteConnections(
  left: LeftHandlers,
  name: string,
  native: Connect,
): void {
  const wrapped: Connect = (options) => {
    const note = left.opening();
    const connecting = native.call(Deno, options);
    return note === null ? connecting : connecting.then((connection) => {
      noteCloses(left, connection);
      note(CONNECTION, connection);
      return connection;
    });
  };
  putInDeno(name, native, wrapped);
}

function noteCloses(left: LeftHandlers, connection: Deno.Conn): void {
  const owner = ownerOf(connection, "close");
  if (!owner || closing.has(owner)) return;
  closing.add(owner);
  noteCalls(owner, ["close", Symbol.dispose], (it) => left.ended(it));
}

const closing = new WeakSet<object>();

function noteStreams(left: LeftHandlers): void {
  const stream = (it: object, [event]: unknown[]) => {
    if (event !== "data" && event !== "readable" || isAccepted(it)) return;
    left.note("a stream", it);
  };
  noteCalls(Readable.prototype, ["on", "addListener"], stream);
  noteCalls(Readable.prototype, ["pipe"], (it, [into]) => {
    if (isAccepted(it) || typeof into !== "object") return;
    left.note("a stream", it, into ?? undefined);
  });
  const called = ["map", "filter", "flatMap", "forEach", "some", "every"];
  noteCalls(Readable.prototype, [...called, "find", "reduce"], (it, [by]) => {
    if (typeof by === "function") left.note("a stream", it, by);
  });
  const piped = (it: object, _args: unknown[], result: unknown) => {
    if (!(it instanceof ReadableStream) || !it.locked) return;
    // Connections that the app accepts are known by themselves.
    if (isOfAccepted(it)) leadsFrom(it, result);
    else left.noteCaller("a stream that is piped", it);
  };
  noteCalls(ReadableStream.prototype, ["pipeTo", "pipeThrough"], piped);
  noteCalls(ReadableStream.prototype, ["tee"], (it, _args, result) => {
    if (isOfAccepted(it)) leadsFrom(it, result);
  });
}

/** Whether it is the socket of a server, which is known by itself. */
export function isAccepted(stream: object): boolean {
  return stream instanceof Socket &&
    Boolean((stream as { readonly _server?: unknown })._server);
}

/** Sees what is added to the listeners of a target, and what is assigned to `onmessage` and its like. */
function noteTarget(prototype: object, note: (it: object) => void): void {
  replace(prototype, "addEventListener", function (...args) {
    note(this);
    return Reflect.apply(EventTarget.prototype.addEventListener, this, args);
  }, EventTarget.prototype);
  for (
    const [name, about] of Object.entries(
      Object.getOwnPropertyDescriptors(prototype),
    )
  ) {
    const { set } = about;
    if (!/^on[a-z]+$/.test(name) || !set) continue;
    Object.defineProperty(prototype, name, {
      ...about,
      set(this: object, value: unknown) {
        set.call(this, value);
        if (typeof value === "function") note(this);
      },
    });
  }
}

function noteCalls(
  owner: object,
  names: readonly PropertyKey[],
  note: (it: object, args: unknown[], result: unknown) => void,
): void {
  for (const name of names) {
    const native = Reflect.get(owner, name) as Method;
    replace(owner, name, function (...args) {
      const result = native.apply(this, args);
      note(this, args, result);
      return result;
    });
  }
}

function noteResult(
  owner: object,
  name: string,
  note: (it: object, args: unknown[]) => void,
): void {
  const native = Reflect.get(owner, name) as Method;
  replace(owner, name, function (...args) {
    const result = native.apply(this, args);
    if (typeof result === "object" && result !== null) note(result, args);
    return result;
  });
}

function replace(
  owner: object,
  name: PropertyKey,
  method: Method,
  native: object = owner,
): void {
  const about = Object.getOwnPropertyDescriptor(native, name);
  Object.defineProperty(owner, name, {
    configurable: true,
    enumerable: about?.enumerable ?? false,
    writable: true,
    value: likeNative(method, Reflect.get(native, name)),
  });
}
