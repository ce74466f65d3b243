/** The open sockets of app code, by the module whose code handles them: an upgrade leaves those handlers as they are,
 * unless the app says otherwise.
 * @module
 */
import { performance } from "../../base/platform/globals.ts";
import { errorText } from "../../base/error_text.ts";
import type { Socket } from "node:net";
import { natives } from "../../base/platform/natives.ts";
import type { Generations } from "../../modules/generations.ts";
import { callingLine } from "../../modules/caller.ts";
import { type Answer, GreetedSocket } from "./greeted_socket.ts";
import { putInDeno } from "../../base/platform/put_in_deno.ts";

/** What the sockets need. */
export interface OpenSocketsContext {
  /** The generations of the process. */
  readonly generations: Generations;
  /** The module that is calling, as far as the stack or the request tells; null where nothing does. */
  callingPlace(): string | null;
  /** The path of a place that was noted before the root was known. */
  pathOf(place: string): string;
  /** The URLs by which a stack may name what is at a place now. */
  urlsOf(place: string): readonly string[];
  /** Answers a request as the server does whose request is under way; null outside of requests. */
  currentAnswer(): Answer | null;
  /** The sockets of packages that new code can greet. */
  greetable(): ReadonlySet<Socket>;
  /** Takes what goes wrong while sockets are greeted. */
  report(message: string): void;
}

interface OpenSocket {
  readonly place: string;
  /** The generation of the code that handles it. */
  readonly generation: number;
  /** Where that module opens it, if it does so itself. */
  readonly line?: number;
  /** Asks its client to connect again. */
  readonly end: () => void;
  /** What lets new code greet it; null where only a package could. */
  readonly greeted: GreetedSocket | null;
  /** What a package makes of it; absent for others. */
  readonly beneath?: Socket;
  /** Since when it is open, where it may be one question and its answer. */
  readonly since?: number;
  /** Tells whether it is open, where nothing says when it is closed. */
  readonly probe?: () => Promise<boolean>;
}

/** The close code of a service that begins again. */
const SERVICE_RESTART = 1012;
/** The same as a frame of a server, for sockets that a package has upgraded. */
const RESTART_FRAME = new Uint8Array([0x88, 2, 0x03, 0xf4]);
/** A connection that takes no bytes for so long is open: its other end is slow. */
const PROBE_MS = 50;
/** A connection without HTTP that is younger may be one question, and be over soon. */
const YOUNG_MS = 1000;
/** Clients that connect again all at once would come as a flood. */
const ENDS_PER_SECOND = 100;

/** All sockets that app code has opened by itself; those of `sockets()` follow the code and are not among them. */
export class OpenSockets {
  readonly #context: OpenSocketsContext;
  readonly #open = new Set<OpenSocket>();
  readonly #greeting = new WeakMap<Request, GreetedSocket>();
  /** Modules by the generation that took their place, where sockets of the code before must not stay. */
  readonly #replacedIn = new Map<string, number>();

  /**
   * @param context what they need
   */
  constructor(context: OpenSocketsContext) {
    this.#context = context;
  }

  /** Puts a wrapper in the place of `Deno.upgradeWebSocket`. */
  install(): void {
    const native = natives.upgradeWebSocket;
    const wrapped = (
      request: Request,
      options?: Deno.UpgradeWebSocketOptions,
    ): Deno.WebSocketUpgrade => this.#upgrade(request, options);
    putInDeno("upgradeWebSocket", native, wrapped);
  }

  /** How many are open, by the path of the module that handles them. */
  get byModule(): Record<string, number> {
    return this.#counted(() => true);
  }

  /** Where the modules open them, by path; where they do so themselves. */
  get lines(): Record<string, number> {
    const lines: Record<string, number> = {};
    for (const { place, line } of this.#open) {
      if (line !== undefined) lines[this.#context.pathOf(place)] ??= line;
    }
    return lines;
  }

  /** How many of them new code cannot greet, by the path of the module that serves. */
  get ofPackages(): Record<string, number> {
    const greetable = this.#context.greetable();
    return this.#counted(({ greeted, beneath }) =>
      greeted === null && !(beneath && greetable.has(beneath))
    );
  }

  /** Forgets the connections that are closed and have not said so. */
  async settle(): Promise<void> {
    const all = [...this.#open].filter(({ probe }) => probe);
    await Promise.all(all.map(async (open) => {
      if (!await open.probe!()) this.#open.delete(open);
    }));
  }

  /** Notes a socket that a package has upgraded from a request to a server of Node's modules. */
  upgraded(socket: Socket, place: string | null): void {
    this.#opened(socket, place, () => socket.end(RESTART_FRAME));
  }

  /** Notes a connection to a server of Node's modules that speaks no protocol known here. */
  connected(socket: Socket, place: string | null): void {
    const since = performance.now();
    this.#opened(socket, place, () => socket.end(), { since });
  }

  /** Notes a connection that a listener of Deno's has accepted. */
  accepted(connection: Deno.Conn, place: string | null): void {
    if (place === null) return;
    this.#open.add({
      place,
      end: () => {
        try {
          connection.close();
        } catch {
          // It is closed already.
        }
      },
      greeted: null,
      generation: this.#generation,
      since: performance.now(),
      probe: async () => {
        // Nothing is sent; only one that is closed refuses.
        const tried = connection.write(new Uint8Array(0)).then(
          () => true,
          () => false,
        );
        const busy = new Promise<boolean>((resolve) =>
          natives.setTimeout(() => resolve(true), PROBE_MS)
        );
        return await Promise.race([tried, busy]);
      },
    });
  }

  #opened(
    socket: Socket,
    place: string | null,
    close: () => void,
    more: { readonly since?: number } = {},
  ): void {
    if (place === null || socket.destroyed) return;
    const open: OpenSocket = {
      place,
      end: () => {
        if (socket.writable) close();
      },
      greeted: null,
      generation: this.#generation,
      beneath: socket,
      ...more,
    };
    this.#add(open);
    socket.once("close", () => this.#open.delete(open));
  }

  /** Asks the clients of replaced modules to connect again, not all at once. */
  reconnect(paths: ReadonlySet<string>): void {
    this.#end(this.#of(paths));
  }

  /**
   * Says that code was replaced, and that no socket that it opens from now on may stay: a request that began in it may be
   * upgraded later.
   */
  replaced(paths: ReadonlySet<string>, generation: number): void {
    for (const path of paths) this.#replacedIn.set(path, generation);
  }

  /** Says that sockets of replaced code may stay. */
  kept(paths: ReadonlySet<string>): void {
    for (const path of paths) this.#replacedIn.delete(path);
  }

  /**
   * Asks those clients of replaced modules to connect again that nobody was asked about, because they came while the upgrade
   * was under way; not before what they began had its time to end.
   */
  reconnectLate(paths: ReadonlySet<string>, afterMs: number): void {
    const late = this.#of(paths);
    if (late.length === 0) return;
    this.#context.report(
      `${late.length} ${
        late.length === 1 ? "client" : "clients"
      } connected to code that was replaced meanwhile: they are asked to connect again`,
    );
    natives.setTimeout(
      () => this.#end(late.filter((it) => this.#open.has(it))),
      afterMs,
    ).unref();
  }

  #end(waiting: OpenSocket[]): void {
    const next = () => {
      const open = waiting.shift();
      if (!open) return;
      if (this.#open.has(open)) open.end();
      natives.setTimeout(next, 1000 / ENDS_PER_SECOND).unref();
    };
    next();
  }

  /** Lets new code greet the open sockets of replaced modules, as if their clients had connected now. */
  async greet(paths: ReadonlySet<string>): Promise<void> {
    const { generations, report } = this.#context;
    const greetable = this.#context.greetable();
    const greetings = this.#of(paths).map(async ({ greeted, beneath, end }) => {
      if (greeted === null) {
        if (!beneath || !greetable.has(beneath)) end();
        return;
      }
      const { request } = greeted;
      this.#greeting.set(request, greeted);
      try {
        await generations.outside(() =>
          generations.startWork(() => greeted.greet())
        );
      } catch (error) {
        report(
          `a socket could not be greeted by the new code: ${errorText(error)}`,
        );
      }
      if (greeted.isGreeted) return;
      // The new code would not have upgraded its request.
      this.#greeting.delete(request);
      end();
    });
    await Promise.all(greetings);
  }

  #upgrade(
    request: Request,
    options?: Deno.UpgradeWebSocketOptions,
  ): Deno.WebSocketUpgrade {
    const again = this.#greeting.get(request);
    if (again) {
      this.#greeting.delete(request);
      return again.handOver();
    }
    const { currentAnswer, callingPlace } = this.#context;
    // Its headers cannot be read any more once it is upgraded.
    const copy = new natives.Request(request.url, {
      headers: [...request.headers],
    });
    const answer = currentAnswer();
    const upgraded = natives.upgradeWebSocket(request, options);
    const place = callingPlace();
    if (place === null) return upgraded;
    const at = callingLine(this.#context.urlsOf(place));
    const { socket } = upgraded;
    const greeted = answer && new GreetedSocket(socket, copy, answer);
    const open: OpenSocket = {
      place,
      end: () => socket.close(SERVICE_RESTART),
      greeted,
      generation: this.#generation,
      ...at ? { line: at.line } : {},
    };
    const { addEventListener } = natives.WebSocket.prototype;
    const listen = (name: string, act: () => void) =>
      addEventListener.call(socket, name, act, { once: true });
    // From when it is open: a response that is never sent opens nothing.
    listen("open", () => this.#add(open));
    listen("close", () => this.#open.delete(open));
    return upgraded;
  }

  /** The generation of the code that opens a socket now: it keeps its handlers, however long it took. */
  get #generation(): number {
    const { work, meets } = this.#context.generations;
    return work && work.pass === null && !work.ended ? work.generation : meets;
  }

  #add(open: OpenSocket): void {
    this.#open.add(open);
    const { pathOf, report } = this.#context;
    const path = pathOf(open.place);
    if (open.generation >= (this.#replacedIn.get(path) ?? 0)) return;
    report(
      `a client has connected to code of ${path} that was replaced meanwhile: it is asked to connect again`,
    );
    this.#end([open]);
  }

  #of(paths: ReadonlySet<string>): OpenSocket[] {
    return [...this.#open].filter(({ place }) =>
      paths.has(this.#context.pathOf(place))
    );
  }

  #counted(isMeant: (open: OpenSocket) => boolean): Record<string, number> {
    const counts: Record<string, number> = {};
    const now = performance.now();
    for (const open of this.#open) {
      const isYoung = open.since !== undefined && now - open.since < YOUNG_MS;
      if (isYoung || !isMeant(open)) continue;
      const path = this.#context.pathOf(open.place);
      counts[path] = (counts[path] ?? 0) + 1;
    }
    return counts;
  }
}
