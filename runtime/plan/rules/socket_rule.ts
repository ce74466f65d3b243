/** What becomes of open sockets whose handlers are made by replaced modules: the app has to say so.
 * @module
 */
import type { Refusal } from "../../base/refusal.ts";
import { serverLine } from "../lookup/declaration_line.ts";
import type { RunningManifest } from "../../protocol/manifest/manifest.ts";
import type { ReleaseSettings } from "../../protocol/manifest/release_settings.ts";

/** What is refused, and what is told. */
export interface SocketVerdict {
  readonly refusals: readonly Refusal[];
  readonly notes: readonly string[];
}

/**
 * What becomes of open sockets whose handlers are made by replaced modules. Returns what becomes of them; undefined
 * where nobody says.
 */
export function socketsWay(
  asked: ReleaseSettings["sockets"],
  { settings }: RunningManifest,
  isWayBack: boolean,
): ReleaseSettings["sockets"] {
  return isWayBack ? asked ?? settings?.sockets ?? "reconnect" : asked;
}

/** Judges the open sockets of replaced modules. */
export function judgeSockets(
  { openSockets = {}, packageSockets = {}, socketLines = {}, analysis = {} }:
    RunningManifest,
  replaced: readonly string[],
  way: ReleaseSettings["sockets"],
  isWayBack = false,
): SocketVerdict {
  const refusals: Refusal[] = [];
  const notes: string[] = [];
  const paths = new Set(replaced);
  for (const [path, count] of Object.entries(openSockets)) {
    if (!paths.has(path)) continue;
    const sockets = `${count} open ${count === 1 ? "socket" : "sockets"}`;
    const made = `${sockets} whose handlers are made by ${path}`;
    // Who has opened none itself answers to them by its server.
    const line = Object.hasOwn(socketLines, path)
      ? socketLines[path]!
      : Object.hasOwn(analysis, path)
      ? serverLine(analysis[path])
      : 0;
    const ofPackages = Object.hasOwn(packageSockets, path)
      ? packageSockets[path]!
      : 0;
    if (way === undefined) {
      refusals.push(refusal(
        path,
        line,
        `makes the handlers of ${sockets}, which would go on with the old code`,
        `add to "flyhot" in deno.json: "sockets": "reconnect" (they are closed, and their clients connect again), "replay" (the new code greets them again) or "keep" (they go on with the old code); or let them be of sockets(), which follow the code`,
      ));
    } else if (way === "replay" && ofPackages > 0 && !isWayBack) {
      refusals.push(refusal(
        path,
        line,
        `has ${ofPackages} open ${
          ofPackages === 1 ? "socket" : "sockets"
        } that cannot be greeted again: connections without WebSocket, and those that a package hands to a callback`,
        `add to "flyhot" in deno.json: "sockets": "reconnect" or "keep"`,
      ));
    } else notes.push(`${made}: ${FATES[way]}`);
  }
  return { refusals, notes };
}

const FATES = {
  keep: "they go on with the old code until they are closed",
  reconnect: "they are closed with 1012, so that their clients connect again",
  replay: "the new code greets them again",
} as const;

function refusal(
  path: string,
  line: number,
  why: string,
  remedy: string,
): Refusal {
  return {
    rule: "sockets",
    path,
    line,
    column: 0,
    subject: "",
    why,
    remedy,
  };
}
