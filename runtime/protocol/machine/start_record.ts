/** What a machine notes of a start that has not lived a minute yet.
 * @module
 */
import { protocolVersion } from "../manifest/manifest.ts";
import {
  boolean,
  count,
  fields,
  oneOf,
  optional,
  string,
} from "../json/parse.ts";

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
  return startRecord(value, "start record");
}

const startRecord = fields<StartRecord>({
  protocol: protocolVersion,
  machine_id: string,
  upgrade_id: string,
  revision: count,
  at: string,
  stage: oneOf("normal", "again", "trial", "ended"),
  deaths: count,
  innocent: count,
  instead: optional(oneOf("before", "image")),
  doubtful: optional(boolean),
  missing: optional(boolean),
  taken: optional(fields<TakenRecord>({ upgrade_id: string, deaths: count })),
});
