/** The machines of an app on Fly, reached through the Machines API alone.
 * @module
 */
import {
  type MachineInfo,
  parseMachineInfo,
  parseRunningManifest,
  ProtocolError,
  type RunningManifest,
} from "@flyhot/runtime/protocol";
import { FlyhotError } from "../../errors.ts";
import { mapLimited } from "../../base/limited.ts";
import { appMachines, containerOf } from "./app_machine.ts";
import {
  answerIn,
  CONTROL_EXIT_CODES,
  controlCommand,
  type ControlRequest,
} from "./control.ts";
import {
  type AppMachine,
  type Fleet,
  type InfoAndManifest,
  ServesNobodyError,
} from "./fleet.ts";
import type { Machine } from "../machine.ts";
import type { ExecOutcome } from "../api/answers.ts";
import type { MachinesApi } from "../machines_api.ts";

const LEASES_AT_ONCE = 16;
const START_MS_MAX = 120_000;

/** Reads the last lines that a machine logged, oldest first. */
export type LogReader = (
  machineId: string,
  signal?: AbortSignal,
) => Promise<readonly string[]>;

/**
 * The machines of an app on Fly. The runtime is asked through `exec`, so no port is opened and no new secret exists.
 *
 * @example
 * ```ts ignore
 * import { denoHost, MachinesApi, MachinesFleet, parseFlyToken } from "@flyhot/cli/mod";
 * using host = denoHost();
 * const token = parseFlyToken(host.env("FLY_API_TOKEN")!, "environment");
 * const fleet = new MachinesFleet(new MachinesApi({ host, app: "my-app", token }));
 * for (const machine of await fleet.list()) await fleet.info(machine.id);
 * ```
 */
export class MachinesFleet implements Fleet {
  readonly #api: MachinesApi;
  readonly #logs: LogReader | null;
  readonly #machines = new Map<string, Machine>();

  /**
   * Sends nothing yet.
   *
   * @param api the Machines API of the app
   * @param logs reads what machines logged. Default: nobody can
   */
  constructor(api: MachinesApi, logs: LogReader | null = null) {
    this.#api = api;
    this.#logs = logs;
  }

  /**
   * Lists the app's machines, started or not.
   *
   * @param signal gives up early
   * @returns the machines that run the app, by region and id
   * @throws {FlyhotError} `auth`, `not_found` or `network`
   */
  async list(signal?: AbortSignal): Promise<readonly AppMachine[]> {
    const machines = await this.#api.list({ signal });
    for (const machine of machines) this.#machines.set(machine.id, machine);
    return appMachines(machines);
  }

  /**
   * Says who holds a lease on one of these machines, as a deploy does.
   *
   * @param machineIds the machines
   * @param signal gives up early
   * @returns the first machine that is held and by whom, or null; a lease that cannot be read counts as none
   * @throws {FlyhotError} `auth` or `network`
   */
  async leaseHolder(
    machineIds: readonly string[],
    signal?: AbortSignal,
  ): Promise<string | null> {
    const holders = await mapLimited(
      machineIds,
      LEASES_AT_ONCE,
      async (id) => ({ id, by: await this.#api.lease(id, signal) }),
    );
    const held = holders.find(({ by }) => by !== null);
    return held ? `machine ${held.id} is held by ${held.by}` : null;
  }

  /**
   * Asks the runtime on a machine what it runs.
   *
   * @param machineId the machine
   * @param signal gives up early
   * @returns its answer
   * @throws {FlyhotError} `not_found` if no runtime listens there, else as the API failed
   */
  async info(machineId: string, signal?: AbortSignal): Promise<MachineInfo> {
    return await this.#ask(
      machineId,
      { method: "GET", path: "/v1/info" },
      `ask machine ${machineId} what it runs`,
      parseMachineInfo,
      signal,
    );
  }

  /**
   * Asks the runtime on a machine for what a planner needs.
   *
   * @param machineId the machine
   * @param signal gives up early
   * @returns the manifest of the running code
   * @throws {FlyhotError} `not_found` if no runtime listens there, else as the API failed
   */
  async manifest(
    machineId: string,
    signal?: AbortSignal,
  ): Promise<RunningManifest> {
    return await this.#ask(
      machineId,
      { method: "GET", path: "/v1/manifest" },
      `ask machine ${machineId} for its manifest`,
      parseRunningManifest,
      signal,
    );
  }

  /**
   * Asks the runtime on a machine what it runs and for what a planner needs, by one command there.
   *
   * @param machineId the machine
   * @param signal gives up early
   * @returns both answers
   * @throws {FlyhotError} as `info` and `manifest` do; `unexpected` if both are too long together
   */
  async infoAndManifest(
    machineId: string,
    signal?: AbortSignal,
  ): Promise<InfoAndManifest> {
    return await this.#ask(
      machineId,
      { method: "GET", path: "/v1/info", and: "/v1/manifest" },
      `ask machine ${machineId} what it runs`,
      (value) => {
        const [info, manifest] = Array.isArray(value) ? value : [];
        return {
          info: parseMachineInfo(info),
          manifest: parseRunningManifest(manifest),
        };
      },
      signal,
    );
  }

  /**
   * Tells the runtime on a machine to read the pointer now.
   *
   * @param machineId the machine
   * @param signal gives up early
   * @throws {FlyhotError} `not_found` if no runtime listens there, else as the API failed
   */
  async nudge(machineId: string, signal?: AbortSignal): Promise<void> {
    await this.#exec(
      machineId,
      { method: "POST", path: "/v1/check" },
      `tell machine ${machineId} to look for the upgrade`,
      signal,
    );
  }

  /**
   * Starts a machine that is at rest, and waits until it is started.
   *
   * @param machineId the machine
   * @param signal gives up early
   * @throws {FlyhotError} `auth`, `not_found`, `conflict` or `network` as the API says, `incomplete` if it does not start in time
   */
  async start(machineId: string, signal?: AbortSignal): Promise<void> {
    await this.#api.start(machineId, signal);
    const started = await this.#api.wait(machineId, "started", {
      timeoutMs: START_MS_MAX,
      signal,
    });
    if (started) return;
    throw new FlyhotError(
      "incomplete",
      `Cannot start machine ${machineId}: it is not started after ${
        START_MS_MAX / 1000
      } s`,
      { hint: `see why with: fly logs --machine ${machineId}` },
    );
  }

  /**
   * Stops a machine in an orderly way; does not wait.
   *
   * @param machineId the machine
   * @param signal gives up early
   * @throws {FlyhotError} `auth`, `not_found`, `conflict` or `network` as the API says
   */
  async stop(machineId: string, signal?: AbortSignal): Promise<void> {
    await this.#api.stop(machineId, signal);
  }

  /**
   * Reads the last lines that a machine logged; trouble is as good as none.
   *
   * @param machineId the machine
   * @param signal gives up early
   * @returns the lines, oldest first
   */
  async lastLines(
    machineId: string,
    signal?: AbortSignal,
  ): Promise<readonly string[]> {
    if (!this.#logs) return [];
    try {
      return await this.#logs(machineId, signal);
    } catch {
      signal?.throwIfAborted();
      return [];
    }
  }

  async #ask<T>(
    machineId: string,
    request: ControlRequest,
    what: string,
    parse: (value: unknown) => T,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    const { stdout } = await this.#exec(machineId, request, what, signal);
    try {
      return parse(JSON.parse(await answerIn(stdout)));
    } catch (cause) {
      if (
        !(cause instanceof SyntaxError || cause instanceof ProtocolError ||
          cause instanceof TypeError)
      ) {
        throw cause;
      }
      throw new FlyhotError(
        "unexpected",
        cause instanceof ProtocolError
          ? `Cannot ${what}: ${cause.message.replace(/^Cannot/, "cannot")}`
          : `Cannot ${what}: its answer is not JSON (${stdout.length} characters came)`,
        {
          cause,
          hint: "flyhot and @flyhot/runtime must have the same version",
        },
      );
    }
  }

  async #exec(
    machineId: string,
    request: ControlRequest,
    what: string,
    signal: AbortSignal | undefined,
  ): Promise<ExecOutcome> {
    const container = this.containerOf(machineId, what);
    let outcome: ExecOutcome;
    try {
      outcome = await this.#api.exec(
        machineId,
        controlCommand(request, this.#api.app),
        {
          what,
          ...(container === null ? {} : { container }),
          signal,
        },
      );
    } catch (error) {
      signal?.throwIfAborted();
      throw await this.#isDeaf(machineId, error, signal)
        ? new ServesNobodyError(
          machineId,
          what,
          "it is started, and no command ends there in time",
        )
        : error;
    }
    if (outcome.code === 0) return outcome;
    throw controlFailure(machineId, what, outcome);
  }

  /**
   * Finds the container that runs the app on a machine that was listed.
   *
   * @param machineId the machine
   * @param what what is tried there, as the rest of a sentence that begins with `Cannot`
   * @returns its name; null where the machine has none
   * @throws {FlyhotError} `usage` where it has several, and which one runs the app cannot be told
   */
  containerOf(machineId: string, what: string): string | null {
    const machine = this.#machines.get(machineId);
    if (!machine || machine.containers.length === 0) return null;
    const container = containerOf(machine);
    if (container) return container.name;
    const names = machine.containers.map(({ name }) => name).join(", ");
    throw new FlyhotError(
      "usage",
      `Cannot ${what}: it has the containers ${names}, and which one runs the app cannot be told`,
      { hint: "name the app's container app, or like its process group" },
    );
  }

  /** Whether a command was cut off for being late although the machine is started. */
  async #isDeaf(
    machineId: string,
    error: unknown,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    if (!(error instanceof FlyhotError) || error.code !== "network") {
      return false;
    }
    if (!/answered 408|deadline_exceeded/.test(error.message)) return false;
    try {
      return (await this.#api.get(machineId, signal))?.state === "started";
    } catch {
      signal?.throwIfAborted();
      return false;
    }
  }
}

function controlFailure(
  machineId: string,
  what: string,
  outcome: ExecOutcome,
): FlyhotError {
  const said = outcome.stderr.trim().split("\n").at(-1) ?? "";
  if (outcome.code === CONTROL_EXIT_CODES.deaf) {
    return new ServesNobodyError(machineId, what, said);
  }
  if (outcome.code === CONTROL_EXIT_CODES.tooLong) {
    return new FlyhotError(
      "unexpected",
      `Cannot ${what}: ${said}, more than Fly lets through`,
      {
        hint:
          'leave files that the app does not need out of the image (.dockerignore) or of releases ("flyhot": {"exclude": [...]} in deno.json)',
      },
    );
  }
  if (outcome.code === CONTROL_EXIT_CODES.nobody) {
    return new FlyhotError(
      "not_found",
      `Cannot ${what}: no flyhot runtime answers there, ${said}`,
      {
        hint:
          "the app must call reapply() of @flyhot/runtime at its start; deploy it once with: fly deploy",
      },
    );
  }
  if (outcome.code === CONTROL_EXIT_CODES.refused) {
    return new FlyhotError(
      "unexpected",
      `Cannot ${what}: the runtime there fails, ${said}`,
      { hint: "see what it logs with: fly logs" },
    );
  }
  return new FlyhotError(
    "unexpected",
    `Cannot ${what}: running deno there ended with ${outcome.code}${
      said === "" ? "" : ` (${said.slice(0, 300)})`
    }`,
    { hint: "the machine's image needs deno on its PATH" },
  );
}
