/** A family whose members an upgrade keeps or migrates, with the time it takes.
 * @module
 */
import { AppProcess } from "../../../runtime/process/process.ts";
import type { FamilyDefinition } from "../../../runtime/state/definition.ts";
import { FamilyCell } from "../../../runtime/state/cells/family_cell.ts";
import { Staging } from "../../../runtime/state/staging.ts";
import { StateChange } from "../../../runtime/upgrade/changes/state/state_change.ts";

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

/** How long calls had to wait, and how long the longest turn of the preparation was, in milliseconds. */
export interface Suspension {
  /** From the first member that takes no calls to the last that takes them again. */
  readonly suspendedMs: number;
  /** The longest turn while the old code went on. */
  readonly longestTurnMs: number;
}

/**
 * Takes a family of rooms through the change of state of an upgrade.
 *
 * @param members how many there are
 * @param version the version of the new code; the old one's is 1
 * @param touched how many are called between the preparation and the suspension
 * @returns how long it took
 */
export async function suspendRooms(
  members: number,
  version: 1 | 2,
  touched: number,
): Promise<Suspension> {
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
  const suspendedMs = performance.now() - from;
  change.finish();
  const wrong = [...family.members.values()].some(({ state }) =>
    "topic" in (state as Room) !== (version === 2)
  );
  if (wrong) throw new Error(`A member is not of version ${version}`);
  return { suspendedMs, longestTurnMs: longest };
}
