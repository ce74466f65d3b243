/** Load on the sample app: HTTP requests and WebSockets that never stop, and what became of each.
 * @module
 */

/** What the load has seen so far. */
interface LoadCounts {
  /** Requests answered or failed. */
  requests: number;
  /** Requests that got no answer, or another status than 200. */
  failed: number;
  /** Sockets opened. */
  opened: number;
  /** Sockets that closed although their machine was to stay up. */
  dropped: number;
  /** Sockets closed with a machine that was restarted or replaced on purpose. */
  closedWithMachine: number;
  /** Increments asked for and answered, by socket or request. */
  increments: number;
  /** Replies over sockets. */
  messages: number;
  /** What went wrong, the first few. */
  errors: string[];
}

interface Target {
  readonly url: string;
  readonly stop: AbortController;
  readonly loops: Promise<void>[];
  /** Each with what it was told last. */
  readonly sockets: Map<WebSocket, string>;
  /** Why its sockets may close: the machine ends on purpose, or the load itself. */
  leaving: "machine" | "load" | null;
}

const HTTP_LOOPS = 2;
const SOCKETS = 4;
const PAUSE_MS = 25;

/** Load on any number of machines. */
export class Load implements AsyncDisposable {
  /** What it has seen so far. */
  readonly counts: LoadCounts = {
    requests: 0,
    failed: 0,
    opened: 0,
    dropped: 0,
    closedWithMachine: 0,
    increments: 0,
    messages: 0,
    errors: [],
  };
  readonly #targets = new Map<string, Target>();

  /** Begins load on a machine. */
  async add(id: string, url: string): Promise<void> {
    const target: Target = {
      url,
      stop: new AbortController(),
      loops: [],
      sockets: new Map(),
      leaving: null,
    };
    this.#targets.set(id, target);
    for (let index = 0; index < SOCKETS; index++) await this.#open(target);
    for (let index = 0; index < HTTP_LOOPS; index++) {
      target.loops.push(this.#requests(target));
    }
    target.loops.push(this.#messages(target));
  }

  /** Says that a machine is about to end on purpose: no new requests; its sockets count apart. */
  async leave(id: string): Promise<void> {
    const target = this.#targets.get(id);
    if (!target) return;
    target.leaving = "machine";
    target.stop.abort();
    await Promise.all(target.loops);
    this.#targets.delete(id);
  }

  /** What open sockets were told last. */
  lastReplies(): readonly string[] {
    return [...this.#targets.values()].flatMap((it) => [
      ...it.sockets.values(),
    ]);
  }

  /** Ends all load and closes its sockets. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const target of [...this.#targets.values()]) {
      target.leaving = "load";
      target.stop.abort();
      await Promise.all(target.loops);
      for (const socket of target.sockets.keys()) await closed(socket);
    }
    this.#targets.clear();
  }

  async #open(target: Target): Promise<void> {
    const socket = new WebSocket(target.url.replace(/^http/, "ws"));
    await new Promise<void>((resolve, reject) => {
      socket.onopen = () => resolve();
      socket.onerror = () => reject(new Error(`no socket to ${target.url}`));
    });
    this.counts.opened++;
    target.sockets.set(socket, "");
    socket.onerror = null;
    socket.onmessage = ({ data }) => {
      this.counts.messages++;
      target.sockets.set(socket, String(data));
    };
    socket.onclose = () => {
      target.sockets.delete(socket);
      if (target.leaving === "machine") this.counts.closedWithMachine++;
      if (target.leaving === null) this.counts.dropped++;
    };
  }

  async #requests(target: Target): Promise<void> {
    for (let turn = 0; !target.stop.signal.aborted; turn++) {
      const path = turn % 3 === 0 ? "/increment" : "/hello";
      this.counts.requests++;
      try {
        const response = await fetch(new URL(path, target.url));
        await response.text();
        if (response.status !== 200) {
          throw new Error(`${path} answered ${response.status}`);
        }
        if (path === "/increment") this.counts.increments++;
      } catch (error) {
        this.counts.failed++;
        if (this.counts.errors.length < 5) {
          this.counts.errors.push(String(error));
        }
      }
      await pause(target.stop.signal);
    }
  }

  async #messages(target: Target): Promise<void> {
    while (!target.stop.signal.aborted) {
      for (const socket of target.sockets.keys()) {
        if (socket.readyState === WebSocket.OPEN) socket.send("hello");
      }
      await pause(target.stop.signal);
    }
  }
}

function closed(socket: WebSocket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.readyState === WebSocket.CLOSED) return resolve();
    const before = socket.onclose;
    socket.onclose = (event) => {
      before?.call(socket, event);
      resolve();
    };
    socket.close();
  });
}

function pause(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, PAUSE_MS);
    signal.addEventListener("abort", done, { once: true });
  });
}
