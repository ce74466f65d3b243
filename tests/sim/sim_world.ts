/** A simulated app on Fly: its bucket, its machines, and deployers.
 * @module
 */
import {
  MemoryBucket,
  type WriteCondition,
  type WriteOutcome,
} from "@flyhot/runtime/bucket";
import {
  type Manifest,
  parsePointer,
  type Pointer,
  pointerKey,
  PROTOCOL_VERSION,
} from "@flyhot/runtime/protocol";
import type { RunOutcome } from "../../src/host.ts";
import { digestOfText } from "../../src/release/digest.ts";
import {
  orchestrate,
  type OrchestrateOptions,
} from "../../src/rollout/orchestrate.ts";
import type { RolloutReport } from "../../src/rollout/report.ts";
import { rollback, type RollbackRequest } from "../../src/rollout/rollback.ts";
import type { RolloutDeps } from "../../src/rollout/watch.ts";
import type { ReportEvent } from "../../src/ui/reporter.ts";
import { type FaultRates, FaultyBucket } from "./faulty_bucket.ts";
import { Sim } from "./sim.ts";
import { SimFleet } from "./sim_fleet.ts";
import { SimHost } from "./sim_host.ts";
import { SimMachine, type Temper } from "./sim_machine.ts";

/** The app's name. */
export const APP = "shop";
/** The image of all machines. */
export const IMAGE = "registry.fly.io/shop:deployment-1";

/** What a world begins with. */
export interface WorldOptions {
  readonly seed: number;
  readonly impatience?: number;
  /** One machine for each. */
  readonly tempers: readonly Temper[];
  /** States of further machines, for example `stopped`. */
  readonly resting?: readonly string[];
  /** How bad the deployers' network is. */
  readonly faults?: FaultRates;
  /** How bad the machines' network is. */
  readonly machineFaults?: FaultRates;
}

/** A bucket that looks at every move of the pointer. */
class WatchedBucket extends MemoryBucket {
  readonly releases = new Map<string, string>();
  readonly broken: string[] = [];
  /** Every pointer that was ever in place. */
  readonly pointers: Pointer[] = [];

  override async put(
    key: string,
    content: Uint8Array<ArrayBuffer>,
    condition: WriteCondition,
  ): Promise<WriteOutcome> {
    const outcome = await super.put(key, content, condition);
    if (outcome.status !== "written") return outcome;
    if (key.endsWith(".tar.gz")) this.releases.set(key, "there");
    if (key === pointerKey(APP)) {
      const text = new TextDecoder().decode(content);
      const pointer = parsePointer(JSON.parse(text));
      const last = this.pointers.at(-1)?.revision ?? 0;
      if (pointer.revision !== last + 1) {
        this.broken.push(`revision ${last} is followed by ${pointer.revision}`);
      }
      this.pointers.push(pointer);
      this.#check();
    }
    return outcome;
  }

  override async delete(key: string): Promise<void> {
    this.releases.delete(key);
    await super.delete(key);
    this.#check();
  }

  /** What the pointer names, now or in its history, must be there. */
  #check(): void {
    const pointer = this.pointers.at(-1);
    for (
      const { hot_upgrade, history } of Object.values(
        pointer?.generations ?? {},
      )
    ) {
      for (const upgrade of [hot_upgrade, ...history]) {
        if (!upgrade?.key) continue;
        if (!this.releases.has(upgrade.key)) {
          this.broken.push(`${upgrade.version} is named and not there`);
        }
      }
    }
  }
}

/** One simulated app. */
export class SimWorld {
  readonly sim: Sim;
  readonly bucket: WatchedBucket;
  readonly machines: SimMachine[];
  readonly events: ReportEvent[] = [];
  /** Called for every event. */
  onEvent: (event: ReportEvent) => void = () => {};
  readonly #options: WorldOptions;
  readonly #end = new AbortController();
  readonly #lives: Promise<void>[];

  constructor(options: WorldOptions) {
    const { seed, impatience = 0, tempers, resting = [] } = options;
    this.#options = options;
    const sim = this.sim = new Sim({ seed, impatience, slowestMs: 5_000 });
    this.bucket = new WatchedBucket(undefined, () => sim.now);
    const machine = (temper: Temper, index: number, state?: string) =>
      new SimMachine(sim, {
        id: `m${index}`,
        app: APP,
        imageRef: IMAGE,
        base: baseManifest(),
        temper,
        bucket: new FaultyBucket(sim, this.bucket, options.machineFaults),
        ...(state === undefined ? {} : { state }),
      });
    this.machines = [
      ...tempers.map((temper, index) => machine(temper, index)),
      ...resting.map((state, index) =>
        machine("applies", tempers.length + index, state)
      ),
    ];
    this.#lives = this.machines.map((each) => each.live(this.#end.signal));
  }

  /** The pointer's entry of the one base image, as it is now. */
  get generation() {
    return this.bucket.pointers.at(-1)?.generations[IMAGE] ?? null;
  }

  /** Deploys a version; `text` is what its one hot module holds. */
  deploy(
    text: string,
    options: Partial<OrchestrateOptions> = {},
    signal?: AbortSignal,
    files: Readonly<Record<string, string>> = {},
  ): Promise<RolloutReport> {
    const host = new SimHost(this.sim, {
      run: (_, args) => denoInfo(args.at(-1) ?? ""),
    });
    host.files.put("/app", { ...appFiles(text), ...files });
    return orchestrate(
      {
        app: APP,
        root: "/app",
        deployedBy: "ann",
        canary: 1,
        maxConcurrency: 2,
        timeoutMs: 30_000,
        lockTtlMs: 60_000,
        force: false,
        dryRun: false,
        gitIgnored: false,
        ...options,
      },
      this.#deps(host),
      signal,
    );
  }

  /** Goes back as a person would. */
  rollback(
    options: Partial<RollbackRequest> = {},
    signal?: AbortSignal,
  ): Promise<RolloutReport> {
    return rollback(
      {
        app: APP,
        deployedBy: "bob",
        timeoutMs: 30_000,
        lockTtlMs: 60_000,
        force: false,
        ...options,
      },
      this.#deps(new SimHost(this.sim)),
      signal,
    );
  }

  #deps(host: SimHost): RolloutDeps {
    const faults = this.#options.faults ?? {};
    return {
      host,
      bucket: new FaultyBucket(this.sim, this.bucket, faults),
      fleet: new SimFleet(this.sim, this.machines, faults.read ?? 0),
      reporter: {
        emit: (event) => {
          this.events.push(event);
          this.onEvent(event);
        },
      },
    };
  }

  /** Runs the world until a promise is settled, and some time more. */
  async run<T>(main: Promise<T>, moreMs = 0): Promise<T> {
    // In small steps: one long sleep may end before a network that is slow by chance.
    const more = async () => {
      for (let left = moreMs; left > 0; left -= 1_000) {
        await this.sim.sleep(Math.min(left, 1_000));
      }
    };
    return await this.sim.run(main.finally(more));
  }

  /** Ends all lives. */
  async end(): Promise<void> {
    this.#end.abort();
    await this.sim.run(Promise.all(this.#lives));
  }
}

/** The files of an app whose one hot module holds a text. */
export function appFiles(text: string): Record<string, string> {
  return {
    "deno.json": JSON.stringify({ version: text }),
    "main.ts": `await live(() => import("./app.ts"));`,
    "app.ts": `export default ${JSON.stringify(text)};`,
  };
}

function baseManifest(): Manifest {
  const none = { static: [], dynamic: [], external: [] };
  return {
    protocol: PROTOCOL_VERSION,
    app: APP,
    version: "base",
    source_image_ref: IMAGE,
    entries: ["main.ts"],
    files: Object.fromEntries(
      Object.entries(appFiles("base")).map(([path, text]) => [path, {
        sha256: digestOfText(text),
        size: text.length,
        kind: path.endsWith(".json") ? "config" : "module",
      }]),
    ),
    modules: { "app.ts": none, "main.ts": { ...none, dynamic: ["app.ts"] } },
    config: {},
    locked: {},
  };
}

function denoInfo(entry: string): RunOutcome {
  const dependencies = [{
    specifier: "./app.ts",
    code: { specifier: "file:///app/app.ts" },
    isDynamic: true,
  }];
  return {
    code: 0,
    stderr: "",
    stdout: JSON.stringify({
      roots: [`file:///app/${entry.replace("./", "")}`],
      modules: [
        { specifier: "file:///app/main.ts", dependencies },
        { specifier: "file:///app/app.ts" },
      ],
    }),
  };
}
