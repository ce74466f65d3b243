/** Callers that never stop while an upgrade happens, and what they saw.
 * @module
 */
import type { AppProcess } from "./driver.ts";
import type { HolderModel, Probe } from "./program/model.ts";

/** One answer to one caller. */
export interface Seen {
  readonly probe: string;
  readonly over: "call" | "HTTP";
  readonly began: number;
  readonly ended: number;
  readonly answer?: string;
  readonly error?: string;
}

/** What was added to a holder while callers kept calling. */
export interface Added {
  readonly piece: string;
  readonly key: string;
  /** The version whose action did it. */
  readonly version: number;
  readonly by: number;
}

/** How a probe and its arguments are written in reports and tables. */
export const probeKey = (probe: Pick<Probe, "name" | "args">): string =>
  `${probe.name}(${probe.args.join()})`;

/** The member that the generated `keyOf` chooses. */
export const memberOf = (holder: HolderModel, argument: number): string =>
  holder.family ? ["ann", "bob", "cyd"][Math.abs(argument) % 3]! : "it";

const PATIENCE_MS = 60_000;
/** How many probes one process has at most if its programs are few. */
const MANY_PROBES = 12;
/** How long callers wait between two questions, by how many they are: those that hardly wait only keep the processors from
 * the upgrade. */
const PAUSE_MS = { few: 2, many: 8 } as const;

/** Callers of one process. */
export class Load {
  readonly seen: Seen[] = [];
  readonly added: Added[] = [];
  #going = true;
  readonly #pauseMs: number;
  readonly #callers: Promise<void>[];

  constructor(
    readonly app: AppProcess,
    readonly probes: readonly Probe[],
    readonly holders: readonly HolderModel[],
  ) {
    // Every third over HTTP; more of them where there is more to ask.
    const isMany = probes.length > MANY_PROBES;
    const count = isMany ? 6 : 3;
    this.#pauseMs = isMany ? PAUSE_MS.many : PAUSE_MS.few;
    this.#callers = [
      ...Array.from({ length: count }, (_, index) =>
        this.#caller(
          Math.floor(index * probes.length / count),
          index % 3 === 2,
        )),
      this.#adder(),
    ];
  }

  /** How many answers show that callers are at it: each probe has been asked. */
  get enough(): number {
    return Math.max(20, this.probes.length + this.holders.length);
  }

  /** Waits until this many more answers have come in: a test in which nobody calls proves nothing. */
  async more(count: number): Promise<void> {
    if (this.probes.length + this.holders.length === 0) return;
    const goal = this.seen.length + count;
    const deadline = performance.now() + PATIENCE_MS;
    while (this.seen.length < goal && !this.app.ended) {
      if (performance.now() > deadline) {
        throw new Error("Callers get no answers");
      }
      await pause(2);
    }
  }

  /** Lets every caller get its last answer. */
  async stop(): Promise<void> {
    this.#going = false;
    await Promise.all(this.#callers);
  }

  async #caller(first: number, http: boolean): Promise<void> {
    for (let turn = first; this.#going && !this.app.ended; turn++) {
      const probe = this.probes[turn % Math.max(1, this.probes.length)];
      if (!probe) return;
      await this.#note(
        probeKey(probe),
        http ? "HTTP" : "call",
        () =>
          http
            ? this.app.callOverHttp(probe.name, ...probe.args)
            : this.app.call(probe.name, ...probe.args),
      );
      await pause(this.#pauseMs);
    }
  }

  async #adder(): Promise<void> {
    if (this.holders.length === 0) return;
    for (let turn = 0; this.#going && !this.app.ended; turn++) {
      const holder = this.holders[turn % this.holders.length]!;
      const argument = turn % 7;
      await this.#note(`${holder.piece}_add(${argument})`, "call", async () => {
        const answer = await this.app.call(`${holder.piece}_add`, argument);
        const [version, by] = answer as [number, number];
        const key = memberOf(holder, argument);
        this.added.push({ piece: holder.piece, key, version, by });
        return null;
      });
      await pause(this.#pauseMs);
    }
  }

  async #note(
    probe: string,
    over: Seen["over"],
    ask: () => Promise<unknown>,
  ): Promise<void> {
    const began = performance.now();
    try {
      const answer = JSON.stringify(await ask());
      this.seen.push({ probe, over, began, ended: performance.now(), answer });
    } catch (error) {
      this.seen.push({
        probe,
        over,
        began,
        ended: performance.now(),
        error: error instanceof Error ? error.message : String(error),
      });
    }
  }
}

const pause = (ms: number): Promise<void> =>
  new Promise((done) => setTimeout(done, ms));
