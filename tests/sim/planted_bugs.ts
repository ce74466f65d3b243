/** Bugs that a fleet could have, planted around what is real: lives that do not find them prove nothing.
 * @module
 */
import { type Bucket, getJson, type ReadOutcome } from "@flyhot/runtime/bucket";
import {
  lockKey,
  parseMachineResult,
  parsePointer,
  type Pointer,
  pointerKey,
  resultKey,
} from "@flyhot/runtime/protocol";
import type { Fleet } from "../../src/fly/fleet/fleet.ts";
import { TOKEN } from "./sim_fly.ts";
import { generationFor } from "./promises.ts";
import type { Plant, SimWorld } from "./sim_world.ts";
import { APP } from "./world/shop.ts";

/** A bug, and the promise that it breaks. */
export interface PlantedBug {
  /** What is wrong. */
  readonly name: string;
  /** The promises of which one is broken first. */
  readonly promises: readonly number[];
  /** The bug. */
  readonly plant: Plant;
}

/** The bugs, each of which is found within the lives of one CI run. */
export const PLANTED_BUGS: readonly PlantedBug[] = [
  {
    name: "the lock is written whatever the condition says",
    promises: [6],
    plant: {
      deployerBucket: (bucket) =>
        changed(bucket, {
          put: (key, content, condition, options) =>
            key === lockKey(APP) && !isProbe(condition)
              ? bucket.put(key, content, "always", options)
              : bucket.put(key, content, condition, options),
        }),
    },
  },
  {
    name: "nobody looks whether a process lives on",
    promises: [8],
    plant: { fleet: blindFleet },
  },
  {
    name: "a release is said to be uploaded, and is not",
    promises: [7],
    plant: {
      deployerBucket: (bucket) => {
        const kept = new Map<string, Uint8Array<ArrayBuffer>>();
        return changed(bucket, {
          put: (key, content, condition, options) => {
            if (!key.endsWith(".tar.gz")) {
              return bucket.put(key, content, condition, options);
            }
            kept.set(key, content);
            return Promise.resolve({ status: "written", etag: '"x"' });
          },
          get: (key, options) => {
            const content = kept.get(key);
            return content
              ? Promise.resolve<ReadOutcome>({
                status: "found",
                body: ReadableStream.from([content.slice()]),
                etag: '"x"',
                size: content.length,
              })
              : bucket.get(key, options);
          },
        });
      },
    },
  },
  {
    name: "pruning removes what the history names",
    promises: [7],
    plant: {
      deployerBucket: (bucket) =>
        changed(bucket, {
          list: async function* (prefix, options) {
            const all = await Array.fromAsync(bucket.list(prefix, options));
            const [oldest] = all.filter(({ key }) => key.endsWith(".tar.gz"));
            if (oldest && all.length > 1) await bucket.delete(oldest.key);
            yield* all;
          },
        }),
    },
  },
  {
    name: "a machine takes an upgrade before its wave",
    promises: [3],
    plant: {
      machineBucket: (bucket) =>
        seeing(
          bucket,
          (pointer) =>
            withUpgrades(pointer, (upgrade) => ({ ...upgrade, wave: "*" })),
        ),
    },
  },
  {
    name: "a machine starts with what is on probation",
    promises: [3, 4, 8],
    plant: {
      machineBucket: (bucket) =>
        seeing(bucket, (pointer) =>
          withUpgrades(pointer, (upgrade) => ({
            ...upgrade,
            state: upgrade.state === "probation" ? "committed" : upgrade.state,
          }))),
    },
  },
  {
    name: "a machine takes what another base image was given",
    promises: [5],
    plant: {
      machineBucket: (bucket) =>
        seeing(bucket, (pointer) => {
          const all = Object.values(pointer.generations);
          const upgraded = all.find(({ hot_upgrade }) => hot_upgrade !== null);
          return {
            ...pointer,
            generations: Object.fromEntries(
              Object.entries(pointer.generations).map(([key, generation]) => [
                key,
                {
                  ...generation,
                  hot_upgrade: upgraded?.hot_upgrade ?? null,
                },
              ]),
            ),
          };
        }),
    },
  },
  {
    name: "a rollout that went back is told as committed",
    promises: [8],
    plant: {
      report: (report) =>
        report.outcome === "rolled_back"
          ? { ...report, outcome: "committed" }
          : report,
    },
  },
  {
    name: "a nudge restarts the machine",
    promises: [1],
    plant: {
      fleet: (fleet, world) =>
        fleetWith(fleet, {
          nudge: (id) => {
            const machine = world.machines.find((each) => each.id === id);
            world.calls.push({
              machineId: id,
              action: "restart",
              at: world.sim.elapsed,
            });
            machine?.restart();
            return Promise.resolve();
          },
        }),
    },
  },
  {
    name: "the token is told in a note",
    promises: [10],
    plant: {
      event: (event) =>
        event.type === "note"
          ? { ...event, text: `${event.text} (${TOKEN})` }
          : event,
    },
  },
  {
    name: "whatever a machine says is taken for applied",
    promises: [8],
    plant: {
      deployerBucket: (bucket) =>
        changed(bucket, {
          get: async (key, options) => {
            const found = await bucket.get(key, options);
            if (!key.includes("-results/") || found.status !== "found") {
              return found;
            }
            const text = await new Response(found.body).text();
            const result = { ...JSON.parse(text), failure: null };
            const content = new TextEncoder().encode(
              JSON.stringify({ ...result, state: "applied" }),
            );
            return { ...found, body: ReadableStream.from([content]) };
          },
        }),
      fleet: blindFleet,
    },
  },
  {
    name:
      "starts are not counted, so that a release that dies at start is started forever",
    promises: [11],
    plant: {
      machineBucket: (bucket) =>
        changed(bucket, {
          get: (key, options) =>
            key.includes("-results/") || key.includes("-starts/")
              ? Promise.resolve<ReadOutcome>({ status: "missing" })
              : bucket.get(key, options),
        }),
    },
  },
];

function isProbe(condition: unknown): boolean {
  return JSON.stringify(condition).includes("0".repeat(32));
}

function changed(bucket: Bucket, changes: Partial<Bucket>): Bucket {
  return {
    url: (key) => bucket.url(key),
    keyOf: (url) => bucket.keyOf(url),
    get: (...given) => bucket.get(...given),
    put: (...given) => bucket.put(...given),
    delete: (...given) => bucket.delete(...given),
    list: (...given) => bucket.list(...given),
    ...changes,
  };
}

/** Shows a machine another pointer than the one that is there. */
function seeing(bucket: Bucket, see: (pointer: Pointer) => Pointer): Bucket {
  return changed(bucket, {
    get: async (key, options) => {
      if (key !== pointerKey(APP)) return await bucket.get(key, options);
      const found = await getJson(bucket, key, options ?? {});
      if (found.status !== "found") return found;
      const content = new TextEncoder().encode(
        JSON.stringify(see(parsePointer(found.value))),
      );
      return {
        status: "found",
        body: ReadableStream.from([content]),
        etag: found.etag,
        size: content.length,
      };
    },
  });
}

function withUpgrades(
  pointer: Pointer,
  change: (
    upgrade: NonNullable<Pointer["hot_upgrade"]>,
  ) => NonNullable<Pointer["hot_upgrade"]>,
): Pointer {
  return {
    ...pointer,
    generations: Object.fromEntries(
      Object.entries(pointer.generations).map(([key, generation]) => [key, {
        ...generation,
        hot_upgrade: generation.hot_upgrade && change(generation.hot_upgrade),
      }]),
    ),
  };
}

function fleetWith(fleet: Fleet, changes: Partial<Fleet>): Fleet {
  return {
    list: (...given) => fleet.list(...given),
    info: (...given) => fleet.info(...given),
    manifest: (...given) => fleet.manifest(...given),
    nudge: (...given) => fleet.nudge(...given),
    start: (...given) => fleet.start(...given),
    stop: (...given) => fleet.stop(...given),
    ...changes,
  };
}

/** The process that said how an upgrade went. */
async function saidBy(
  { bucket }: SimWorld,
  machineId: string,
  upgradeId: string | undefined,
): Promise<{ pid?: number; startedAt?: string }> {
  if (upgradeId === undefined) return {};
  const found = await getJson(bucket, resultKey(APP, upgradeId, machineId));
  const process = found.status === "found"
    ? parseMachineResult(found.value).process
    : null;
  return process ? { pid: process.pid, startedAt: process.started_at } : {};
}

/** Hides exits, and answers for every machine as if it ran what it should, in the process it always had. */
function blindFleet(fleet: Fleet, world: SimWorld): Fleet {
  return fleetWith(fleet, {
    list: async (signal) =>
      (await fleet.list(signal)).map((machine) => ({
        ...machine,
        state: "started",
        exits: [],
      })),
    info: async (id) => {
      await world.sim.turn();
      const machine = world.machines.find((each) => each.id === id);
      const pointer = world.bucket.pointers.at(-1);
      const imageRef = machine?.imageRef ?? "";
      const current = generationFor(pointer, imageRef)?.hot_upgrade;
      const common = {
        currentImageRef: imageRef,
        fingerprint: "0123456789ab",
        upgrades: 0,
        retainedModules: 0,
        retainedBytes: 0,
        pid: 1,
        startedAt: "2026-01-02T03:04:05.000Z",
        lastUpgradeId: null,
        probationMs: 5_000,
        ...await saidBy(world, id, current?.id),
      };
      return current?.sha256
        ? {
          ...common,
          hotUpgradeApplied: true,
          id: current.id,
          version: current.version,
          sourceImageRef: current.source_image_ref,
          deployedAt: current.deployed_at,
          appliedAt: current.deployed_at,
          sha256: current.sha256,
        }
        : { ...common, hotUpgradeApplied: false };
    },
  });
}
