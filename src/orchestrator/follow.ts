/** Following the temporary machine from outside until its end.
 * @module
 */
import { errorText, shownText } from "@flyhot/runtime/protocol";
import { FlyhotError, toFlyhotError } from "../errors.ts";
import { lastExit, type Machine } from "../fly/machine.ts";
import type { MachinesApi } from "../fly/machines_api.ts";
import type { Host } from "../host.ts";
import type { Reporter } from "../ui/reporter.ts";
import type { ReleaseToSign, SignStep } from "../release/signing.ts";
import {
  acknowledgeCommand,
  answerSignCommand,
  LOOK_BYTES_MAX,
  lookCommand,
  type OrchestratorEnd,
  parseEventLine,
  type SignAnswer,
} from "./events_file.ts";

/** What {@linkcode followOrchestrator} works with. */
interface FollowDeps {
  /** Clock and waiting. */
  readonly host: Pick<Host, "sleep" | "monotonicNow">;
  /** The Machines API of the app. */
  readonly api: MachinesApi;
  /** Who is told what happens there. */
  readonly reporter: Reporter;
  /** Signs what was packed there, or refuses by throwing; left out where nobody asked for it. */
  readonly onSign?: SignStep;
}

const LOOK_EVERY_MS = 1000;
const START_MS_MAX = 5 * 60_000;
const SILENT_MS_MAX = 3 * 60_000;
const FOLLOW_MS_MAX = 2 * 3_600_000;
const FAILED_LOOKS_MAX = 10;
const MISSING_LOOKS_MAX = 15;
const GOING_MS_MAX = 15_000;
const SIGN_ATTEMPTS_MAX = 4;

const STARTING = new Set(["created", "creating", "starting", "pending"]);
const ENDED = new Set([
  "stopping",
  "stopped",
  "destroying",
  "destroyed",
  "failed",
  "launch_failed",
]);

/** Follows the temporary machine: passes on what happens there, and tells how it ended. */
export async function followOrchestrator(
  machineId: string,
  deps: FollowDeps,
  signal: AbortSignal,
): Promise<OrchestratorEnd> {
  try {
    await untilStarted(machineId, deps, signal);
    const end = await untilEnd(machineId, deps, signal);
    await letGo(machineId, deps);
    return end;
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) throw error;
    throw new FlyhotError(
      "incomplete",
      `Cannot follow the upgrade any further: interrupted, but the temporary machine ${machineId} goes on with it`,
      {
        hint:
          `see how it ends with: flyhot status --app ${deps.api.app}, or: fly logs --app ${deps.api.app} --machine ${machineId}`,
      },
    );
  }
}

async function untilStarted(
  machineId: string,
  deps: FollowDeps,
  signal: AbortSignal,
): Promise<void> {
  const { api, host } = deps;
  const end = host.monotonicNow() + START_MS_MAX;
  for (let missing = 0;;) {
    signal.throwIfAborted();
    const machine = await api.get(machineId, signal);
    // A new machine may be unknown for a moment; later it means that it is gone.
    if (!machine && ++missing >= MISSING_LOOKS_MAX) {
      throw died(machineId, machine, api);
    }
    if (machine && ENDED.has(machine.state)) {
      throw died(machineId, machine, api);
    }
    if (machine && !STARTING.has(machine.state)) return;
    if (host.monotonicNow() >= end) {
      await removeMachine(machineId, deps);
      throw new FlyhotError(
        "network",
        `Cannot start the temporary machine ${machineId}: it is still ${
          machine?.state ?? "unknown"
        } after ${START_MS_MAX / 60_000} minutes`,
        { hint: "try again; Fly may have trouble: https://status.flyio.net" },
      );
    }
    await host.sleep(LOOK_EVERY_MS, signal);
  }
}

async function untilEnd(
  machineId: string,
  deps: FollowDeps,
  signal: AbortSignal,
): Promise<OrchestratorEnd> {
  const { api, host, reporter } = deps;
  const begun = host.monotonicNow();
  const decoder = new TextDecoder();
  let offset = 0;
  let open = "";
  let failed = 0;
  for (;;) {
    signal.throwIfAborted();
    let bytes: Uint8Array;
    try {
      bytes = await look(machineId, offset, api, signal);
      failed = 0;
    } catch (error) {
      signal.throwIfAborted();
      const machine = await api.get(machineId, signal);
      if (!machine || ENDED.has(machine.state)) {
        throw died(machineId, machine, api);
      }
      if (++failed >= FAILED_LOOKS_MAX) throw error;
      bytes = new Uint8Array();
    }
    offset += bytes.length;
    const lines = (open + decoder.decode(bytes, { stream: true })).split("\n");
    open = lines.pop()!;
    for (const text of lines) {
      const line = parseEventLine(text);
      if (line?.kind === "end") return line.end;
      if (line?.kind === "sign") {
        await answerSign(machineId, line.release, deps, signal);
      } else if (line) reporter.emit(line.event);
    }
    const passed = host.monotonicNow() - begun;
    if (offset === 0 && passed > SILENT_MS_MAX) {
      await removeMachine(machineId, deps);
      throw new FlyhotError(
        "unexpected",
        `Cannot follow the temporary machine ${machineId}: it runs, but told nothing for ${
          SILENT_MS_MAX / 60_000
        } minutes`,
        {
          hint:
            `see what it does with: fly logs --app ${api.app}; its command is "flyhot".orchestrateCommand in deno.json`,
        },
      );
    }
    if (passed > FOLLOW_MS_MAX) {
      throw new FlyhotError(
        "incomplete",
        `Cannot follow the temporary machine ${machineId} any further: it is not done after ${
          FOLLOW_MS_MAX / 3_600_000
        } hours`,
        { hint: `see what it does with: fly logs --app ${api.app}` },
      );
    }
    if (bytes.length < LOOK_BYTES_MAX) await host.sleep(LOOK_EVERY_MS, signal);
  }
}

/** Hands over the signature, or why there is none; the temporary machine goes on, or ends by it. */
async function answerSign(
  machineId: string,
  release: ReleaseToSign,
  { api, onSign }: FollowDeps,
  signal: AbortSignal,
): Promise<void> {
  let answer: SignAnswer;
  try {
    if (!onSign) {
      throw new FlyhotError(
        "auth",
        "Cannot sign the release: no key was given",
        {
          hint:
            "set FLYHOT_SIGNING_KEY, or name the key with --signing-key <file>",
        },
      );
    }
    answer = { signature: await onSign(release, signal) };
  } catch (error) {
    const { code, message, hint } = toFlyhotError(error);
    answer = { refused: { code, message, hint } };
  }
  const what = `hand the signature to the temporary machine ${machineId}`;
  const { code, stderr } = await api.exec(
    machineId,
    answerSignCommand(answer),
    { what, attemptsMax: SIGN_ATTEMPTS_MAX, signal },
  );
  if (code === 0) return;
  throw new FlyhotError(
    "unexpected",
    `Cannot ${what}: running deno there ended with ${code} (${
      shownText(stderr.trim().slice(0, 300))
    })`,
    {
      hint:
        "run flyhot hot again; flyhot hot --local needs no temporary machine",
    },
  );
}

async function look(
  machineId: string,
  offset: number,
  api: MachinesApi,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const what = `follow the temporary machine ${machineId}`;
  const { code, stdout, stderr } = await api.exec(
    machineId,
    lookCommand(offset),
    { what, attemptsMax: 2, signal },
  );
  if (code === 0) return Uint8Array.fromBase64(stdout.trim());
  throw new FlyhotError(
    "unexpected",
    `Cannot ${what}: running deno there ended with ${code} (${
      stderr.trim().slice(0, 300)
    })`,
    { hint: "the image needs deno on its PATH" },
  );
}

function died(
  machineId: string,
  machine: Machine | null,
  api: MachinesApi,
): FlyhotError {
  const exit = machine ? lastExit(machine) : null;
  const how = exit === null
    ? "ended"
    : exit.oomKilled
    ? "ran out of memory"
    : `ended with exit code ${exit.code}`;
  return new FlyhotError(
    "incomplete",
    `Cannot tell how the upgrade ended: the temporary machine ${machineId} ${how} before its report could be read`,
    {
      hint:
        `see what the machines run with: flyhot status --app ${api.app}, and why it ended with: fly logs --app ${api.app}`,
    },
  );
}

/** Tells the machine that its report was read, and sees to it that it goes. */
async function letGo(machineId: string, deps: FollowDeps): Promise<void> {
  const { api } = deps;
  try {
    await api.exec(machineId, acknowledgeCommand(), {
      what: `take leave of the temporary machine ${machineId}`,
      attemptsMax: 1,
    });
    if (await api.wait(machineId, "destroyed", { timeoutMs: GOING_MS_MAX })) {
      return;
    }
  } catch {
    // It may have gone already; if not, it is removed now.
  }
  await removeMachine(machineId, deps);
}

async function removeMachine(
  machineId: string,
  deps: FollowDeps,
): Promise<void> {
  try {
    await deps.api.destroy(machineId);
  } catch (error) {
    const why = errorText(error);
    deps.reporter.emit({
      type: "warning",
      text:
        `${why}; remove it with: fly machine destroy --force ${machineId} --app ${deps.api.app}`,
    });
  }
}
