/** What `fly deploy` does, to the machines of the sandbox.
 * @module
 */
import { join, resolve } from "node:path";
import { FlyhotError } from "../../errors.ts";
import { readText } from "../computer/disk.ts";
import {
  type AppConfig,
  type GroupConfig,
  NO_CONFIG,
  parseAppConfig,
} from "./app_config.ts";
import { splitWords } from "../image/command_line.ts";
import { checksOf } from "../machine/health/health_checks.ts";
import { newUlid } from "../ids.ts";
import type { BuildOptions, Image, Images } from "../image/images.ts";
import type { Machine } from "../machine/machine.ts";
import type { MachineConfig } from "../machine/records/machine_types.ts";
import type { Machines } from "../machines.ts";
import {
  waitUntilAnswering,
  waitUntilOver,
} from "../machine/health/readiness.ts";

/** How to deploy a folder. */
export interface DeployOptions
  extends Pick<BuildOptions, "label" | "buildArgs"> {
  /** The configuration file. Default `fly.toml` or `fly.json` in the folder; none there is not an error. */
  readonly config?: string;
  /** The app that it must be. Default the one that the configuration names. */
  readonly app?: string;
  /** An image to deploy instead of building one. */
  readonly image?: string;
  /** The regions of new machines, one after the other; existing ones elsewhere are left alone. Default the sandbox's. */
  readonly regions?: readonly string[];
  /** How many machines a group gets that has none: a number, or `ha` for two where it has services, else one. Default one for every region. */
  readonly machines?: number | "ha";
  /** Whether it ends once the image is built. Default false. */
  readonly buildOnly?: boolean;
  /** How long one machine may take to be ready, in milliseconds. Default 30000. */
  readonly readyMs?: number;
  /** Takes every line that `fly deploy` would print. Default none. */
  readonly onLine?: (line: string) => void;
  /** Gives up between two steps. */
  readonly signal?: AbortSignal;
}

/** What deploys work on. */
interface DeployWorld {
  readonly app: string;
  /** Where new machines go, one after the other. */
  readonly regions: readonly string[];
  /** The registry. */
  readonly images: Images;
  readonly machines: Machines;
}

/** One deploy under way. */
interface Deploy {
  readonly options: DeployOptions;
  readonly config: AppConfig;
  readonly image: Image;
  /** Counted from 1. */
  readonly release: number;
  readonly say: (line: string) => void;
}

const READY_MS = 30_000;

/** Deploys to one app; counts its releases. */
export class Deployer {
  readonly #world: DeployWorld;
  #releases = 0;

  constructor(world: DeployWorld) {
    this.#world = world;
  }

  /** Builds an image of a folder and brings it to all machines, one after the other; or makes the first ones. */
  async deploy(
    folder: string,
    options: DeployOptions = {},
  ): Promise<{ image: Image; machines: readonly Machine[] }> {
    const say = options.onLine ?? (() => {});
    const config = await readConfig(folder, options.config);
    const app = options.app ?? config.app ?? this.#world.app;
    if (app !== this.#world.app) {
      throw new FlyhotError(
        "not_found",
        `Cannot deploy ${folder}: this sandbox has no app "${app}", only "${this.#world.app}"`,
        { hint: "start the sandbox with the name that fly.toml says" },
      );
    }
    const image = await this.#imageOf(folder, options, config, say);
    if (options.buildOnly) return { image, machines: [] };
    const release = ++this.#releases;
    const deploy: Deploy = { options, config, image, release, say };
    if (config.releaseCommand !== null) {
      await this.#releaseCommand(config.releaseCommand, deploy);
    }
    const machines: Machine[] = [];
    await this.#destroyForeign(deploy);
    for (const group of config.groups) {
      options.signal?.throwIfAborted();
      machines.push(...await this.#deployGroup(group, deploy));
    }
    return { image, machines };
  }

  async #imageOf(
    folder: string,
    options: DeployOptions,
    config: AppConfig,
    say: (line: string) => void,
  ): Promise<Image> {
    const ref = options.image ?? config.image;
    const { images, app } = this.#world;
    if (ref !== null) {
      const image = images.find(ref);
      if (image !== null) return image;
      throw new FlyhotError(
        "not_found",
        `Cannot deploy ${ref}: Could not find image "${ref}"`,
        { hint: "build it first: fly deploy --build-only --push" },
      );
    }
    say("==> Building image");
    const image = await images.build(folder, {
      app,
      ...(options.label === undefined ? {} : { label: options.label }),
      ...(config.dockerfile === null ? {} : { dockerfile: config.dockerfile }),
      ...(config.ignorefile === null ? {} : { ignorefile: config.ignorefile }),
      buildArgs: { ...config.buildArgs, ...options.buildArgs },
    });
    say(`image: ${image.ref}`);
    say(`image size: ${Math.ceil(image.size / 1000)} kB`);
    return image;
  }

  async #deployGroup(
    group: GroupConfig,
    deploy: Deploy,
  ): Promise<readonly Machine[]> {
    const { options: { regions, machines, signal }, image, say } = deploy;
    const config = machineConfig(group, deploy, this.#world);
    const inGroup = this.#managed().filter((m) => m.group === group.name);
    const existing = inGroup.filter(({ place }) =>
      regions === undefined || regions.includes(place.region)
    );
    if (inGroup.length > 0) {
      say(
        `Updating existing machines in '${this.#world.app}' with rolling strategy`,
      );
    }
    for (const [i, machine] of existing.entries()) {
      signal?.throwIfAborted();
      const of = `[${i + 1}/${existing.length}]`;
      say(`> ${of} Updating ${machine.place.id} [${group.name}]`);
      await update(machine, config, image);
      await this.#awaitReady(machine, group, deploy);
      say(`> ${of} Machine ${machine.place.id} update finished: success`);
    }
    if (inGroup.length > 0) return existing;
    const places = regions ?? this.#world.regions;
    const available = (group.config.services ?? []).length > 0 ? 2 : 1;
    const count = machines === "ha" ? available : machines ?? places.length;
    const made: Machine[] = [];
    for (let i = 0; i < count; i++) {
      signal?.throwIfAborted();
      const region = places[i % places.length];
      const machine = await this.#world.machines.launch({ config, region });
      say(`Machine ${machine.place.id} [${group.name}] was created`);
      await this.#awaitReady(machine, group, deploy);
      made.push(machine);
    }
    return made;
  }

  async #awaitReady(
    machine: Machine,
    group: GroupConfig,
    { options: { readyMs = READY_MS, signal } }: Deploy,
  ): Promise<void> {
    // A stopped machine is updated, and stays stopped.
    if (machine.state === "stopped") return;
    const serves = (group.config.services ?? []).length > 0;
    if (readyMs === 0 || !serves) return;
    // As flyctl does, its health check decides; where it has none, that somebody listens.
    const check = checksOf(machine.config).find(({ path }) => path !== null);
    await waitUntilAnswering(machine, {
      path: check?.path ?? null,
      isGood: (status) => status >= 200 && status < 300,
    }, { timeoutMs: readyMs, signal });
  }

  async #releaseCommand(command: string, deploy: Deploy): Promise<void> {
    const name = "fly_app_release_command";
    const { app, regions, machines } = this.#world;
    deploy.say(`Running ${app} release_command: ${command}`);
    const group = { name, command, config: {} };
    const config = machineConfig(group, deploy, this.#world);
    const machine = await machines.launch({
      config: {
        ...config,
        env: { ...config.env, RELEASE_COMMAND: "1" },
        auto_destroy: true,
        restart: { policy: "no" },
        dns: { skip_registration: true },
      },
      region: regions[0],
    });
    await waitUntilOver(machine, deploy.options.signal);
    deploy.say("release_command completed successfully");
  }

  async #destroyForeign({ config, say }: Deploy): Promise<void> {
    const names = config.groups.map(({ name }) => name);
    for (const machine of this.#managed()) {
      if (names.includes(machine.group ?? "")) continue;
      say(`Destroying ${machine.place.id}: its process group is gone`);
      await machine.destroy(true);
    }
  }

  // Machines made by deploys, and not for one command only.
  #managed(): readonly Machine[] {
    return this.#world.machines.live().filter((machine) =>
      machine.config.metadata?.fly_platform_version === "v2" &&
      machine.group !== null && !machine.group.startsWith("fly_app_")
    );
  }
}

async function update(
  machine: Machine,
  config: MachineConfig,
  image: Image,
): Promise<void> {
  await machine.idle();
  const metadata = { ...machine.config.metadata, ...config.metadata };
  await machine.update({ ...config, metadata }, image);
}

function machineConfig(
  group: GroupConfig,
  { config: app, image, release }: Deploy,
  world: DeployWorld,
): MachineConfig {
  return {
    ...group.config,
    image: image.ref,
    env: {
      ...app.env,
      FLY_PROCESS_GROUP: group.name,
      PRIMARY_REGION: app.primaryRegion ?? world.regions[0] ?? "",
    },
    metadata: {
      fly_platform_version: "v2",
      fly_process_group: group.name,
      fly_release_id: newUlid().toLowerCase(),
      fly_release_version: String(release),
      fly_flyctl_version: "sandbox",
    },
    init: group.command === null ? {} : { cmd: splitWords(group.command) },
  };
}

/** Reads the configuration that is named, or the folder's own; none there is what a plain app needs. */
export async function readConfig(
  folder: string,
  named: string | undefined,
): Promise<AppConfig> {
  const paths = named === undefined
    ? ["fly.toml", "fly.json"].map((name) => join(folder, name))
    : [resolve(folder, named)];
  for (const path of paths) {
    const text = await readText(path);
    if (text !== null) return parseAppConfig(text, path);
  }
  if (named === undefined) return NO_CONFIG;
  throw new FlyhotError(
    "not_found",
    `Cannot deploy ${folder}: ${named} is not there`,
    { hint: "name the file with --config <path>" },
  );
}
