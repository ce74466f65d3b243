/** Which machines a rollout is about.
 * @module
 */
import { sameImage } from "@flyhot/runtime/protocol";
import { FlyhotError } from "../../errors.ts";
import type { AppMachine } from "../../fly/fleet/fleet.ts";
import { counted } from "../steps.ts";

/** The machines of one base image. */
export interface AskedMachines {
  /** The base image, as the machines' creator wrote it. */
  readonly imageRef: string;
  /** The machines that run now. */
  readonly running: readonly AppMachine[];
  /** Those that do not: they apply what is committed when they start. */
  readonly resting: readonly AppMachine[];
}

const RESTING = new Set(["stopped", "suspended", "stopping", "suspending"]);

/** Tells whether a machine runs now and can be reached. */
export function isRunning({ state, hostOk }: AppMachine): boolean {
  return state === "started" && hostOk;
}

/** Tells whether a machine is at rest and could be started. */
export function isAtRest({ state, hostOk }: AppMachine): boolean {
  return hostOk && RESTING.has(state);
}

/** Tells the running machines from the resting ones. Where none runs, the machines at rest decide. */
export function askMachines(
  app: string,
  machines: readonly AppMachine[],
): AskedMachines {
  const started = machines.filter(isRunning);
  const deciding = started.length > 0 ? started : machines.filter(isAtRest);
  const [first] = deciding;
  if (!first) throw nothingRuns(app, machines);
  refuseUnknown(app, deciding);
  const images = new Map<string, string[]>();
  for (const { id, imageRef } of deciding) {
    const known = [...images.keys()].find((ref) => sameImage(ref, imageRef));
    images.set(known ?? imageRef, [...images.get(known ?? "") ?? [], id]);
  }
  if (images.size > 1) {
    const list = [...images].map(([ref, ids]) => `${ref} on ${ids.join(", ")}`);
    throw new FlyhotError(
      "conflict",
      `Cannot upgrade ${app}: its machines run different images (${
        list.join("; ")
      })`,
      { hint: "let the deploy that is under way end, or run: fly deploy" },
    );
  }
  const resting = machines.filter((machine) =>
    !started.includes(machine) && sameImage(machine.imageRef, first.imageRef)
  );
  return { imageRef: first.imageRef, running: started, resting };
}

/** A machine of several containers, of which none can be told to be the app's. */
function refuseUnknown(app: string, machines: readonly AppMachine[]): void {
  const unknown = machines.filter(({ imageRef }) => imageRef === "");
  if (unknown.length === 0) return;
  const ids = unknown.map(({ id }) => id).join(", ");
  throw new FlyhotError(
    "usage",
    `Cannot upgrade ${app}: which image runs the app on ${ids} cannot be told`,
    {
      hint:
        "of several containers, name the app's app, or like its process group",
    },
  );
}

/** The error for an app of which no machine runs. */
export function nothingRuns(
  app: string,
  machines: readonly AppMachine[],
): FlyhotError {
  if (machines.length === 0) {
    return new FlyhotError(
      "not_found",
      `Cannot upgrade ${app}: it has no machines`,
      { hint: "deploy it once with: fly deploy" },
    );
  }
  const states = new Map<string, number>();
  for (const { state, hostOk } of machines) {
    const word = hostOk ? state : "on an unreachable host";
    states.set(word, (states.get(word) ?? 0) + 1);
  }
  const list = [...states].map(([state, count]) => `${count} ${state}`);
  return new FlyhotError(
    "not_found",
    `Cannot upgrade ${app}: none of its ${
      counted(machines.length, "machine")
    } is started (${list.join(", ")})`,
    { hint: "start one with: fly machine start" },
  );
}
