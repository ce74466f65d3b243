/** The open sockets of `ws` and `socket.io`: new code greets them by its own "connection" listeners, as if their clients had
 * connected now.
 *
 * Seen are the emitters to which app code adds such a listener, and what the sockets listened to before it was called: what
 * has come since is the old code's and is taken off. Sockets that are handed to a callback instead never pass a listener;
 * those cannot be greeted.
 *
 * @module
 */
import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import type { Generations } from "../../modules/generations.ts";
import { evaluatedBy, type Maker, makerOf } from "../../modules/makers.ts";
import { isOf, type Whose } from "../whose.ts";
import {
  end,
  isHandled,
  kindOf,
  type Listeners,
  listenersOf,
  moveSessions,
  moveSocket,
  netSocketOf,
} from "./package_socket_kinds.ts";

/** What is needed. */
export interface PackageSocketsContext {
  /** The generations of the process. */
  readonly generations: Generations;
  /** The innermost module of the app on the stack, or null. */
  callingPlace(): string | null;
  /** Whether a place is one of some modules. */
  isAmong(place: string | null, paths: ReadonlySet<string>): boolean;
  /** Whether what a value has begun while it was made goes on with it. */
  goesOn(maker: Maker): boolean;
  /** Takes what goes wrong while sockets are greeted. */
  report(message: string): void;
}

interface Open {
  readonly args: readonly unknown[];
  readonly before: Listeners;
  /** Notes that it is closed. */
  readonly gone: () => void;
  /** Whether its "connection" listeners have made its handlers. */
  isHandled: boolean;
}

/** Something that tells of connections, and its sockets. */
interface Teller extends Whose {
  readonly emitter: EventEmitter;
  readonly kind: string;
  readonly attempt: number | null;
  /** The kept value that has added its listener while it was made, or null. */
  readonly maker: Maker | null;
  readonly open: Map<EventEmitter, Open>;
}

type Listener = (...args: unknown[]) => void;

/** All such sockets. */
export class PackageSockets {
  readonly #context: PackageSocketsContext;
  /** Held by their emitters alone: a server that is closed and that nobody has any more is over. */
  readonly #tellers = new Set<WeakRef<Teller>>();
  #on = EventEmitter.prototype.on;
  readonly #of = new WeakMap<EventEmitter, { readonly last: Listener }>();

  /**
   * @param context what they need
   */
  constructor(context: PackageSocketsContext) {
    this.#context = context;
  }

  /** Sees who listens to connections. */
  install(): void {
    const { prototype } = EventEmitter;
    this.#on = prototype.on;
    const see = (emitter: EventEmitter, event: unknown) => {
      if (event === "connection") this.#listened(emitter);
    };
    for (const name of ["on", "addListener"] as const) {
      const native = prototype[name];
      prototype[name] = function (
        this: EventEmitter,
        event: string | symbol,
        listener: Listener,
      ) {
        native.call(this, event, listener);
        see(this, event);
        return this;
      } as typeof native;
    }
  }

  /** The sockets beneath those that new code can greet. */
  get greetable(): Set<Socket> {
    const found = new Set<Socket>();
    for (const { open, kind } of this.#known()) {
      for (const [socket, { isHandled }] of open) {
        const beneath = netSocketOf(socket, kind);
        if (beneath && isHandled) found.add(beneath);
      }
    }
    return found;
  }

  /** Whether it is one of them, whose handlers are dealt with by itself. */
  isOpen(object: object): boolean {
    return object instanceof EventEmitter &&
      this.#known().some(({ open }) => open.has(object));
  }

  /** Lets the code of an attempt greet the open sockets of the modules that it replaced. */
  greet(attempt: number, paths: ReadonlySet<string>): void {
    const all = [...this.#known()];
    const next = all.filter((it) => it.attempt === attempt);
    const before = all.filter((it) => this.#isReplaced(it, attempt, paths));
    for (const old of before) {
      const now = next.find((it) =>
        it.kind === old.kind && it.place === old.place
      ) ?? next.find((it) => it.kind === old.kind);
      if (now) next.splice(next.indexOf(now), 1);
      this.#hand(old, now ?? null);
    }
  }

  /** Forgets what nobody is connected to any more: that of replaced modules, or of an attempt that is given up. */
  forget(attempt: number, paths: ReadonlySet<string> | null): void {
    for (const it of this.#known()) {
      const isOver = paths === null
        ? it.attempt === attempt
        : this.#isReplaced(it, attempt, paths) && it.open.size === 0;
      if (isOver) this.#forget(it);
    }
  }

  /** Whether its listener goes with the modules that an attempt has replaced, and not with a value that stays. */
  #isReplaced(
    teller: Teller,
    next: number,
    paths: ReadonlySet<string>,
  ): boolean {
    const { isAmong, goesOn } = this.#context;
    const { attempt, maker } = teller;
    return attempt !== next && isOf(teller, paths, isAmong) &&
      !(maker !== null && goesOn(maker));
  }

  *#known(): Generator<Teller> {
    for (const ref of this.#tellers) {
      const teller = ref.deref();
      if (teller) yield teller;
      else this.#tellers.delete(ref);
    }
  }

  #forget(teller: Teller): void {
    for (const ref of this.#tellers) {
      if (ref.deref() === teller) this.#tellers.delete(ref);
    }
  }

  #hand(old: Teller, now: Teller | null): void {
    const { generations, report } = this.#context;
    this.#forget(old);
    if (now) moveSessions(old.emitter, now.emitter, old.kind);
    for (const [socket, { args, before, gone }] of [...old.open]) {
      old.open.delete(socket);
      socket.removeListener(closeOf(old.kind), gone);
      for (const name of socket.eventNames()) {
        for (const listener of socket.rawListeners(name)) {
          if (before.get(name)?.includes(listener)) continue;
          socket.removeListener(
            name,
            (listener as { listener?: Listener }).listener ??
              listener as Listener,
          );
        }
      }
      if (!now) {
        // Nobody of the new code would have let its client in.
        end(socket, old.kind);
        continue;
      }
      try {
        moveSocket(socket, old.emitter, now.emitter, old.kind);
        generations.outside(() =>
          generations.startWork(() =>
            // The emitter's own emit would tell other processes too.
            EventEmitter.prototype.emit.call(
              now.emitter,
              "connection",
              socket,
              ...args,
            )
          )
        );
      } catch (error) {
        report(
          `a socket could not be greeted by the new code: ${
            error instanceof Error ? error.message : error
          }`,
        );
        end(socket, old.kind);
      }
    }
  }

  #listened(emitter: EventEmitter): void {
    const kind = kindOf(emitter);
    if (kind === null) return;
    const known = this.#of.get(emitter);
    if (known) {
      // It has to stay the last one.
      emitter.removeListener("connection", known.last);
      this.#on.call(emitter, "connection", known.last);
      return;
    }
    const { work } = this.#context.generations;
    const teller: Teller = {
      emitter,
      kind,
      place: this.#context.callingPlace() ?? work?.place ?? null,
      evaluated: evaluatedBy(work),
      attempt: work?.attempt ?? null,
      maker: makerOf(work),
      open: new Map(),
    };
    this.#tellers.add(new WeakRef(teller));
    const first: Listener = (socket, ...args) => {
      if (!(socket instanceof EventEmitter)) return;
      const gone = () => teller.open.delete(socket);
      socket.once(closeOf(kind), gone);
      teller.open.set(socket, {
        args,
        before: listenersOf(socket),
        gone,
        isHandled: false,
      });
    };
    const last: Listener = (socket) => {
      const open = teller.open.get(socket as EventEmitter);
      if (open) {
        open.isHandled = isHandled(socket as EventEmitter, open.before, kind);
      }
    };
    emitter.prependListener("connection", first);
    this.#on.call(emitter, "connection", last);
    this.#of.set(emitter, { last });
  }
}

function closeOf(kind: string): string {
  return kind.startsWith("socket.io") ? "disconnect" : "close";
}
