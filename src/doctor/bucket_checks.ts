/** Can the bucket be reached, written, and trusted?
 * @module
 */
import { type Bucket, BucketError } from "@flyhot/runtime/bucket";
import { openBucket } from "../config/load.ts";
import {
  requireBucket,
  requireCredentials,
  type ResolvedConfig,
} from "../config/resolve.ts";
import { FlyhotError, toFlyhotError } from "../errors.ts";
import type { AppMachine } from "../fly/fleet/fleet.ts";
import type { Host } from "../host.ts";
import { oneLine } from "../base/one_line.ts";
import { type Pointer, ulid } from "@flyhot/runtime/protocol";
import { readLock } from "../rollout/lock/store.ts";
import {
  describeAbandoned,
  isUnwatched,
  onProbation,
  SETTLES,
} from "../rollout/pointer/abandoned.ts";
import { readPointer } from "../rollout/pointer/pointer.ts";
import { formatDuration } from "../ui/format.ts";
import { type Check, fail, pass, warn } from "./check.ts";
import {
  probeConditionalWrites,
  type ProbeOutcome,
} from "./conditional_writes.ts";

/** What the checks found, and what further ones may work with. */
export interface BucketFindings {
  readonly checks: readonly Check[];
  /** The pointer: null if there is none, undefined if it could not be read. */
  readonly pointer: Pointer | null | undefined;
  /** The bucket, where it could be read. */
  readonly bucket?: Bucket;
  /** Whether somebody holds the deploy lock; an error where that cannot be told. Default: nobody asked */
  readonly isRollingOut?: boolean;
  /** Why nobody can tell whether a rollout is under way. */
  readonly lockTrouble?: unknown;
}

/** Past this, in milliseconds, a clock is worth a word: nothing goes by it, but signatures carry its time. */
const SKEW_MS_WARN = 10_000;
/** Past this, in milliseconds, S3 refuses signatures. */
const SKEW_MS_FAIL = 15 * 60_000;

/** Looks at the bucket: name, credentials, clock, conditional writes. */
export async function checkBucket(
  config: ResolvedConfig,
  host: Host,
  signal: AbortSignal,
): Promise<BucketFindings> {
  const missing = checkNames(config);
  if (missing) return { checks: [missing], pointer: undefined };
  const clock = new ClockWitness(host);
  let bucket: Bucket;
  try {
    bucket = openBucket(config, clock);
  } catch (error) {
    return { checks: [fail("bucket", error)], pointer: undefined };
  }
  // Without an app there is still a bucket to look at: what is read need not be there.
  const app = config.app.value ?? "no-app";
  const where =
    `${config.bucket.value} at ${config.endpoint.value} (${config.bucket.from})`;
  let pointer: Pointer | null;
  const unread: Check[] = [];
  try {
    const warned = (text: string) =>
      unread.push(warn("bucket", oneLine(text), null));
    pointer = (await readPointer(bucket, app, signal, warned)).pointer;
  } catch (error) {
    signal.throwIfAborted();
    return {
      checks: judgeReading(error, where, clock.skewMs),
      pointer: undefined,
    };
  }
  const id = ulid(host.now(), host.randomBytes(10));
  const said = pointer
    ? `revision ${pointer.revision}`
    : "nothing released yet";
  const checks = [
    pass("bucket", `${where}: ${said}`),
    ...unread,
    ...await checkWriting(
      bucket,
      `releases/${app}-doctor/${id}`,
      { from: config.accessKeyId.from, endpoint: config.endpoint.value },
      signal,
    ),
    judgeClock(clock.skewMs),
  ];
  return { checks, pointer, bucket, ...await readLockFor(app, bucket, signal) };
}

async function readLockFor(
  app: string,
  bucket: Bucket,
  signal: AbortSignal,
): Promise<Pick<BucketFindings, "isRollingOut" | "lockTrouble">> {
  try {
    return { isRollingOut: !isUnwatched(await readLock(bucket, app, signal)) };
  } catch (lockTrouble) {
    signal.throwIfAborted();
    return { lockTrouble };
  }
}

/** A warning if the bucket or its keys are not named here; null if they are. */
function checkNames(config: ResolvedConfig): Check | null {
  const wanted = [
    ["bucket", requireBucket],
    ["credentials", requireCredentials],
  ] as const;
  for (const [check, wants] of wanted) {
    try {
      wants(config);
    } catch (thrown) {
      const { message, hint } = toFlyhotError(thrown);
      return warn(
        check,
        `${message}; the bucket was not looked at`,
        `${hint}; flyhot hot --local needs it here, flyhot hot only on the machines`,
      );
    }
  }
  return null;
}

/** Names rollouts that nobody watches any more, of whatever image a machine has. */
export function checkProbations(
  { pointer, isRollingOut, lockTrouble }: BucketFindings,
  machines: readonly AppMachine[],
): readonly Check[] {
  if (!pointer) return [];
  const images = machines.map(({ imageRef }) => imageRef);
  const open = onProbation(pointer, [pointer.image_ref, ...images]);
  if (open.length === 0) return [];
  if (lockTrouble !== undefined) return [fail("probation", lockTrouble)];
  if (isRollingOut) {
    return [pass("probation", `v${open[0]!.version} is being rolled out now`)];
  }
  return open.map((abandoned) =>
    fail(
      "probation",
      new FlyhotError("incomplete", describeAbandoned(abandoned), {
        hint: `settle it with: ${SETTLES}`,
      }),
    )
  );
}

async function checkWriting(
  bucket: Bucket,
  key: string,
  { from, endpoint }: { readonly from: string; readonly endpoint: string },
  signal: AbortSignal,
): Promise<readonly Check[]> {
  try {
    const outcome = await probeConditionalWrites(bucket, key, signal);
    return [
      pass("credentials", `may read, write and remove, from ${from}`),
      judgeProbe(outcome, endpoint),
    ];
  } catch (error) {
    signal.throwIfAborted();
    return [fail("credentials", error)];
  }
}

/** What a failed read says about bucket, credentials or clock. */
function judgeReading(
  error: unknown,
  where: string,
  skewMs: number | null,
): readonly Check[] {
  if (!(error instanceof BucketError)) return [fail("bucket", error)];
  if (error.code === "clock_skew") return [fail("clock", error)];
  if (error.code !== "credentials") return [fail("bucket", error)];
  // A server that judges signatures can be reached.
  return [
    pass("bucket", `${where}: reached`),
    fail("credentials", error),
    ...(skewMs === null ? [] : [judgeClock(skewMs)]),
  ];
}

/** Judges conditional writes. */
export function judgeProbe(outcome: ProbeOutcome, endpoint = ""): Check {
  switch (outcome.status) {
    case "honored":
      return pass(
        "conditional_writes",
        `create-only and compare-and-swap are honored${
          isTigris(endpoint) ? `; ${TIGRIS_REGIONS}` : ""
        }`,
      );
    case "unclear":
      return warn(
        "conditional_writes",
        `cannot tell whether they are honored: ${outcome.why}`,
        "run flyhot doctor again",
      );
    case "not_honored":
      return fail(
        "conditional_writes",
        new FlyhotError(
          "conflict",
          `The bucket does not honor conditional writes: ${outcome.why}`,
          { hint: "use a store that does, such as Tigris, AWS S3, R2 or Ceph" },
        ),
      );
  }
}

const TIGRIS_REGIONS =
  "across regions Tigris promises that for Single- and Multi-region buckets only: with a Global one, the default of fly storage create, deploy from one region";

function isTigris(endpoint: string): boolean {
  if (!URL.canParse(endpoint)) return false;
  const { hostname } = new URL(endpoint);
  return /(^|\.)(tigris\.dev|t3\.storage\.dev|tigrisfiles\.io)$/.test(hostname);
}

/** Judges the difference between this clock and the bucket's. */
export function judgeClock(skewMs: number | null): Check {
  if (skewMs === null) {
    return warn("clock", "cannot be compared: the bucket names no time", null);
  }
  const apart = Math.abs(skewMs);
  const text = apart <= 1000
    ? "agrees with the bucket's to the second"
    : `is ${formatDuration(apart)} ${
      skewMs > 0 ? "ahead of" : "behind"
    } the bucket's`;
  const remedy = "set this computer's clock, or let it be set by NTP";
  if (apart > SKEW_MS_FAIL) {
    const hint = `${remedy}; past 15 minutes signatures are refused`;
    return fail(
      "clock",
      new FlyhotError("auth", `The clock ${text}`, { hint }),
    );
  }
  return apart > SKEW_MS_WARN
    ? warn("clock", text, `${remedy}; past 15 minutes signatures are refused`)
    : pass("clock", text);
}

/** Sends requests, and compares the clock with the times that the answers name. */
class ClockWitness {
  readonly #host: Pick<Host, "fetch" | "now">;
  #narrowestMs = Infinity;
  #skewMs: number | null = null;

  constructor(host: Pick<Host, "fetch" | "now">) {
    this.#host = host;
  }

  /** How far this clock is ahead, in milliseconds, by the answer that came fastest; null if none named a time. */
  get skewMs(): number | null {
    return this.#skewMs;
  }

  async fetch(request: Request): Promise<Response> {
    const sent = this.#host.now();
    const response = await this.#host.fetch(request);
    const received = this.#host.now();
    const said = Date.parse(response.headers.get("date") ?? "");
    if (!Number.isNaN(said) && received - sent < this.#narrowestMs) {
      this.#narrowestMs = received - sent;
      // The header leaves out what is less than a second.
      this.#skewMs = (sent + received) / 2 - (said + 500);
    }
    return response;
  }
}
