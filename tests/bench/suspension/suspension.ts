/** How long state takes no calls in an upgrade, by how much of it there is; beside it the same on the BEAM, where
 * `elixir` is installed (`apt-get install --no-install-recommends elixir`).
 * @module
 */
import type { Bench, Figure, Goal } from "../figure.ts";
import { UpgradeError } from "../../../runtime/base/upgrade_error.ts";
import { median, run } from "../measuring.ts";
import { suspendRooms } from "./suspend_rooms.ts";

interface BeamFigures {
  readonly keptMs: number;
  readonly migratedMs: number;
}

const ROUNDS = 3;
const SIZES: readonly {
  readonly members: number;
  readonly kept?: Goal;
  readonly migrated?: Goal;
  readonly onTheBeam: boolean;
}[] = [
  { members: 10_000, onTheBeam: true },
  {
    members: 100_000,
    kept: { atMost: 2 },
    migrated: { atMost: 20 },
    onTheBeam: true,
  },
  // As processes of the BEAM they would take a minute and gigabytes.
  { members: 1_000_000, migrated: { atMost: 100 }, onTheBeam: false },
];

/** The same on the BEAM, or why not. */
async function onTheBeam(members: number): Promise<BeamFigures | string> {
  const script = new URL("./suspension.exs", import.meta.url).pathname;
  try {
    return JSON.parse(
      await run("elixir", ["--erl", "+P 2000000", script, `${members}`], {
        env: { LC_ALL: "C.UTF-8" },
      }),
    ) as BeamFigures;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "skipped: no elixir";
    throw error;
  }
}

async function* figures({ tiny }: { readonly tiny: boolean }) {
  const sizes = tiny ? [{ members: 500, onTheBeam: false }] : SIZES;
  for (const size of sizes) {
    const { members } = size;
    const kept: number[] = [];
    const migrated: number[] = [];
    const turns: number[] = [];
    let refused: string | null = null;
    for (let round = 0; round < (tiny ? 1 : ROUNDS); round++) {
      const suspend = (version: 1 | 2) =>
        suspendRooms(members, version, members / 100);
      kept.push((await suspend(1)).suspendedMs);
      try {
        const { suspendedMs, longestTurnMs } = await suspend(2);
        migrated.push(suspendedMs);
        turns.push(longestTurnMs);
      } catch (error) {
        // Copies beside the originals: as much memory has to be free.
        if (!(error instanceof UpgradeError)) throw error;
        refused = error.message;
      }
    }
    const many = members.toLocaleString("en-US");
    const row = (
      name: string,
      value: number | null,
      goal?: Goal,
      note?: string,
    ): Figure => ({
      name: `${many} members ${name}`,
      value,
      unit: "ms",
      ...(goal ? { goal } : {}),
      ...(note ? { note } : {}),
    });
    yield row(
      "kept",
      median(kept),
      "kept" in size ? size.kept : undefined,
    );
    yield row(
      "migrated, 1 % touched meanwhile",
      migrated.length > 0 ? median(migrated) : null,
      "migrated" in size ? size.migrated : undefined,
      refused === null
        ? `longest turn before ${median(turns).toFixed(0)} ms`
        : `skipped: ${refused}`,
    );
    if (!size.onTheBeam) continue;
    const beam = await onTheBeam(members);
    for (
      const [name, key, ours] of [
        ["kept", "keptMs", kept],
        ["code_change", "migratedMs", migrated],
      ] as const
    ) {
      yield typeof beam === "string"
        ? {
          name: `${many} processes of the BEAM, ${name}`,
          value: null,
          unit: "ms",
          note: beam,
        } satisfies Figure
        : {
          name: `${many} processes of the BEAM, ${name}`,
          value: beam[key],
          unit: "ms",
          note: `${
            (beam[key] / median(ours)).toFixed(0)
          } times flyhot's, all members stand still`,
        } satisfies Figure;
    }
  }
}

/** How long state stands still. */
export const bench: Bench = {
  about: "how long state takes no calls, beside the BEAM",
  run: figures,
};
