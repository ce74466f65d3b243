/** Loops that requests and events have begun, that wait, and that nobody waits for.
 * @module
 */
import { SourceMap } from "node:module";
import { TextDecoder } from "../../base/platform/globals.ts";
import type { Generations, Work } from "../generations.ts";
import type { Keeping } from "./keeping.ts";
import { type EnterLoop, LOOP_KEY } from "./watch_loops.ts";

/** A loop that goes on. */
export interface LeftLoop {
  /** The module instance whose loop it is. */
  readonly url: string;
  /** Its text; null where nobody knows it any more. */
  readonly text: string | null;
  /** Its line in the file of its author; 0 where nobody knows it. */
  readonly line: number;
  /** Whether nobody knows who has begun it: an open stream, or what is over. */
  readonly isOfNobody: boolean;
}

interface Running {
  readonly url: string;
  readonly at: number;
  readonly work: Work | null;
}

const MAP =
  /\n\/\/# sourceMappingURL=data:application\/json(?:;charset=utf-?8)?;base64,(\S+)\s*$/i;

/** The loops that go on, but for those of evaluations, which end with their modules. */
export class LeftLoops {
  readonly #running = new Set<Running>();
  readonly #generations: Generations;
  readonly #keeping: Keeping;

  /**
   * @param generations whose work goes on
   * @param keeping the texts of modules
   */
  constructor(generations: Generations, keeping: Keeping) {
    this.#generations = generations;
    this.#keeping = keeping;
  }

  /** Begins to see them. */
  install(): void {
    const shared = globalThis as { [LOOP_KEY]?: EnterLoop };
    shared[LOOP_KEY] = (url, at) => this.#enter(url, at);
  }

  #enter(url: string, at: number): () => void {
    const { work } = this.#generations;
    if (work !== null && (work.place !== null || work.isOwn)) return () => {};
    const running = { url, at, work };
    this.#running.add(running);
    return () => this.#running.delete(running);
  }

  /** The loops that would go on after an upgrade. */
  *left(): Generator<LeftLoop> {
    for (const { url, at, work } of this.#running) {
      // Whoever still waits for it is counted as work that did not end.
      if (work?.ended === false) continue;
      const found = this.#keeping.loop(url, at);
      yield {
        url,
        text: found?.loop.text ?? null,
        line: found ? lineOf(found.raw, found.loop.start) : 0,
        isOfNobody: work === null,
      };
    }
  }
}

/** The line that a place in what Deno has made of a script has in the file. */
function lineOf(raw: string, start: number): number {
  const before = raw.slice(0, start);
  const line = before.split("\n").length - 1;
  const column = start - before.lastIndexOf("\n") - 1;
  const map = MAP.exec(raw)?.[1];
  if (map === undefined) return line + 1;
  try {
    const payload = JSON.parse(
      new TextDecoder().decode(Uint8Array.fromBase64(map)),
    );
    const entry = new SourceMap(payload).findEntry(line, column);
    return "originalLine" in entry ? entry.originalLine + 1 : 0;
  } catch {
    return 0;
  }
}
