/** Why a release cannot come in hot, at one place of the app, and what helps.
 * @module
 */

/** The rules by which a release is refused. */
export const REFUSAL_RULES = [
  "analysis",
  "main",
  "config",
  "lock",
  "package",
  "boot",
  "declined",
  "foreign",
  "commonjs",
  "compiler",
  "touch",
  "state",
  "keep",
  "link",
  "worker",
  "sockets",
  "loop",
  "timer",
  "files",
  "holder",
  "server",
  "global",
] as const;

/** Why a release cannot come in hot. */
export interface Refusal {
  /** Which rule says so. */
  readonly rule: typeof REFUSAL_RULES[number];
  /** The file. */
  readonly path: string;
  /** The line, from 1; 0 where it is about the file as a whole. */
  readonly line: number;
  /** The column, from 1; 0 where it is about the file as a whole. */
  readonly column: number;
  /** The name it is about; empty for the file. */
  readonly subject: string;
  /** Why. */
  readonly why: string;
  /** What to do; empty where only a new image helps. */
  readonly remedy: string;
  /** The consent that makes it hot. */
  readonly consent?: string;
  /** For modules: from the changed one up to the one that holds it. */
  readonly chain?: readonly string[];
}

/**
 * Writes a refusal for people.
 *
 * @param refusal the refusal
 * @returns for example `main.ts:12 rooms: <why>; <remedy>`
 */
export function refusalText(refusal: Refusal): string {
  const { path, line, subject, why, remedy, consent } = refusal;
  const place = line > 0 ? `${path}:${line}` : path;
  const helps = [
    remedy === "" ? "run fly deploy" : remedy,
    ...(consent === undefined
      ? []
      : [`or consent to it: "consent": ["${consent}"]`]),
  ].join(", ");
  return `${place}${subject === "" ? "" : ` ${subject}`}: ${why}; ${helps}`;
}
