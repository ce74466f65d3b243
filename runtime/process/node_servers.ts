/** The servers of `node:http`, `https`, `http2`, `net` and `tls`: one patch sees them all.
 *
 * Deno runs their listeners in the async context of the last `import()` of the process, whoever made it; here each
 * event is work of its own, or the health check's where that sent the request.
 *
 * @module
 */
import { AsyncLocalStorage } from "node:async_hooks";
import net from "node:net";
import type { Generations, Work } from "../modules/generations.ts";
import { PASS_HEADER, type Passes } from "./passes.ts";

/** What the servers need. */
export interface NodeServersContext {
  /** The generations of the process. */
  readonly generations: Generations;
  /** The passes of health checks. */
  readonly passes: Passes;
  /** Told what a listener threw, and whose work it was. */
  note(error: unknown, work: Work | null): void;
}

type Emit = (name: string | symbol, ...args: unknown[]) => boolean;

interface Emitter {
  emit: Emit;
  once(name: string, listener: () => void): unknown;
}

/** Events about the server itself, which come from the code that uses it. */
const OWN_EVENTS: ReadonlySet<string | symbol> = new Set([
  "listening",
  "close",
  "error",
  "newListener",
  "removeListener",
]);

/**
 * Sees every server of Node's modules from its `listen` on.
 *
 * @param context what is needed
 */
export function watchNodeServers(context: NodeServersContext): void {
  const prototype = net.Server.prototype as unknown as {
    listen(this: net.Server, ...args: unknown[]): net.Server;
  };
  const { listen } = prototype;
  const seen = new WeakSet<net.Server>();
  prototype.listen = function (...args) {
    if (!seen.has(this)) {
      seen.add(this);
      watch(this, context);
    }
    return listen.apply(this, args);
  };
}

function watch(server: net.Server, context: NodeServersContext): void {
  const { generations, passes } = context;
  const emitter = server as unknown as Emitter;
  const emit = emitter.emit;
  // What the app itself follows by async context stays as it was at `listen`.
  const inContext = AsyncLocalStorage.snapshot();
  let forget = () => {};
  let emitting = false;
  const own: Emit = (name, ...args) => {
    if (OWN_EVENTS.has(name)) {
      if (name === "listening") {
        forget();
        forget = passes.listening(portOf(server));
      }
      if (name === "close") forget();
      return emit.call(server, name, ...args);
    }
    // One event that is told as another (`stream` as `request`) is the same work.
    if (emitting) return emit.call(server, name, ...args);
    emitting = true;
    const check = redeemed(args, passes);
    const go = () => {
      for (const arg of args) follow(arg, context);
      try {
        return emit.call(server, name, ...args);
      } catch (error) {
        context.note(error, generations.work);
        throw error;
      }
    };
    try {
      return inContext(() =>
        check === null
          ? generations.startWork(go, answered(args))
          : generations.as(check, go)
      );
    } finally {
      emitting = false;
    }
  };
  Object.defineProperty(server, "emit", {
    value: own,
    configurable: true,
    writable: true,
  });
}

/** Lets the events of a request, a response or a socket be of the work that they belong to. */
function follow(value: unknown, { generations, note }: NodeServersContext) {
  if (!isEmitter(value) || Object.hasOwn(value, "emit")) return;
  const { emit } = value;
  const inContext = AsyncLocalStorage.snapshot();
  const own: Emit = (name, ...args) =>
    inContext(() => {
      try {
        return emit.call(value, name, ...args);
      } catch (error) {
        note(error, generations.work);
        throw error;
      }
    });
  Object.defineProperty(value, "emit", {
    value: own,
    configurable: true,
    writable: true,
  });
}

/** Settles when a request is answered; nothing for other events, which are over when their listeners return. */
function answered(args: readonly unknown[]): Promise<void> | undefined {
  const response = args[1];
  if (!isEmitter(response) || !("writeHead" in response)) return undefined;
  return new Promise((resolve) => response.once("close", resolve));
}

function redeemed(args: readonly unknown[], passes: Passes): Work | null {
  for (const arg of args) {
    if (typeof arg !== "object" || arg === null) continue;
    const message = arg as {
      headers?: Record<string, unknown>;
      rawHeaders?: unknown[];
    };
    const headers = message.headers ?? arg as Record<string, unknown>;
    const secret = headers[PASS_HEADER];
    if (typeof secret !== "string") continue;
    delete headers[PASS_HEADER];
    const { rawHeaders = [] } = message;
    const at = rawHeaders.findIndex((name, index) =>
      index % 2 === 0 && String(name).toLowerCase() === PASS_HEADER
    );
    if (at >= 0) rawHeaders.splice(at, 2);
    return passes.redeem(secret);
  }
  return null;
}

function portOf(server: net.Server): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

function isEmitter(value: unknown): value is Emitter {
  return typeof value === "object" && value !== null && "emit" in value &&
    typeof value.emit === "function" && "once" in value;
}
