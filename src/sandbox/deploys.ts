/** What `fly deploy` does, to the machines of the sandbox.
 * @module
 */
import { join, resolve } from "node:path";
import { FlyhotError } from "../errors.ts";
import {
  type AppConfig,
  type GroupConfig,
  NO_CONFIG,
  parseAppConfig,
} from "./image/app_config.ts";
import { splitWords } from "./image/command_line.ts";
import { checksOf } from "./machine/health/health_checks.ts";
import { newUlid } from "./ids.ts";
import type { Image, Images } from "./image/images.ts";
import type { Machine } from "./machine/machine.ts";
import { parseMachineRequest } from "./machine/records/machine_config.ts";
import type { MachineConfig } from "./machine/records/machine_types.ts";
import type { Machines } from "./machines.ts";
import {
  waitUntilAnswering,
  waitUntilOver,
} from "./machine/health/readiness.ts";

/** What to deploy, and how. */
export interface DeployRequest {
  /** The folder that the image is built of. */
  readonly folder: string;
  /** The configuration file, or null for `fly.toml` or `fly.json` in the folder, if there is one. */
  readonly config: string | null;
  /** The app that it must be, or null. */
  readonly app: string | null;
  /** An image to deploy instead of building one, or null. */
  readonly image: string | null;
  /** The tag of a built image, or null for a generated one. */
  readonly label: string | null;
  /** Values of the Dockerfile's `ARG`s. */
  readonly buildArgs: Readonly<Record<string, string>>;
  /** Only machines in these regions, or null for all; new ones go there one after the other. */
  readonly regions: readonly string[] | null;
  /** How many machines a group gets that has none: a number, or `ha` for two where it has services, else one. */
  readonly machines: number | "ha";
  /** Whether it ends once the image is built. */
  readonly buildOnly: boolean;
  /** How long one machine may take to answer, in milliseconds. */
  readonly readyMs: number;
}

/** What deploys work on. */
export interface DeployWorld {
  /** The app. */
  readonly app: string;
  /** Where new machines go, one after the other. */
  readonly regions: readonly string[];
  /** The registry. */
  readonly images: Images;
  /** The machines. */
  readonly machines: Machines;
}

/** Says a line, and gives up where it is told to. */
export interface DeployTalk {
  /** Takes a line of what `fly deploy` prints. */
  readonly say: (line: string) => void;
  /** Gives up between two steps. */
  readonly signal: AbortSignal;
}

/** Deploys to one app; counts its releases. */
export class Deployer {
  readonly #world: DeployWorld;
  #releases = 0;

  constructor(world: DeployWorld) {
    this.#world = world;
  }

  /** Builds an image of a folder and brings it to all machines, one after the other; or makes the first ones. */
  async deploy(
    request: DeployRequest,
    talk: DeployTalk,
  ): Promise<{ image: Image; machines: readonly Machine[] }> {
    const config = await readConfig(request);
    const app = request.app ?? config.app ?? this.#world.app;
    if (app !== this.#world.app) {
      throw new FlyhotError(
        "not_found",
        `Cannot deploy ${request.folder}: this sandbox has no app "${app}", only "${this.#world.app}"`,
        { hint: "start the sandbox with the name that fly.toml says" },
      );
    }
    const image = await this.#imageOf(request, config, talk);
    if (request.buildOnly) return { image, machines: [] };
    const release = ++this.#releases;
    if (config.releaseCommand !== null) {
      await this.#releaseCommand(config, image, release, talk);
    }
    const machines: Machine[] = [];
    await this.#destroyForeign(config, talk);
    for (const group of config.groups) {
      talk.signal.throwIfAborted();
      machines.push(
        ...await this.#deployGroup(
          request,
          config,
          group,
          image,
          release,
          talk,
        ),
      );
    }
    return { image, machines };
  }

  async #imageOf(
    request: DeployRequest,
    config: AppConfig,
    { say }: DeployTalk,
  ): Promise<Image> {
    const ref = request.image ?? config.image;
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
    const image = await images.build(request.folder, {
      app,
      ...(request.label === null ? {} : { label: request.label }),
      ...(config.dockerfile === null ? {} : { dockerfile: config.dockerfile }),
      ...(config.ignorefile === null ? {} : { ignorefile: config.ignorefile }),
      buildArgs: { ...config.buildArgs, ...request.buildArgs },
    });
    say(`image: ${image.ref}`);
    say(`image size: ${Math.ceil(image.size / 1000)} kB`);
    return image;
  }

  async #deployGroup(
    request: DeployRequest,
    app: AppConfig,
    group: GroupConfig,
    image: Image,
    release: number,
    talk: DeployTalk,
  ): Promise<readonly Machine[]> {
    const config = machineConfig(app, group, image, release, this.#world);
    const { regions } = request;
    const inGroup = this.#managed().filter((m) => m.group === group.name);
    const existing = inGroup.filter(({ place }) =>
      regions === null || regions.includes(place.region)
    );
    if (inGroup.length > 0) {
      talk.say(
        `Updating existing machines in '${this.#world.app}' with rolling strategy`,
      );
    }
    for (const [i, machine] of existing.entries()) {
      talk.signal.throwIfAborted();
      const of = `[${i + 1}/${existing.length}]`;
      talk.say(`> ${of} Updating ${machine.place.id} [${group.name}]`);
      await update(machine, config, image);
      await this.#awaitReady(machine, group, request, talk);
      talk.say(`> ${of} Machine ${machine.place.id} update finished: success`);
    }
    if (inGroup.length > 0) return existing;
    const count = request.machines !== "ha"
      ? request.machines
      : (group.config.services ?? []).length > 0
      ? 2
      : 1;
    const places = regions ?? this.#world.regions;
    const made: Machine[] = [];
    for (let i = 0; i < count; i++) {
      talk.signal.throwIfAborted();
      const region = places[i % places.length];
      const machine = await this.#create(config, region);
      talk.say(`Machine ${machine.place.id} [${group.name}] was created`);
      await this.#awaitReady(machine, group, request, talk);
      made.push(machine);
    }
    return made;
  }

  async #create(
    config: MachineConfig,
    region: string | undefined,
  ): Promise<Machine> {
    const machine = this.#world.machines.create(
      parseMachineRequest({ config, region }),
    );
    await machine.start();
    return machine;
  }

  async #awaitReady(
    machine: Machine,
    group: GroupConfig,
    { readyMs }: DeployRequest,
    { signal }: DeployTalk,
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

  async #releaseCommand(
    app: AppConfig,
    image: Image,
    release: number,
    { say, signal }: DeployTalk,
  ): Promise<void> {
    const name = "fly_app_release_command";
    const command = app.releaseCommand ?? "";
    say(`Running ${this.#world.app} release_command: ${command}`);
    const group = { name, command, config: {} };
    const config = machineConfig(app, group, image, release, this.#world);
    const machine = await this.#create({
      ...config,
      env: { ...config.env, RELEASE_COMMAND: "1" },
      auto_destroy: true,
      restart: { policy: "no" },
      dns: { skip_registration: true },
    }, this.#world.regions[0]);
    await waitUntilOver(machine, signal);
    say("release_command completed successfully");
  }

  async #destroyForeign(config: AppConfig, { say }: DeployTalk): Promise<void> {
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
  app: AppConfig,
  group: GroupConfig,
  image: Image,
  release: number,
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

async function readConfig(request: DeployRequest): Promise<AppConfig> {
  const named = request.config;
  const paths = named === null
    ? ["fly.toml", "fly.json"].map((name) => join(request.folder, name))
    : [resolve(request.folder, named)];
  for (const path of paths) {
    try {
      return parseAppConfig(await Deno.readTextFile(path), path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  if (named === null) return NO_CONFIG;
  throw new FlyhotError(
    "not_found",
    `Cannot deploy ${request.folder}: ${named} is not there`,
    { hint: "name the file with --config <path>" },
  );
}
