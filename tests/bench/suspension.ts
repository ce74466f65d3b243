/** How long state takes no calls in an upgrade, by how much of it there is. Run it by hand:
 *
 * ```sh
 * deno run -A scripts/jsr.ts run -A --quiet tests/bench/suspension.ts
 * ```
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a table for whoever runs it
import { AppProcess } from "../../runtime/process/process.ts";
import type { FamilyDefinition } from "../../runtime/state/definition.ts";
import { FamilyCell } from "../../runtime/state/family_cell.ts";
import { Staging } from "../../runtime/state/staging.ts";
import { StateChange } from "../../runtime/upgrade/state_change.ts";

interface Room {
  key: string;
  lines: string[];
  topic?: string;
}

function rooms(version: number): FamilyDefinition {
  return {
    name: "rooms",
    module: "rooms.ts",
    renamedFrom: null,
    version,
    copy: null,
    migrate: { 2: (room) => ({ ...room as Room, topic: "" }) },
    actions: { say: (room) => (room as Room).lines.push("more") },
    initialOf: (key) => ({
      key,
      lines: [],
      ...(version === 2 ? { topic: "" } : {}),
    }),
    idleMs: null,
    evicted: null,
  };
}

async function measure(
  members: number,
  version: number,
  touched: number,
): Promise<string> {
  const appProcess = new AppProcess();
  const family = new FamilyCell(rooms(1));
  appProcess.families.set("rooms", family);
  for (let at = 0; at < members; at++) {
    family.member(`${at}`).state = { key: `${at}`, lines: ["hello"] };
  }
  const staging = new Staging(1);
  staging.add({ kind: "family", definition: rooms(version) });
  const change = new StateChange(appProcess, staging, new Set(["rooms.ts"]));
  let longest = 0;
  let last = performance.now();
  const watch = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 1);
  await change.ahead(60_000);
  clearInterval(watch);
  for (let at = 0; at < touched; at++) {
    await family.member(`${at}`).call("say", []);
  }
  const from = performance.now();
  await change.suspend(5000);
  await change.migrate(60_000);
  change.swap(() => "new");
  change.resume();
  const took = performance.now() - from;
  change.finish();
  return `${took.toFixed(1)} ms (longest turn before ${longest.toFixed(0)} ms)`;
}

console.log("| members | state kept | state migrated, 1 % touched meanwhile |");
console.log("| --- | --- | --- |");
for (const members of [1_000, 10_000, 100_000, 1_000_000]) {
  const kept = await measure(members, 1, members / 100);
  const migrated = await measure(members, 2, members / 100);
  console.log(`| ${members} | ${kept} | ${migrated} |`);
}
