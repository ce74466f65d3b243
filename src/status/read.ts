/** Asking every machine of an app what it runs.
 * @module
 */
import { tell } from "../rollout/steps.ts";
import type { Pointer } from "@flyhot/runtime/protocol";
import type { Bucket } from "@flyhot/runtime/bucket";
import { loadConfig, openBucket } from "../config/load.ts";
import {
  type CliValues,
  requireApp,
  type ResolvedConfig,
} from "../config/resolve.ts";
import { withDeadline } from "../base/deadline.ts";
import { FlyhotError, toFlyhotError } from "../errors.ts";
import {
  type AppMachine,
  type Fleet,
  ServesNobodyError,
} from "../fly/fleet/fleet.ts";
import { MachinesFleet } from "../fly/fleet/machines_fleet.ts";
import { readLock } from "../rollout/lock/store.ts";
import {
  type AbandonedProbation,
  isUnwatched,
  onProbation,
} from "../rollout/pointer/abandoned.ts";
import { readPointer } from "../rollout/pointer/pointer.ts";
import type { Reporter } from "../ui/reporter.ts";
import { type AppDeps, reporterOf } from "../ui/app_deps.ts";
import { openMachinesApi } from "../rollout/fly_access.ts";
import { mapLimited } from "../base/limited.ts";
import { oneLine } from "../base/one_line.ts";
import { ownWords } from "./own_words.ts";
import type { AskedMachine } from "./judge.ts";
import { statusReport } from "./report.ts";
import type { StatusReport } from "./status.ts";

const ASKED_AT_ONCE = 8;
const ANSWER_MS_MAX = 30_000;

/**
 * Tells what every machine of an app runs.
 *
 * @param options app, bucket and configuration, where the app's files do not say
 * @param deps the outside, and who is told what happens
 * @param signal gives up early
 * @returns the machines, each compared with the pointer, or with each other where the bucket cannot be read
 * @throws {FlyhotError} `usage` without an app, `auth`, `not_found` or `network` as the Machines API fails
 *
 * @example
 * ```ts ignore
 * import { denoHost, status } from "@flyhot/cli/mod";
 * using host = denoHost();
 * const { machines } = await status({ app: "my-app" }, { host });
 * machines.filter(({ verdict }) => verdict === "behind");
 * ```
 */
export async function status(
  options: CliValues,
  deps: AppDeps,
  signal?: AbortSignal,
): Promise<StatusReport> {
  const read = await openStatus(options, deps, signal);
  return await read(reporterOf(deps), signal);
}

/** Reads the status once more. */
export type StatusReader = (
  reporter: Reporter,
  signal?: AbortSignal,
) => Promise<StatusReport>;

/** Finds out once what is needed to ask again and again. */
export async function openStatus(
  options: CliValues,
  { host }: AppDeps,
  signal: AbortSignal = new AbortController().signal,
): Promise<StatusReader> {
  const config = await loadConfig(host, options);
  const app = requireApp(config);
  const api = await openMachinesApi(app, config, host, { signal });
  const fleet = new MachinesFleet(api);
  return async (reporter, signal) => {
    const machines = await fleet.list(signal);
    const deps = { host, reporter };
    const [asked, { pointer, bucket, abandoned }] = await tell(
      deps,
      { name: "Ask machines", detail: `${machines.length}` },
      () =>
        Promise.all([
          mapLimited(
            machines,
            ASKED_AT_ONCE,
            (machine) => ask(machine, fleet, signal),
          ),
          pointerIfAllowed(app, machines, config, deps, signal),
        ]),
    );
    const words = pointer && bucket
      ? await ownWords(app, answersOf(asked), pointer, bucket, signal)
      : undefined;
    return await statusReport(app, asked, pointer, abandoned, words);
  };
}

function answersOf(asked: readonly AskedMachine[]) {
  return asked.flatMap(({ machine, answer }) =>
    answer && "info" in answer ? [{ machine, info: answer.info }] : []
  );
}

async function ask(
  machine: AppMachine,
  fleet: Fleet,
  signal: AbortSignal | undefined,
): Promise<AskedMachine> {
  if (machine.state !== "started") return { machine, answer: null };
  if (!machine.hostOk) {
    return {
      machine,
      answer: { problem: "its host cannot be reached", unreachable: true },
    };
  }
  try {
    const info = await withDeadline(
      ANSWER_MS_MAX,
      () =>
        new FlyhotError(
          "network",
          `Cannot ask machine ${machine.id} what it runs: no answer within ${
            ANSWER_MS_MAX / 1000
          } s`,
          { hint: `see what it logged: fly logs --machine ${machine.id}` },
        ),
      (signal) => fleet.info(machine.id, signal),
      signal,
    );
    return { machine, answer: { info } };
  } catch (thrown) {
    signal?.throwIfAborted();
    if (thrown instanceof ServesNobodyError) {
      const { message } = thrown;
      return {
        machine,
        answer: { problem: message, unreachable: false, servesNobody: true },
      };
    }
    const { code, message } = toFlyhotError(thrown);
    const unreachable = code === "network" || code === "conflict";
    return { machine, answer: { problem: message, unreachable } };
  }
}

interface PointerRead {
  /** The pointer; undefined where nobody gave us the means to read it. */
  readonly pointer: Pointer | null | undefined;
  /** Where it was read from. */
  readonly bucket?: Bucket;
  /** What nobody watches any more. */
  readonly abandoned: readonly AbandonedProbation[];
}

async function pointerIfAllowed(
  app: string,
  machines: readonly AppMachine[],
  config: ResolvedConfig,
  deps: AppDeps,
  signal: AbortSignal | undefined,
): Promise<PointerRead> {
  const { bucket, accessKeyId, secretAccessKey } = config;
  if (!bucket.value || !accessKeyId.value || !secretAccessKey.value) {
    return { pointer: undefined, abandoned: [] };
  }
  try {
    const bucket = openBucket(config, deps.host);
    const { pointer } = await readPointer(
      bucket,
      app,
      signal,
      (text) => reporterOf(deps).emit({ type: "warning", text: oneLine(text) }),
    );
    const images = machines.map(({ imageRef }) => imageRef);
    const open = pointer ? onProbation(pointer, images) : [];
    if (open.length === 0) return { pointer, bucket, abandoned: [] };
    const lock = await readLock(bucket, app, signal);
    const left = isUnwatched(lock);
    return { pointer, bucket, abandoned: left ? open : [] };
  } catch (error) {
    signal?.throwIfAborted();
    reporterOf(deps).emit({
      type: "warning",
      text: `Comparing the machines with each other only. ${
        toFlyhotError(error).message
      }`,
    });
    return { pointer: undefined, abandoned: [] };
  }
}
