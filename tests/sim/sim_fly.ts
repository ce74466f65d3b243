/** The Machines API of a simulated world, reached over a bad network by the real client.
 * @module
 */
import type { Sim } from "./sim.ts";
import type { SimMachine } from "./sim_machine.ts";

/** The token that deployers have; it must appear nowhere. */
export const TOKEN = "FlyV1 fm2_c2VjcmV0IG9mIHRoZSBkZXBsb3llcg";

/** What the platform does wrong. */
export interface FlyFaults {
  /** How likely a request fails, 0 to 1. Default 0. */
  readonly rate?: number;
}

/** A call that changed a machine. */
export interface FlyCall {
  readonly machineId: string;
  readonly action: "start" | "stop" | "restart" | "destroy";
  readonly at: number;
}

const STATUSES = [408, 409, 412, 429, 500, 502, 503] as const;
const EXEC_MS = 25_000;

/** Answers the requests of one deployer. */
export class SimFly {
  readonly #sim: Sim;
  readonly #machines: () => readonly SimMachine[];
  readonly #faults: FlyFaults;
  /** Told of every call that changes a machine. */
  onCall: (call: FlyCall) => void = () => {};
  /** Told of every request that arrives. */
  onRequest: (request: Request) => void = () => {};

  constructor(
    sim: Sim,
    machines: () => readonly SimMachine[],
    faults: FlyFaults = {},
  ) {
    this.#sim = sim;
    this.#machines = machines;
    this.#faults = faults;
  }

  /** Sends one request there and its answer back; either may be lost, late or doubled. */
  async fetch(request: Request): Promise<Response> {
    const { signal } = request;
    const sim = this.#sim;
    this.onRequest(request);
    await sim.turn(signal);
    const fate = sim.chance(this.#faults.rate ?? 0) ? sim.between(0, 4) : -1;
    if (fate === 0) throw new TypeError("connection reset");
    if (fate === 1) return refusal(STATUSES[sim.between(0, 6)]!);
    if (fate === 2) await sim.sleep(sim.between(100, 20_000), signal);
    const { pathname } = new URL(request.url);
    const [, id, action] =
      /^\/v1\/apps\/shop\/machines(?:\/([^/]+))?(?:\/([^/]+))?$/
        .exec(pathname) ?? [];
    const body = request.method === "POST" ? await request.text() : "";
    if (fate === 3) await this.#answer(request, id, action, body);
    const answer = await this.#answer(request, id, action, body);
    await sim.turn(signal);
    if (fate === 4) throw new TypeError("connection closed");
    return answer;
  }

  async #answer(
    { method, signal }: Request,
    id: string | undefined,
    action: string | undefined,
    body: string,
  ): Promise<Response> {
    const there = this.#machines().filter(({ state }) => state !== null);
    if (id === undefined) return Response.json(there.map(({ json }) => json));
    const machine = there.find((each) => each.id === id);
    if (!machine) return refusal(404);
    switch (action) {
      case undefined:
        if (method === "DELETE") {
          this.#called(id, "destroy");
          machine.destroy();
        }
        return Response.json(machine.json);
      case "lease":
        return refusal(404);
      case "exec":
        return await this.#exec(machine, body, signal);
      case "start":
        this.#called(id, "start");
        machine.start();
        return Response.json({ previous_state: "stopped" });
      case "stop":
      case "restart":
        this.#called(id, action);
        if (action === "stop") machine.stop();
        else machine.restart();
        return Response.json({ ok: true });
      case "wait":
        return machine.state === "started"
          ? Response.json({ ok: true })
          : refusal(408);
      default:
        return refusal(404);
    }
  }

  async #exec(
    machine: SimMachine,
    body: string,
    signal: AbortSignal,
  ): Promise<Response> {
    if (machine.state !== "started") return refusal(412);
    const { process } = machine;
    const script = JSON.parse(body).command[2];
    const path = /"path":"([^"]+)"/.exec(script)?.[1];
    const and = /"and":"([^"]+)"/.exec(script)?.[1];
    const first = await machine.ask(path ?? "");
    const second = and === undefined ? null : await machine.ask(and);
    const answer = and === undefined || first === null || second === null
      ? first
      : [first, second];
    if (machine.process !== process) return refusal(412);
    if (answer !== null) {
      return Response.json({ exit_code: 0, stdout: JSON.stringify(answer) });
    }
    if (process === null) {
      return Response.json({ exit_code: 71, stderr: "nobody listens" });
    }
    await this.#sim.sleep(EXEC_MS / 2, signal);
    return Response.json({ exit_code: 73, stderr: "it did not answer" });
  }

  #called(machineId: string, action: FlyCall["action"]): void {
    this.onCall({ machineId, action, at: this.#sim.elapsed });
  }
}

function refusal(status: number): Response {
  return Response.json({ error: `simulated ${status}` }, { status });
}
