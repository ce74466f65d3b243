/** The servers of `node:http`, `https`, `http2`, `net` and `tls`: who meets which one, and how one is handed over.
 *
 * The first server on an address keeps the listening socket forever; one that the code of an upgrade puts in its place
 * gets a stand-in for it. Deno runs their listeners in the async context of the last `import()` of the process, whoever
 * made it; here each event is work of its own, or the health check's where that sent the request.
 *
 * @module
 */
import { AsyncLocalStorage } from "node:async_hooks";
import net from "node:net";
import process from "node:process";
import { Gate } from "../../modules/generation_gate.ts";
import type { Work } from "../../modules/generations.ts";
import { listenKey } from "./listen_key.ts";
import { type ListenerOptions, nodeListenOptions } from "./listener_options.ts";
import {
  end,
  type Inner,
  own,
  portOf,
  rawConnection,
  standIn,
} from "../node_server_insides.ts";
import { followProperties } from "./server_properties.ts";
import {
  answered,
  type Emit,
  follow,
  type NodeEventsContext,
  redeemed,
} from "./node_events.ts";
import type { Passes } from "./passes.ts";
import type { RawPasses } from "../raw_passes.ts";
import {
  type Asked,
  type HandedOver,
  HandOver,
  type HandOverContext,
  servedBy,
} from "./hand_over.ts";

/** What the servers need. */
export interface NodeServersContext extends HandOverContext, NodeEventsContext {
  /** The passes of health checks. */
  readonly passes: Passes;
  /** The connections of health checks. */
  readonly rawPasses: RawPasses;
  /** Told of a socket that is not a request any more, and of the module that serves it. */
  upgraded(socket: net.Socket, place: string | null): void;
  /** Told of a connection to a server that does not speak HTTP, and of the module that serves it. */
  connected(socket: net.Socket, place: string | null): void;
}

/** One server, current or not. */
interface Member extends HandedOver {
  readonly server: net.Server;
  /** Emits to the server's own listeners. */
  readonly emit: Emit;
  /** Runs something in the async context of the server's `listen`. */
  readonly inContext: <T>(act: () => T) => T;
  /** Whether it emits an event. */
  emitting: boolean;
}

/** An address that is listened on, and the servers that took their turns there. */
interface Listener {
  readonly key: string;
  readonly gate: Gate<Member>;
  readonly options: ListenerOptions;
  /** The server that has the listening socket. */
  readonly front: net.Server;
  /** All of them, with what closes each as its class does. */
  readonly members: Map<net.Server, () => void>;
  closed: boolean;
  /** Whether the front has told that its last connection is closed. */
  isDrained: boolean;
}

/** Events about the server itself, which come from the code that uses it. */
const OWN_EVENTS: ReadonlySet<string | symbol> = new Set([
  "listening",
  "close",
  "error",
  "newListener",
  "removeListener",
]);

/** Connections that are there before it is known whose requests they bring: those of a server that speaks HTTP. */
const CONNECTIONS: ReadonlySet<string | symbol> = new Set([
  "connection",
  "secureConnection",
]);

type Listen = (this: net.Server, ...args: unknown[]) => net.Server;

/** All servers of Node's modules. */
export class NodeServers extends HandOver<Listener, Member> {
  readonly #context: NodeServersContext;
  readonly #of = new WeakMap<net.Server, Listener>();

  /**
   * @param context what they need
   */
  constructor(context: NodeServersContext) {
    super(context);
    this.#context = context;
  }

  /** Sees every server from its `listen` on. */
  install(): void {
    const prototype = net.Server.prototype as unknown as { listen: Listen };
    const { listen } = prototype;
    const open = (server: net.Server, args: unknown[]) =>
      this.#listen(server, args, listen);
    prototype.listen = function (...args) {
      return open(this, args);
    };
  }

  protected override answers({ server }: Member): unknown[] {
    return server.eventNames().flatMap((it) => server.listeners(it));
  }

  protected override close(listener: Listener): void {
    // At once, though it waits for its connections: nobody can take it over any more.
    this.closed(listener);
    for (const shut of listener.members.values()) shut();
  }

  #listen(server: net.Server, args: unknown[], listen: Listen): net.Server {
    // One that listens once more, after it was closed.
    if (this.#of.get(server)?.closed === false) {
      return listen.apply(server, args);
    }
    const asked = this.asked();
    const key = listenKey(args, (host) => this.keyOfAnyPort(host, asked));
    const options = nodeListenOptions(args);
    const there = key === null ? null : this.claimable(asked, key, options);
    const member: Member = {
      ...asked.about,
      server,
      emit: server.emit.bind(server) as Emit,
      // What the app itself follows by async context stays as it was at `listen`.
      inContext: AsyncLocalStorage.snapshot(),
      emitting: false,
    };
    if (there) {
      this.#take(there, member, asked, args);
      return server;
    }
    const listener: Listener = {
      key: key ?? "",
      gate: new Gate(this.#context.generations, member),
      options,
      front: server,
      members: new Map(),
      closed: false,
      isDrained: false,
    };
    this.#join(listener, member, asked);
    this.opened(listener, asked);
    return listen.apply(server, args);
  }

  #take(
    listener: Listener,
    member: Member,
    asked: Asked<Listener, Member>,
    args: readonly unknown[],
  ): void {
    const { front } = listener;
    const { server } = member;
    const [options, callback] = [
      args.flat(1)[0] as { readonly signal?: AbortSignal } | undefined,
      args.flat(1).findLast((it) => typeof it === "function"),
    ];
    if (callback) server.once("listening", callback as () => void);
    const signal = typeof options === "object" ? options?.signal : undefined;
    signal?.addEventListener("abort", () => void server.close(), {
      once: true,
    });
    standIn(server, front, () => {
      this.unclaim(listener, asked);
      // As in a fresh process: who closes its server stops listening.
      if (listener.gate.newest === member) this.close(listener);
    });
    this.#join(listener, member, asked);
    this.claim(listener, member, asked);
    process.nextTick(() => server.emit("listening"));
  }

  #join(
    listener: Listener,
    member: Member,
    asked: Asked<Listener, Member>,
  ): void {
    const { server } = member;
    this.#of.set(server, listener);
    const { gate, front, members } = listener;
    const close = server.close;
    members.set(server, () => void close.call(server));
    own(server, "emit", this.#emit(listener, member));
    const isOver = () =>
      gate.newest !== member && !this.isPending(listener, member, asked);
    followProperties(
      server,
      () =>
        isOver()
          ? this.#context.generations.outside(() => gate.value.server)
          : server,
    );
    if (server !== front) {
      const { _emitCloseIfDrained: tell } = server as unknown as Inner;
      // The front knows its connections; one that is handed over has nothing left to tell.
      own(server, "_emitCloseIfDrained", () => {
        const waits = gate.newest === member && !listener.isDrained;
        if (!isOver() && !waits) tell.call(server);
      });
    }
    own(server, "close", (done?: (error?: Error) => void) => {
      if (!isOver()) return close.call(server, done);
      // Code that has handed its address over has nothing left to close.
      if (done) process.nextTick(done);
      return server;
    });
    for (const name of ["closeAllConnections", "closeIdleConnections"]) {
      const method: unknown = Reflect.get(server, name);
      if (typeof method !== "function") continue;
      own(server, name, () => {
        if (isOver()) return;
        for (const it of members.keys()) method.call(it);
      });
    }
  }

  #emit(listener: Listener, member: Member): Emit {
    const { generations, passes } = this.#context;
    const { server, emit } = member;
    let forget = () => {};
    return (name, ...args) => {
      if (OWN_EVENTS.has(name)) {
        if (name === "listening") {
          forget();
          forget = passes.listening(portOf(server));
        }
        if (name === "close") forget();
        const failed = name === "error" && !server.listening;
        // An address that is taken is told of later, without context and without a frame of the app.
        if (name === "error") {
          const work = member.inContext(() => generations.work);
          this.#context.note(args[0], work);
        }
        if (server === listener.front && (failed || name === "close")) {
          this.closed(listener);
        }
        if (name !== "close" || server !== listener.front) {
          return emit(name, ...args);
        }
        listener.isDrained = true;
        return listener.gate.newest.emit(name, ...args);
      }
      // One event that is told as another (`stream` as `request`) is the same work.
      if (member.emitting) return emit(name, ...args);
      if (name === rawConnection(server)) {
        this.#connected(listener, name, args);
        return true;
      }
      const check = redeemed(args, passes);
      const { ready } = listener.gate.newest;
      if (check === null && ready !== null && !CONNECTIONS.has(name)) {
        // Nobody from outside meets it before its code is trusted; given up, its connections end.
        void ready.then((isIn) =>
          isIn ? this.#deliver(listener, null, name, args) : end(args)
        );
        return true;
      }
      return generations.as(
        check,
        () => this.#deliver(listener, check, name, args),
      );
    };
  }

  /** Delivers a connection to a server that does not speak HTTP: to the new code where a health check has opened it. */
  #connected(
    listener: Listener,
    name: string | symbol,
    args: readonly unknown[],
  ): void {
    const { generations, rawPasses } = this.#context;
    const { localPort = 0, remotePort = 0 } = args[0] as net.Socket;
    const deliver = () => {
      const check = rawPasses.redeem(localPort, remotePort);
      generations.as(
        check,
        () => this.#deliver(listener, check, name, args),
      );
    };
    const known = rawPasses.known(localPort);
    if (known === null) deliver();
    else void known.then(deliver);
  }

  #deliver(
    { gate }: Listener,
    check: Work | null,
    name: string | symbol,
    args: readonly unknown[],
  ): boolean {
    const { generations, note } = this.#context;
    const target = gate.value;
    const go = () => {
      const { work } = generations;
      for (const arg of args) {
        follow(arg, work, target.inContext, this.#context);
      }
      try {
        return target.emit(name, ...args);
      } catch (error) {
        note(error, generations.work);
        throw error;
      }
    };
    if (name === "upgrade") {
      this.#context.upgraded(args[1] as net.Socket, servedBy(target));
    }
    if (name === rawConnection(target.server)) {
      this.#context.connected(args[0] as net.Socket, servedBy(target));
    }
    target.emitting = true;
    try {
      return target.inContext(() =>
        check === null
          ? generations.startWork(go, { ends: answered(args) })
          : generations.as(check, go)
      );
    } finally {
      target.emitting = false;
    }
  }
}
