/** What becomes of open sockets whose handlers are made by replaced modules: an ordinary app has to say so.
 * @module
 */
import type { Refusal } from "../../base/refusal.ts";
import type { RunningManifest } from "../../protocol/manifest.ts";
import type { ReleaseSettings } from "../../protocol/release_settings.ts";

/** What is refused, and what is told. */
export interface SocketVerdict {
  readonly refusals: readonly Refusal[];
  readonly notes: readonly string[];
}

/**
 * Judges the open sockets of replaced modules.
 *
 * @param running what runs
 * @param replaced the modules
 * @param way what the release says of open sockets
 * @returns what is refused, and what is told
 */
export function judgeSockets(
  { openSockets = {}, packageSockets = {}, boot }: RunningManifest,
  replaced: readonly string[],
  way: ReleaseSettings["sockets"],
): SocketVerdict {
  const refusals: Refusal[] = [];
  const notes: string[] = [];
  const paths = new Set(replaced);
  for (const [path, count] of Object.entries(openSockets)) {
    if (!paths.has(path)) continue;
    const sockets = `${count} open ${count === 1 ? "socket" : "sockets"}`;
    const made = `${sockets} whose handlers are made by ${path}`;
    // An app with a boot shell has sockets() and has chosen against it.
    if (boot === undefined) {
      notes.push(
        `${made}: they go on with the old code until they are closed; sockets() follow the code`,
      );
      continue;
    }
    const ofPackages = Object.hasOwn(packageSockets, path)
      ? packageSockets[path]!
      : 0;
    if (way === undefined) {
      refusals.push(refusal(
        path,
        `makes the handlers of ${sockets}, which would go on with the old code`,
        `add to "flyhot" in deno.json: "sockets": "reconnect" (they are closed, and their clients connect again), "replay" (the new code greets them again) or "keep" (they go on with the old code)`,
      ));
    } else if (way === "replay" && ofPackages > 0) {
      refusals.push(refusal(
        path,
        `has ${ofPackages} open ${
          ofPackages === 1 ? "socket" : "sockets"
        } of packages (ws, socket.io), which cannot be greeted again`,
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

function refusal(path: string, why: string, remedy: string): Refusal {
  return {
    rule: "sockets",
    path,
    line: 0,
    column: 0,
    subject: "",
    why,
    remedy,
  };
}
