/** A machine as the Machines API describes it, read leniently: only what flyhot uses, and what may be missing may be.
 * @module
 */
import { shownText } from "@flyhot/runtime/protocol";
import { isRecord } from "../base/values.ts";
import { FlyhotError } from "../errors.ts";

// It is not Fly that answers so.
const ODD_ANSWER =
  "check FLY_FLAPS_BASE_URL, and whether a proxy answers in the place of Fly";

/** One event in a machine's life. */
export interface MachineEvent {
  /** For example `start`, `exit`. */
  readonly type: string;
  /** For example `started`, `stopped`. */
  readonly status: string;
  /** When, in milliseconds since 1970. */
  readonly timestamp: number;
  /** How the main process ended, for exit events. */
  readonly exit: MachineExit | null;
}

/** How a machine's main process ended. */
export interface MachineExit {
  /** Its exit code. */
  readonly code: number;
  /** Whether the kernel ended it for want of memory. */
  readonly oomKilled: boolean;
  /** Whether somebody asked for the stop: the platform says so, or a stop, restart or update stands right before it. */
  readonly requestedStop: boolean;
  /** Whether the platform starts the process again by itself, as it does after a crash. */
  readonly restarting: boolean;
  /** The signal that ended it, or null. */
  readonly signal: number | null;
  /** When it ended, in milliseconds since 1970 on the platform's clock. */
  readonly at: number;
}

/** A machine. */
export interface Machine {
  /** Its id. */
  readonly id: string;
  /** Its name. */
  readonly name: string;
  /** The platform's word for its state. */
  readonly state: string;
  /** Its region. */
  readonly region: string;
  /** Changes with every update of its configuration. */
  readonly instanceId: string;
  /** `ok`, `unknown` or `unreachable`. */
  readonly hostStatus: string;
  /** The image as its creator wrote it. */
  readonly imageRef: string;
  /** What its creator noted on it. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Whether it goes away when its main process ends. */
  readonly autoDestroy: boolean;
  /** The machines that it stands by for. */
  readonly standbys: readonly string[];
  /** Its events, newest first. */
  readonly events: readonly MachineEvent[];
  /** Its containers, where it is made of several; else empty. */
  readonly containers: readonly MachineContainer[];
}

/** One container of a machine that has several. */
export interface MachineContainer {
  /** Its name. */
  readonly name: string;
  /** Its image; empty for that of the machine. */
  readonly image: string;
}

/** Reads a machine out of an answer of the Machines API. */
export function parseMachine(value: unknown): Machine {
  if (
    !isRecord(value) || !/^[\w-]{1,64}$/.test(text(value.id)) ||
    !text(value.state)
  ) {
    throw new FlyhotError(
      "unexpected",
      "Cannot read what the Machines API answered: a machine without a state, or without an id of letters, digits and hyphens",
      { hint: ODD_ANSWER },
    );
  }
  // Where the host cannot be reached, the configuration comes under this other name.
  const config = fields(value.config ?? value.incomplete_config);
  const image = fields(value.image_ref);
  return {
    id: text(value.id),
    name: shownText(text(value.name)),
    state: shownText(text(value.state)),
    region: shownText(text(value.region)),
    instanceId: text(value.instance_id),
    hostStatus: text(value.host_status) || "ok",
    imageRef: text(config.image) || fullImageRef(image),
    metadata: Object.fromEntries(
      Object.entries(fields(config.metadata)).map((
        [key, it],
      ) => [key, `${it}`]),
    ),
    autoDestroy: config.auto_destroy === true,
    standbys: list(config.standbys).map(String),
    events: parseEvents(list(value.events)),
    containers: list(config.containers).map(fields).map((it) => ({
      name: text(it.name),
      image: text(it.image),
    })),
  };
}

/** Reads a list of machines. */
export function parseMachines(value: unknown): readonly Machine[] {
  if (!Array.isArray(value)) {
    throw new FlyhotError(
      "unexpected",
      "Cannot read what the Machines API answered: expected a list of machines",
      { hint: ODD_ANSWER },
    );
  }
  return value.map(parseMachine);
}

/** How a machine's main process ended last. */
export function lastExit(machine: Machine): MachineExit | null {
  return machine.events.find((it) => it.exit !== null)?.exit ?? null;
}

/** What a person, a deploy or the proxy asks for that ends a process. */
const ASKED_FOR = new Set(["stop", "restart", "update", "destroy", "replace"]);

function parseEvents(values: readonly unknown[]): readonly MachineEvent[] {
  // Newest first; sorted, because the order says whether an end was asked for.
  const told = values.map(fields).toSorted((one, other) =>
    number(other.timestamp) - number(one.timestamp)
  );
  return told.map((value, index) => {
    const event = parseEvent(value);
    const { exit } = event;
    if (exit === null || exit.requestedStop) return event;
    return {
      ...event,
      exit: { ...exit, requestedStop: isAskedFor(told.slice(index + 1)) },
    };
  });
}

/** Whether what came before an exit, back to the start of that process, asked for it; what the platform does by itself asks for nothing. */
function isAskedFor(older: readonly Record<string, unknown>[]): boolean {
  for (const { type, source } of older) {
    if (type === "exit" || type === "start" || type === "launch") return false;
    if (ASKED_FOR.has(text(type))) {
      return text(source) !== "" && source !== "flyd";
    }
  }
  return false;
}

function parseEvent(event: Record<string, unknown>): MachineEvent {
  const request = fields(event.request);
  const exit = request.exit_event ?? fields(request.MonitorEvent).exit_event;
  return {
    type: text(event.type),
    status: text(event.status),
    timestamp: number(event.timestamp),
    exit: isRecord(exit)
      ? {
        signal: signalIn(exit),
        at: momentIn(exit.exited_at) ?? number(event.timestamp),
        // The guest's own code is the truth; the outer one is 0 for a process ended by a signal.
        code: number(exit.guest_exit_code) || number(exit.exit_code),
        oomKilled: exit.oom_killed === true,
        requestedStop: exit.requested_stop === true,
        restarting: exit.restarting === true,
      }
      : null,
  };
}

function signalIn(exit: Record<string, unknown>): number | null {
  const signal = number(exit.guest_signal) || number(exit.signal);
  return signal > 0 ? signal : null;
}

/** Told as a number or as text, by which server answers. */
function momentIn(value: unknown): number | null {
  const at = typeof value === "string" ? Date.parse(value) : value;
  return typeof at === "number" && Number.isFinite(at) ? at : null;
}

function fullImageRef(image: Record<string, unknown>): string {
  const { registry, repository, tag, digest } = image;
  if (!text(repository)) return "";
  return (text(registry) ? `${text(registry)}/` : "") + text(repository) +
    (text(tag) ? `:${text(tag)}` : "") +
    (text(digest) ? `@${text(digest)}` : "");
}

function fields(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function number(value: unknown): number {
  return typeof value === "number" ? value : 0;
}
