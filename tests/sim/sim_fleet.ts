/** The machines of a simulated world, reached over a bad network.
 * @module
 */
import type { MachineInfo, RunningManifest } from "@flyhot/runtime/protocol";
import { FlyhotError } from "../../src/errors.ts";
import type { AppMachine, Fleet } from "../../src/fly/fleet.ts";
import type { Sim } from "./sim.ts";
import type { SimMachine } from "./sim_machine.ts";

/** A {@linkcode Fleet} of {@linkcode SimMachine}s. */
export class SimFleet implements Fleet {
  readonly #sim: Sim;
  readonly #machines: readonly SimMachine[];
  readonly #faultRate: number;

  /**
   * @param sim decides when answers come
   * @param machines the machines
   * @param faultRate how likely a nudge or a list fails, 0 to 1
   */
  constructor(sim: Sim, machines: readonly SimMachine[], faultRate = 0) {
    this.#sim = sim;
    this.#machines = machines;
    this.#faultRate = faultRate;
  }

  async list(signal?: AbortSignal): Promise<readonly AppMachine[]> {
    await this.#sim.turn(signal);
    return this.#machines.map(({ listed }) => listed)
      .filter((machine) => machine !== null);
  }

  info(): Promise<MachineInfo> {
    return Promise.reject(new Error("Nobody asks for this"));
  }

  async manifest(id: string, signal?: AbortSignal): Promise<RunningManifest> {
    return (await this.#reach(id, signal)).manifest;
  }

  async nudge(id: string, signal?: AbortSignal): Promise<void> {
    (await this.#reach(id, signal)).nudge();
  }

  async #reach(id: string, signal?: AbortSignal): Promise<SimMachine> {
    await this.#sim.turn(signal);
    const machine = this.#machines.find((each) => each.id === id);
    if (machine?.state !== "started" || this.#sim.chance(this.#faultRate)) {
      throw new FlyhotError("network", `Cannot reach machine ${id}: no answer`);
    }
    return machine;
  }
}
