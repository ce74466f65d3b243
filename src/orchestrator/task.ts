/** What the command hands to the temporary machine: the task, as JSON in `FLYHOT_ORCHESTRATE`.
 * @module
 */
import type { ResolvedConfig } from "../config/resolve.ts";
import { FlyhotError } from "../errors.ts";
import { isRecord } from "../base/values.ts";

/** The variable that holds the task. */
export const TASK_VARIABLE = "FLYHOT_ORCHESTRATE";

/** What to do on the temporary machine. What is null, its own environment decides. */
export interface OrchestratorTask {
  /** The version of this record. */
  readonly task: 1;
  readonly app: string;
  /** The image that the machine runs, and that the release is packed from. */
  readonly sourceImageRef: string;
  /** Who deploys. */
  readonly deployedBy: string;
  readonly bucket: string | null;
  /** The S3 service. */
  readonly endpoint: string | null;
  /** The region in signatures. */
  readonly region: string | null;
  /** The variables of access key, secret key and session token. */
  readonly credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken: string;
  };
  /** The main modules. */
  readonly entries: readonly string[] | null;
  /** Files that belong to the release. */
  readonly include: readonly string[] | null;
  /** Files that do not. */
  readonly exclude: readonly string[];
  /** How many machines go first. */
  readonly canary: number;
  /** How many machines upgrade at a time. */
  readonly maxConcurrency: number;
  /** How long a machine may take, in milliseconds. */
  readonly timeoutMs: number;
  /** How long the deploy lock holds without renewal, in milliseconds. */
  readonly lockTtlMs: number;
  /** Whether to take the lock over from somebody else. */
  readonly force: boolean;
  /** Whether whoever follows signs the release; the key itself is never sent. */
  readonly sign: boolean;
  /** For how long machines watch new code, in milliseconds; null for what each was started with. */
  readonly probationMs: number | null;
  /** What is consented to, for this upgrade only. */
  readonly consent: readonly string[];
  /** The commit that the image is built from, where it is exactly that. */
  readonly commit?: string;
  /** What it is about, for people. */
  readonly message?: string;
}

/** Makes the task for the temporary machine. */
export function taskOf(
  config: ResolvedConfig,
  rest: Pick<
    OrchestratorTask,
    | "app"
    | "sourceImageRef"
    | "deployedBy"
    | "force"
    | "sign"
    | "consent"
    | "commit"
    | "message"
  >,
): OrchestratorTask {
  // The app's machines read their own secrets; what happens to be set here must not point the rollout elsewhere.
  const chosen = <T>(it: { value: T; from: string }): T | null =>
    it.from === "default" || it.from.startsWith("environment ")
      ? null
      : it.value;
  const variable = (it: { from: string }) =>
    it.from.replace("environment ", "");
  return {
    task: 1,
    ...rest,
    bucket: chosen(config.bucket),
    endpoint: chosen(config.endpoint),
    region: chosen(config.region),
    credentials: {
      accessKeyId: variable(config.accessKeyId),
      secretAccessKey: variable(config.secretAccessKey),
      sessionToken: variable(config.sessionToken),
    },
    entries: config.entries.value,
    include: config.include.value,
    exclude: config.exclude.value,
    canary: config.canary.value,
    maxConcurrency: config.maxConcurrency.value,
    timeoutMs: config.timeoutMs.value,
    lockTtlMs: config.lockTtlMs.value,
    probationMs: config.probationMs.value,
  };
}

/** Reads the task. */
export function parseTask(text: string | undefined): OrchestratorTask {
  if (text === undefined) {
    throw new FlyhotError(
      "usage",
      `Cannot orchestrate: ${TASK_VARIABLE} is not set`,
      {
        hint:
          "this command is for the temporary machine; people use: flyhot hot",
      },
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw unreadable("it is not JSON", cause);
  }
  if (!isRecord(value) || value.task !== 1) {
    throw unreadable("its version is not 1");
  }
  const task = value;
  const read = <T>(
    key: string,
    expected: string,
    test: (it: unknown) => it is T,
  ): T => {
    const it = task[key];
    if (test(it)) return it;
    throw unreadable(`${key} is not ${expected}`);
  };
  const credentials = read("credentials", "an object", isRecord);
  const variable = (key: string): string => {
    const it = credentials[key];
    if (isText(it)) return it;
    throw unreadable(`credentials.${key} is not text`);
  };
  return {
    task: 1,
    app: read("app", "text", isText),
    sourceImageRef: read("sourceImageRef", "text", isText),
    deployedBy: read("deployedBy", "text", isText),
    bucket: read("bucket", "text", isTextOrNull),
    endpoint: read("endpoint", "text", isTextOrNull),
    region: read("region", "text", isTextOrNull),
    credentials: {
      accessKeyId: variable("accessKeyId"),
      secretAccessKey: variable("secretAccessKey"),
      sessionToken: variable("sessionToken"),
    },
    entries: read("entries", "a list of texts", isTextsOrNull),
    include: read("include", "a list of texts", isTextsOrNull),
    exclude: read("exclude", "a list of texts", isTexts),
    canary: read("canary", "a number", isNumber),
    maxConcurrency: read("maxConcurrency", "a number", isNumber),
    timeoutMs: read("timeoutMs", "a number", isNumber),
    lockTtlMs: read("lockTtlMs", "a number", isNumber),
    force: read("force", "true or false", isBoolean),
    // A command of an older version does not know of signatures.
    sign: task.sign !== undefined && read("sign", "true or false", isBoolean),
    probationMs: task.probationMs === undefined
      ? null
      : read("probationMs", "a number", isNumberOrNull),
    consent: task.consent === undefined
      ? []
      : read("consent", "a list of texts", isTexts),
    ...(task.commit === undefined
      ? {}
      : { commit: read("commit", "text", isText) }),
    ...(task.message === undefined
      ? {}
      : { message: read("message", "text", isText) }),
  };
}

function unreadable(why: string, cause?: unknown): FlyhotError {
  return new FlyhotError("usage", `Cannot read ${TASK_VARIABLE}: ${why}`, {
    cause,
    hint:
      "the flyhot that started this machine and the one that runs on it must have the same version",
  });
}

const isText = (it: unknown): it is string => typeof it === "string";
const isTextOrNull = (it: unknown): it is string | null =>
  it === null || isText(it);
const isTexts = (it: unknown): it is readonly string[] =>
  Array.isArray(it) && it.every(isText);
const isTextsOrNull = (it: unknown): it is readonly string[] | null =>
  it === null || isTexts(it);
const isNumber = (it: unknown): it is number => typeof it === "number";
const isNumberOrNull = (it: unknown): it is number | null =>
  it === null || isNumber(it);
const isBoolean = (it: unknown): it is boolean => typeof it === "boolean";
