/** What a process answers at rest: to requests, by its ports, by what runs in it, and what states it holds.
 * @module
 */
import { type AppProcess, NOTHING } from "./driver.ts";
import { probeKey } from "./load.ts";
import type { Release } from "./program/model.ts";
import type { SavedStates } from "./state_model.ts";

/** Answers by request. */
export type Answers = Readonly<Record<string, string>>;

/** Asks everything whose answer does not change state. */
export async function answersOf(
  app: AppProcess,
  release: Release,
): Promise<Answers> {
  const answers = await Promise.all(release.probes.map(async (probe) =>
    [
      probeKey(probe),
      probe.how === "http"
        ? await app.askPort(probe.name)
        : await answered(app, probe.name, probe.args),
    ] as const
  ));
  return Object.fromEntries(answers);
}

/** Asks what changes state, in one order. */
export async function changesOf(
  app: AppProcess,
  release: Release,
): Promise<Answers> {
  const answers: Record<string, string> = {};
  const ask = async (name: string, ...args: number[]) => {
    answers[probeKey({ name, args })] = await answered(app, name, args);
  };
  for (const { piece } of release.holders) {
    await ask(`${piece}_add`, 3);
    await ask(`${piece}_put`, 5);
    await ask(`${piece}_put`, 4);
    await ask(`${piece}_show`, 2);
    await ask(`${piece}_show`, 4);
  }
  for (const { piece } of release.variables) await ask(`${piece}_bump`, 2);
  return answers;
}

/** The states of all holders by piece. */
export async function statesOf(
  app: AppProcess,
  release: Release,
): Promise<Record<string, SavedStates>> {
  const states = await Promise.all(
    release.holders.map(async ({ piece }) =>
      [piece, JSON.parse(await app.call(`${piece}_peek`) as string)] as const
    ),
  );
  return Object.fromEntries(states);
}

/** The variables of modules by piece. */
export async function variablesOf(
  app: AppProcess,
  release: Release,
): Promise<Record<string, unknown>> {
  const values = await Promise.all(
    release.variables.map(async ({ piece }) =>
      [piece, await app.call(`${piece}_peek`)] as const
    ),
  );
  return Object.fromEntries(values);
}

/** What a process does by itself while nothing changes: all of several windows, until two more show nothing else, since what
 * happens every few milliseconds may miss one on a busy computer. */
export async function beatsAtRest(app: AppProcess): Promise<string> {
  const seen = new Set<string>();
  for (let quiet = 0; quiet < 2; quiet++) {
    const before = seen.size;
    for (const beat of JSON.parse(await app.beats(30))) seen.add(beat);
    if (seen.size > before) quiet = -1;
  }
  return JSON.stringify([...seen].sort());
}

/** How long a difference may last before it counts. */
const PATIENCE_MS = 15_000;

/** Waits until a process does what it should by itself; returns what it did last. */
export async function beatsLike(
  app: AppProcess,
  wanted: string,
): Promise<string> {
  const deadline = performance.now() + PATIENCE_MS;
  for (let ms = 40;; ms = Math.min(400, ms * 1.5)) {
    const got = await app.beats(Math.round(ms));
    if (got === wanted || performance.now() > deadline) return got;
  }
}

/** Waits until late servers listen. */
export async function serversUp(
  app: AppProcess,
  release: Release,
): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  for (const { how, name } of release.probes) {
    if (how !== "http") continue;
    while (!app.ended && await app.askPort(name) === NOTHING) {
      if (performance.now() > deadline) return;
      await new Promise((done) => setTimeout(done, 10));
    }
  }
}

/** A line for each difference. */
export function differences(
  what: string,
  got: Readonly<Record<string, unknown>>,
  wanted: Readonly<Record<string, unknown>>,
): string[] {
  const keys = [...new Set([...Object.keys(got), ...Object.keys(wanted)])];
  return keys.flatMap((key) => {
    const left = stable(got[key]);
    const right = stable(wanted[key]);
    return left === right
      ? []
      : [`${what}: ${key}: got ${left}, wanted ${right}`];
  });
}

async function answered(
  app: AppProcess,
  name: string,
  args: readonly number[],
): Promise<string> {
  try {
    return JSON.stringify(await app.call(name, ...args));
  } catch (error) {
    return `throws ${error instanceof Error ? error.message : error}`;
  }
}

/** JSON with sorted keys. */
function stable(value: unknown): string {
  return JSON.stringify(
    value,
    (_key, inner) =>
      inner && typeof inner === "object" && !Array.isArray(inner)
        ? Object.fromEntries(
          Object.entries(inner).sort(([a], [b]) => a < b ? -1 : 1),
        )
        : inner,
  ) ?? "nothing";
}
