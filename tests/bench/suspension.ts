/** How long state takes no calls in an upgrade, by how much of it there is. Run it by hand:
 *
 * ```sh
 * deno run -A scripts/jsr.ts run -A --quiet tests/bench/suspension.ts
 * ```
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a table for whoever runs it
import { DrivenApp } from "../support/driven_app.ts";

const ROOMS = (version: number, more: string) => `
import { family } from "@flyhot/runtime";
export const rooms = family("rooms", {
  version: ${version},
  state: (key) => ({ key, lines: [] as string[] }),
  actions: { say: (room, line: string) => room.lines.push(line) },
  ${more}
});
`;

console.log("| members | state kept | state migrated |");
console.log("| --- | --- | --- |");
for (const members of [100, 1_000, 10_000, 100_000]) {
  await using app = await DrivenApp.start({
    "app.ts": `
import { rooms } from "./rooms.ts";
export const fill = async (count: number) => {
  for (let index = 0; index < count; index++) await rooms.get("room" + index).say("hello");
};
`,
    "rooms.ts": ROOMS(1, ""),
  });
  await app.call("fill", members);
  const kept = await app.upgrade({ "rooms.ts": ROOMS(1, "idleMs: 1e9,") });
  const migrated = await app.upgrade({
    "rooms.ts": ROOMS(
      2,
      "migrate: { 2: (old: object) => ({ ...old, topic: '' }) },",
    ),
  });
  const ms = (result: typeof kept) =>
    result.state === "failed"
      ? result.message
      : `${result.suspendMs?.toFixed(1)} ms`;
  console.log(`| ${members} | ${ms(kept)} | ${ms(migrated)} |`);
}
