/** How long state takes no calls in an upgrade, by how much of it there is; beside it the same on the BEAM, where
 * `elixir` is installed (`apt-get install --no-install-recommends elixir`). Run it by hand:
 *
 * ```sh
 * deno run -A scripts/jsr.ts run -A --quiet tests/bench/suspension.ts
 * ```
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a table for whoever runs it
import { suspendRooms, type Suspension } from "./suspend_rooms.ts";

/** The most members that are made as processes of the BEAM. */
const BEAM_MAX = 100_000;

interface BeamFigures {
  readonly keptMs: number;
  readonly migratedMs: number;
}

/** The same on the BEAM, or why not. */
async function onTheBeam(members: number): Promise<BeamFigures | string> {
  if (members > BEAM_MAX) return "not run";
  try {
    const { code, stdout, stderr } = await new Deno.Command("elixir", {
      args: [
        "--erl",
        "+P 2000000",
        new URL("./suspension.exs", import.meta.url).pathname,
        `${members}`,
      ],
      env: { LC_ALL: "C.UTF-8" },
    }).output();
    const text = new TextDecoder();
    if (code !== 0) return `failed: ${text.decode(stderr).split("\n")[0]}`;
    return JSON.parse(text.decode(stdout)) as BeamFigures;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "skipped: no elixir";
    throw error;
  }
}

const shown = ({ suspendedMs, longestTurnMs }: Suspension) =>
  `${suspendedMs.toFixed(1)} ms (longest turn before ${
    longestTurnMs.toFixed(0)
  } ms)`;

console.log(
  "| members | state kept | migrated, 1 % touched meanwhile | BEAM, kept | BEAM, code_change |",
);
console.log("| --- | --- | --- | --- | --- |");
for (const members of [1_000, 10_000, 100_000, 1_000_000]) {
  const kept = await suspendRooms(members, 1, members / 100);
  const migrated = await suspendRooms(members, 2, members / 100);
  const beam = await onTheBeam(members);
  const beside = typeof beam === "string"
    ? [beam, beam]
    : [beam.keptMs, beam.migratedMs].map((ms) => `${ms.toFixed(1)} ms`);
  console.log(
    `| ${[members, shown(kept), shown(migrated), ...beside].join(" | ")} |`,
  );
}
