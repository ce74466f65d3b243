/** What a machine notes of a start that has not lived a minute yet.
 * @module
 */
import { protocolVersion } from "../manifest/manifest.ts";
import { boolean, count, object, oneOf, string } from "../json/parse.ts";

/** A start that has not lived a minute yet, or what such starts have led to. */
export interface StartRecord {
  /** The protocol's version. */
  readonly protocol: number;
  /** The machine. */
  readonly machine_id: string;
  /** The upgrade that was wanted. */
  readonly upgrade_id: string;
  /** The pointer's revision then. */
  readonly revision: number;
  /** When it was started, by the bucket's clock, RFC 3339. */
  readonly at: string;
  /**
   * `normal`: the release; `again`: the release, after what was before it died too; `trial`: what was before it;
   * `ended`: what was before it lived, so the release is ended on this machine.
   */
  readonly stage: "normal" | "again" | "trial" | "ended";
  /** How many starts in a row have died. */
  readonly deaths: number;
  /** How many times in a row what was before died too. */
  readonly innocent: number;
  /** What runs on trial, or instead of the ended release. Without it: what was before. */
  readonly instead?: "before" | "image";
  /** True where what ran when it was taken, be it the image, had not lived a minute: a death may be of that, and is not counted. */
  readonly doubtful?: boolean;
  /** True where the release could not be had yet, so that what was there ran: a death is not its own. */
  readonly missing?: boolean;
  /** Another release, which a running process took before it died. */
  readonly taken?: TakenRecord;
}

/** A release that a running process took, and how often in a row the process died of it. */
export interface TakenRecord {
  /** Its upgrade. */
  readonly upgrade_id: string;
  /** How many processes in a row have died within a minute of taking it. */
  readonly deaths: number;
}

/**
 * Reads the record of a start.
 *
 * @param value parsed JSON
 * @returns the record
 * @throws {ProtocolError} if it is not one of this protocol
 */
export function parseStartRecord(value: unknown): StartRecord {
  const at = "start record";
  const it = object(value, at);
  return {
    protocol: protocolVersion(it.protocol, `${at}.protocol`),
    machine_id: string(it.machine_id, `${at}.machine_id`),
    upgrade_id: string(it.upgrade_id, `${at}.upgrade_id`),
    revision: count(it.revision, `${at}.revision`),
    at: string(it.at, `${at}.at`),
    stage: oneOf("normal", "again", "trial", "ended")(it.stage, `${at}.stage`),
    deaths: count(it.deaths, `${at}.deaths`),
    innocent: count(it.innocent, `${at}.innocent`),
    ...(it.instead === undefined
      ? {}
      : { instead: oneOf("before", "image")(it.instead, `${at}.instead`) }),
    ...(it.doubtful === undefined
      ? {}
      : { doubtful: boolean(it.doubtful, `${at}.doubtful`) }),
    ...(it.missing === undefined
      ? {}
      : { missing: boolean(it.missing, `${at}.missing`) }),
    ...(it.taken === undefined
      ? {}
      : { taken: takenRecord(it.taken, `${at}.taken`) }),
  };
}

function takenRecord(value: unknown, at: string): TakenRecord {
  const it = object(value, at);
  return {
    upgrade_id: string(it.upgrade_id, `${at}.upgrade_id`),
    deaths: count(it.deaths, `${at}.deaths`),
  };
}
