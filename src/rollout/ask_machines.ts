/** Which machines a rollout is about.
 * @module
 */
import { sameImage } from "@flyhot/runtime/protocol";
import { FlyhotError } from "../errors.ts";
import type { AppMachine } from "../fly/fleet.ts";
import { counted } from "./steps.ts";

/** The machines of one base image. */
export interface AskedMachines {
  /** The base image, as the machines' creator wrote it. */
  readonly imageRef: string;
  /** The machines that run now. */
  readonly running: readonly AppMachine[];
  /** Those that do not: they apply what is committed when they start. */
  readonly resting: readonly AppMachine[];
}

/**
 * Tells the running machines from the resting ones.
 *
 * @param app the Fly app
 * @param machines its machines
 * @returns the machines of the base image that runs
 * @throws {FlyhotError} `not_found` if none is started, `conflict` if those started run different images
 */
export function askMachines(
  app: string,
  machines: readonly AppMachine[],
): AskedMachines {
  const running = machines.filter(({ state, hostOk }) =>
    state === "started" && hostOk
  );
  const [first] = running;
  if (!first) throw nothingRuns(app, machines);
  const images = new Map<string, string[]>();
  for (const { id, imageRef } of running) {
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
    !running.includes(machine) && sameImage(machine.imageRef, first.imageRef)
  );
  return { imageRef: first.imageRef, running, resting };
}

function nothingRuns(
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
