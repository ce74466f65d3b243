/** Which test files share a process.
 * @module
 */

import { LONG } from "./long.ts";

/** Files whose tests ask what the main module is. */
const ALONE: readonly string[] = ["runtime/api/pages/assets_test.ts"];

/**
 * Finds the units that run in one process with the others of their room: a
 * process for each file would take longer than most of them.
 */
export function testsByRoom(
  paths: Iterable<string>,
): Record<string, readonly string[]> {
  const rooms: Record<string, string[]> = {};
  for (const path of [...paths].sort()) {
    if (path.startsWith("tests/") || ALONE.includes(path)) continue;
    if (!LONG.includes(path)) (rooms[roomOf(path)] ??= []).push(path);
  }
  return rooms;
}

/** `runtime/plan` and the like; what lies in no room of its own counts as its folder. */
function roomOf(path: string): string {
  const [folder, room, below] = path.split("/");
  return folder === "scripts" || below === undefined
    ? folder!
    : `${folder}/${room}`;
}
