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
import { FlyhotError } from "../errors.ts";
import { appMachines } from "./app_machine.ts";
import {
  CONTROL_EXIT_CODES,
  controlCommand,
  type ControlRequest,
} from "./control.ts";
import type { AppMachine, Fleet } from "./fleet.ts";
import type { ExecOutcome, MachinesApi } from "./machines_api.ts";

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

  /**
   * Sends nothing yet.
   *
   * @param api the Machines API of the app
   */
  constructor(api: MachinesApi) {
    this.#api = api;
  }

  /**
   * Lists the app's machines, started or not.
   *
   * @param signal gives up early
   * @returns the machines that run the app, by region and id
   * @throws {FlyhotError} `auth`, `not_found` or `network`
   */
  async list(signal?: AbortSignal): Promise<readonly AppMachine[]> {
    return appMachines(await this.#api.list(signal ? { signal } : {}));
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
    for (const id of machineIds) {
      const holder = await this.#api.lease(id, signal);
      if (holder !== null) return `machine ${id} is held by ${holder}`;
    }
    return null;
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

  async #ask<T>(
    machineId: string,
    request: ControlRequest,
    what: string,
    parse: (value: unknown) => T,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    const { stdout } = await this.#exec(machineId, request, what, signal);
    try {
      return parse(JSON.parse(stdout));
    } catch (cause) {
      if (!(cause instanceof SyntaxError || cause instanceof ProtocolError)) {
        throw cause;
      }
      throw new FlyhotError(
        "unexpected",
        cause instanceof ProtocolError
          ? `Cannot ${what}: ${cause.message.replace(/^Cannot/, "cannot")}`
          : `Cannot ${what}: its answer is no JSON (${stdout.length} characters came)`,
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
    const outcome = await this.#api.exec(
      machineId,
      controlCommand(request, this.#api.app),
      signal ? { what, signal } : { what },
    );
    if (outcome.code === 0) return outcome;
    throw controlFailure(what, outcome);
  }
}

function controlFailure(what: string, outcome: ExecOutcome): FlyhotError {
  const said = outcome.stderr.trim().split("\n").at(-1) ?? "";
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
