/** The calls of the Fly Machines API that flyhot makes.
 *
 * Described at {@link https://fly.io/docs/machines/api/ | the Machines API documentation}.
 * @module
 */
import { isRecord } from "../base/values.ts";
import { FlyhotError } from "../errors.ts";
import type { Host } from "../host.ts";
import {
  failureOf,
  type HttpAnswer,
  request,
  type RequestOptions,
} from "../http.ts";
import {
  type ExecOutcome,
  execOutcome,
  jsonOf,
  saysNoImage,
  saysNoProgram,
} from "./api/answers.ts";
import type { CreateOutcome, MachineSpec } from "./api/spec.ts";
import { type Machine, parseMachine, parseMachines } from "./machine.ts";
import { RateGate } from "./rate_gate.ts";
import type { FlyToken } from "./token.ts";

/** Options of {@linkcode MachinesApi}. */
export interface MachinesApiOptions {
  /** Sends and waits. */
  readonly host: Host;
  /** The Fly app. */
  readonly app: string;
  /** Who asks. */
  readonly token: FlyToken;
  /** Where the API is. Default `https://api.machines.dev`. */
  readonly baseUrl?: string;
}

const SERVICE = "the Machines API";
// The API refuses longer waits.
const WAIT_SECONDS_MAX = 60;
// Longer commands are cut off by the proxy in between.
const EXEC_SECONDS_MAX = 25;

/**
 * The Machines API for one app, within its rate limits.
 *
 * @example
 * ```ts ignore
 * import { denoHost, MachinesApi, parseFlyToken } from "@flyhot/cli/mod";
 * using host = denoHost();
 * const token = parseFlyToken(host.env("FLY_API_TOKEN")!, "environment");
 * await new MachinesApi({ host, app: "my-app", token }).list();
 * ```
 */
export class MachinesApi {
  /** The Fly app. */
  readonly app: string;
  readonly #host: Host;
  readonly #token: FlyToken;
  readonly #base: string;
  readonly #execGate: RateGate;
  readonly #listGate: RateGate;
  readonly #getGate: RateGate;

  /**
   * Sends nothing yet.
   *
   * @param options the app, who asks, and where
   */
  constructor(options: MachinesApiOptions) {
    this.app = options.app;
    this.#host = options.host;
    this.#token = options.token;
    const base = (options.baseUrl ?? "https://api.machines.dev")
      .replace(/\/+$/, "");
    this.#base = `${base}/v1/apps/${encodeURIComponent(options.app)}/machines`;
    this.#execGate = new RateGate(options.host, { burst: 3, perSecond: 1 });
    this.#listGate = new RateGate(options.host, { burst: 3, perSecond: 1 });
    this.#getGate = new RateGate(options.host, { burst: 10, perSecond: 5 });
  }

  /**
   * Lists all machines of the app, whatever they are for.
   *
   * @param options a metadata pair that the machines must have, and a signal
   * @returns the machines
   * @throws {FlyhotError} `auth`, `not_found` for an unknown app, or `network`
   */
  async list(
    options: {
      readonly metadata?: readonly [key: string, value: string];
      readonly signal?: AbortSignal | undefined;
    } = {},
  ): Promise<readonly Machine[]> {
    await this.#listGate.pass("list", options.signal);
    const query = options.metadata
      ? `?metadata.${encodeURIComponent(options.metadata[0])}=${
        encodeURIComponent(options.metadata[1])
      }`
      : "";
    const answer = await this.#request(query, {
      what: `list the machines of ${this.app}`,
      signal: options.signal,
      accept: (status) => status === 404,
    });
    if (answer.status === 404) {
      throw new FlyhotError(
        "not_found",
        `Cannot list the machines of ${this.app}: the Machines API knows no such app, or the token (${this.#token.from}) may not see it`,
        {
          hint:
            "check the app's name (fly.toml, --app) and the token (fly auth whoami)",
        },
      );
    }
    const machines = parseMachines(jsonOf(answer));
    if (!options.metadata) return machines;
    const [key, value] = options.metadata;
    return machines.filter((it) => it.metadata[key] === value);
  }

  /**
   * Reads one machine; destroyed ones stay readable for a while.
   *
   * @param id the machine
   * @param signal gives up early
   * @returns the machine, or null if there is none
   * @throws {FlyhotError} `auth` or `network`
   */
  async get(id: string, signal?: AbortSignal): Promise<Machine | null> {
    await this.#getGate.pass(id, signal);
    const answer = await this.#request(`/${encodeURIComponent(id)}`, {
      what: `read machine ${id} of ${this.app}`,
      signal,
      accept: (status) => status === 404,
    });
    return answer.status === 404 ? null : parseMachine(jsonOf(answer));
  }

  /**
   * Makes and starts a machine; never repeated by itself, because it is not idempotent.
   *
   * @param spec what to make
   * @param signal gives up early
   * @returns what became of it
   * @throws {FlyhotError} `auth`, or `unexpected` if the API refuses the description
   */
  async create(
    spec: MachineSpec,
    signal?: AbortSignal,
  ): Promise<CreateOutcome> {
    const what = `create a machine in ${this.app} from ${spec.config.image}`;
    let answer: HttpAnswer;
    try {
      answer = await this.#request("", {
        what,
        method: "POST",
        json: spec,
        deadlineMs: 60_000,
        accept: () => true,
        signal,
      });
    } catch (error) {
      if (error instanceof FlyhotError && error.code === "network") {
        return { status: "unknown", error };
      }
      throw error;
    }
    if (answer.status < 300) {
      return { status: "created", machine: parseMachine(jsonOf(answer)) };
    }
    const error = failureOf(answer, this.#speech(what));
    if (saysNoImage(answer)) return { status: "no_image", error };
    // Too many requests were certainly not carried out, all the same it is worth another look and try.
    if (error.code === "network") return { status: "unknown", error };
    throw error;
  }

  /**
   * Reads who has a machine's lease: `fly deploy` takes it on every machine that it updates.
   *
   * @param id the machine
   * @param signal gives up early
   * @returns who has it and for what, as far as Fly says; null if nobody has
   * @throws {FlyhotError} `auth` or `network`
   */
  async lease(id: string, signal?: AbortSignal): Promise<string | null> {
    const answer = await this.#request(`/${encodeURIComponent(id)}/lease`, {
      what: `read the lease of machine ${id} of ${this.app}`,
      signal,
      accept: (status) => status === 404,
    });
    if (answer.status === 404) return null;
    const body = jsonOf(answer);
    const data = isRecord(body) && isRecord(body.data) ? body.data : {};
    const words = [data.owner, data.description]
      .filter((word) => typeof word === "string" && word !== "");
    return words.length > 0 ? words.join(", ") : "somebody";
  }

  /**
   * Waits for a machine to reach a state.
   *
   * @param id the machine
   * @param state for example `started`, `stopped`, `destroyed`
   * @param options how long in all, in milliseconds, and a signal
   * @returns true if it got there in time
   * @throws {FlyhotError} `auth`, `not_found` if the machine is gone, or `network`
   */
  async wait(
    id: string,
    state: string,
    options: {
      readonly timeoutMs: number;
      readonly signal?: AbortSignal | undefined;
    },
  ): Promise<boolean> {
    const end = this.#host.monotonicNow() + options.timeoutMs;
    for (let missing = 0;;) {
      const left = end - this.#host.monotonicNow();
      if (left <= 0) return false;
      const seconds = Math.min(
        Math.max(Math.ceil(left / 1000), 1),
        WAIT_SECONDS_MAX,
      );
      const answer = await this.#request(
        `/${encodeURIComponent(id)}/wait?state=${state}&timeout=${seconds}`,
        {
          what: `wait until machine ${id} is ${state}`,
          deadlineMs: (seconds + 10) * 1000,
          accept: (status) => status === 404 || status === 408,
          signal: options.signal,
        },
      );
      if (answer.status < 300) return true;
      if (answer.status === 404) {
        if (state === "destroyed") return true;
        // Right after a creation not every server knows the machine.
        if (++missing > 3) {
          throw failureOf(answer, this.#speech(`wait for machine ${id}`));
        }
      }
      // An early 408 means a busy server, not a passed deadline.
      await this.#host.sleep(500, options.signal);
    }
  }

  /**
   * Runs a command in a machine, without a shell; repeated on trouble, so it must be harmless to run twice.
   *
   * @param id the machine
   * @param command the program and its arguments
   * @param options what the attempt is called in errors, how long in seconds (default 20), how often, and a signal
   * @returns how it ended
   * @throws {FlyhotError} `auth`, `not_found`, `conflict` if the machine does not run, or `network`
   */
  async exec(
    id: string,
    command: readonly string[],
    options: {
      readonly what: string;
      readonly timeoutSeconds?: number;
      readonly attemptsMax?: number;
      /** In which container, where the machine has several. */
      readonly container?: string;
      readonly signal?: AbortSignal | undefined;
    },
  ): Promise<ExecOutcome> {
    const seconds = Math.min(options.timeoutSeconds ?? 20, EXEC_SECONDS_MAX);
    await this.#execGate.pass(id, options.signal);
    const answer = await this.#request(`/${encodeURIComponent(id)}/exec`, {
      what: options.what,
      method: "POST",
      json: {
        command,
        timeout: seconds,
        ...(options.container === undefined
          ? {}
          : { container: options.container }),
      },
      idempotent: true,
      accept: (status, body) => status >= 400 && saysNoProgram(body),
      deadlineMs: (seconds + 10) * 1000,
      ...(options.attemptsMax === undefined
        ? {}
        : { attemptsMax: options.attemptsMax }),
      signal: options.signal,
    });
    return execOutcome(answer, options.what);
  }

  /**
   * Starts or resumes a machine; does not wait for it.
   *
   * @param id the machine
   * @param signal gives up early
   * @throws {FlyhotError} `auth`, `not_found`, `conflict` if its state does not allow it, or `network`
   */
  async start(id: string, signal?: AbortSignal): Promise<void> {
    await this.#request(`/${encodeURIComponent(id)}/start`, {
      what: `start machine ${id} of ${this.app}`,
      method: "POST",
      idempotent: true,
      signal,
    });
  }

  /**
   * Stops a machine in an orderly way; does not wait for it.
   *
   * @param id the machine
   * @param signal gives up early
   * @throws {FlyhotError} `auth`, `not_found`, `conflict` if its state does not allow it, or `network`
   */
  async stop(id: string, signal?: AbortSignal): Promise<void> {
    await this.#request(`/${encodeURIComponent(id)}/stop`, {
      what: `stop machine ${id} of ${this.app}`,
      method: "POST",
      json: {},
      idempotent: true,
      signal,
    });
  }

  /**
   * Destroys a machine, running or not; one that is gone already is not an error.
   *
   * @param id the machine
   * @param signal gives up early
   * @throws {FlyhotError} `auth` or `network`
   */
  async destroy(id: string, signal?: AbortSignal): Promise<void> {
    await this.#request(`/${encodeURIComponent(id)}?force=true`, {
      what: `destroy machine ${id} of ${this.app}`,
      method: "DELETE",
      accept: (status) => status === 404,
      signal,
    });
  }

  #request(
    path: string,
    options: Omit<RequestOptions, "service" | "headers" | "authHint">,
  ): Promise<HttpAnswer> {
    return request(this.#host, `${this.#base}${path}`, {
      ...options,
      ...this.#speech(options.what),
      headers: { authorization: this.#token.header.reveal() },
    });
  }

  #speech(what: string): { what: string; service: string; authHint: string } {
    return {
      what,
      service: SERVICE,
      authHint:
        `the token comes from ${this.#token.from}: it may have expired, belong to another organization, or have lost its end when it was pasted; make one with: fly tokens create deploy -a ${this.app}`,
    };
  }
}
