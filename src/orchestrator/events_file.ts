/** The file in which the temporary machine tells what happens, and how it is read from outside.
 * @module
 */
import {
  type ReleaseSignature,
  releaseSignature,
} from "@flyhot/runtime/protocol";
import { FlyhotError } from "../errors.ts";
import type { Host } from "../host.ts";
import type { RolloutReport } from "../rollout/report.ts";
import type { ReleaseToSign } from "../release/signing.ts";
import type { ReportEvent } from "../ui/reporter.ts";
import { isRecord } from "../base/values.ts";

/** How the work on the temporary machine ended. */
export interface OrchestratorEnd {
  /** What its process ends with. */
  readonly exitCode: number;
  /** What it did, or null if it failed. */
  readonly report: RolloutReport | null;
  /** Why it failed, or null. */
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly hint: string | null;
  } | null;
}

/** One line of the file. */
type EventFileLine =
  | {
    /** Something happened. */
    readonly kind: "event";
    /** What. */
    readonly event: ReportEvent;
  }
  | {
    /** The machine waits until the release is signed, or refused. */
    readonly kind: "sign";
    readonly release: ReleaseToSign;
  }
  | {
    /** The last line. */
    readonly kind: "end";
    readonly end: OrchestratorEnd;
  };

/** How many bytes one look reads at most. */
export const LOOK_BYTES_MAX = 128 * 1024;

/** Where the file is. */
export function eventFilePath(
  env: (name: string) => string | undefined,
): string {
  const folder = (env("TMPDIR") ?? "/tmp").replace(/\/+$/, "");
  return env("FLYHOT_EVENTS") ?? `${folder}/flyhot-events.jsonl`;
}

/** Writes lines to the file one after the other, whoever calls and however fast. */
export class EventFileWriter {
  readonly #host: Pick<Host, "files">;
  readonly #path: string;
  #written: Promise<void>;

  /** Empties the file. */
  constructor(host: Pick<Host, "files">, path: string) {
    this.#host = host;
    this.#path = path;
    this.#written = host.files.write(path, "");
    // A failure is told of by `flush()`.
    this.#written.catch(() => {});
  }

  /** Appends a line. */
  append(line: string): void {
    this.#written = this.#written.then(() =>
      this.#host.files.append(this.#path, line)
    );
    this.#written.catch(() => {});
  }

  /** Waits until all lines are written. */
  async flush(): Promise<void> {
    await this.#written;
  }
}

/** Writes the last line of the file. */
export function endLine(
  exitCode: number,
  outcome: { readonly report: RolloutReport } | { readonly error: FlyhotError },
): string {
  const said = "report" in outcome ? outcome : {
    error: {
      code: outcome.error.code,
      message: outcome.error.message,
      hint: outcome.error.hint,
    },
  };
  return `${JSON.stringify({ type: "end", exit_code: exitCode, ...said })}\n`;
}

const EVENT_TYPES = new Set([
  "step",
  "done",
  "note",
  "warning",
  "machine",
  "output",
]);

/** Reads a line of the file; null for one that another version may have written. */
export function parseEventLine(line: string): EventFileLine | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  if (!isRecord(value)) return null;
  if (value.type === "end") return parseEnd(value);
  if (value.type === "sign") return parseSign(value);
  if (typeof value.type !== "string" || !EVENT_TYPES.has(value.type)) {
    return null;
  }
  // Written by `jsonReporter` of the same version from this very type.
  return { kind: "event", event: value as ReportEvent };
}

/** Writes the line that asks for a signature. */
export function signLine(release: ReleaseToSign): string {
  const { app, imageRef, sha256, files } = release;
  const said = { type: "sign", app, image_ref: imageRef, sha256, files };
  return `${JSON.stringify(said)}\n`;
}

function parseSign(value: Record<string, unknown>): EventFileLine | null {
  const { app, image_ref, sha256, files } = value;
  const isText = (it: unknown) => typeof it === "string";
  if (
    typeof app !== "string" || typeof image_ref !== "string" ||
    typeof sha256 !== "string" || !isRecord(files) ||
    !Object.values(files).every(isText)
  ) return null;
  return {
    kind: "sign",
    release: {
      app,
      imageRef: image_ref,
      sha256,
      files: files as Record<string, string>,
    },
  };
}

/** What whoever follows says to a release that is to be signed. */
export type SignAnswer =
  | { readonly signature: ReleaseSignature }
  | {
    readonly refused: {
      readonly code: string;
      readonly message: string;
      readonly hint: string | null;
    };
  };

/** Builds the command that hands an answer over; nothing but the signature, or why there is none, is in it. */
export function answerSignCommand(answer: SignAnswer): readonly string[] {
  return [
    "deno",
    "eval",
    `${FIND_PATH}
const answer = ${JSON.stringify(JSON.stringify(answer))};
await Deno.writeTextFile(path + ".sign.part", answer);
await Deno.rename(path + ".sign.part", path + ".sign");`,
  ];
}

/** Reads such an answer. */
export function parseSignAnswer(text: string): SignAnswer {
  try {
    const value: unknown = JSON.parse(text);
    if (isRecord(value) && isRecord(value.refused)) {
      const { code, message, hint } = value.refused;
      if (typeof code === "string" && typeof message === "string") {
        const said = typeof hint === "string" ? hint : null;
        return { refused: { code, message, hint: said } };
      }
    }
    if (isRecord(value)) {
      return { signature: releaseSignature(value.signature, "signature") };
    }
  } catch (cause) {
    throw unreadableAnswer(cause);
  }
  throw unreadableAnswer();
}

function unreadableAnswer(cause?: unknown): FlyhotError {
  return new FlyhotError(
    "unexpected",
    "Cannot read the signature that was handed over: it has another form",
    { cause, hint: "use the same version of flyhot here and in the image" },
  );
}

function parseEnd(value: Record<string, unknown>): EventFileLine | null {
  const { exit_code, report, error } = value;
  if (typeof exit_code !== "number") return null;
  if (isRecord(report) && typeof report.outcome === "string") {
    return {
      kind: "end",
      end: {
        exitCode: exit_code,
        // Written by `endLine` of the same version from this very type.
        report: report as unknown as RolloutReport,
        error: null,
      },
    };
  }
  if (!isRecord(error) || typeof error.message !== "string") return null;
  return {
    kind: "end",
    end: {
      exitCode: exit_code,
      report: null,
      error: {
        code: typeof error.code === "string" ? error.code : "unexpected",
        message: error.message,
        hint: typeof error.hint === "string" ? error.hint : null,
      },
    },
  };
}

const FIND_PATH = `
const { env } = await import("node:process");
const path = env.FLYHOT_EVENTS ||
  (env.TMPDIR || "/tmp").replace(/\\/+$/, "") + "/flyhot-events.jsonl";
`;

/**
 * Builds the command that reads the file from an offset and prints what it finds in base64; nothing if there is no file
 * yet.
 */
export function lookCommand(offset: number): readonly string[] {
  return [
    "deno",
    "eval",
    `${FIND_PATH}
let file;
try {
  file = await Deno.open(path);
} catch (error) {
  if (error instanceof Deno.errors.NotFound) Deno.exit(0);
  throw error;
}
await file.seek(${offset}, 0);
const room = new Uint8Array(${LOOK_BYTES_MAX});
let length = 0;
while (length < room.length) {
  const read = await file.read(room.subarray(length));
  if (read === null) break;
  length += read;
}
console.log(room.subarray(0, length).toBase64());`,
  ];
}

/** Builds the command that tells the temporary machine that its last line was read. */
export function acknowledgeCommand(): readonly string[] {
  return [
    "deno",
    "eval",
    `${FIND_PATH}
await Deno.writeTextFile(path + ".ack", "");`,
  ];
}
