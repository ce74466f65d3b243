/** The environment of a machine's processes.
 * @module
 */
import { delimiter, dirname, join } from "node:path";
import { OS } from "../computer/platform.ts";
import type { MachinePlace } from "./machine_place.ts";
import type { MachineConfig } from "./records/machine_types.ts";

/** Where the variables of a machine come from. */
export interface MachineEnvSources {
  /** What is let through from this computer. */
  readonly inherited: Readonly<Record<string, string>>;
  /** What the image says. */
  readonly image: Readonly<Record<string, string>>;
  readonly config: MachineConfig;
  /** The app's secrets. */
  readonly secrets: Readonly<Record<string, string>>;
  /** What the sandbox tells every machine about itself. */
  readonly sandbox: Readonly<Record<string, string>>;
}

/**
 * Puts a machine's environment together. Later ones win: the image, what is inherited, `config.env`, the secrets, then
 * what the platform says. Where programs and caches are on this computer cannot be overridden by paths of a container.
 */
export function machineEnvironment(
  place: Omit<
    MachinePlace,
    "name" | "folder" | "owner" | "root" | "logFile" | "url"
  >,
  instanceId: string,
  sources: MachineEnvSources,
): Record<string, string> {
  const { config } = sources;
  return {
    ...sources.image,
    ...sources.inherited,
    ...config.env,
    ...pick(sources.inherited, ["PATH", "DENO_DIR"]),
    ...sources.secrets,
    ...sources.sandbox,
    FLY_APP_NAME: place.app,
    FLY_MACHINE_ID: place.id,
    FLY_ALLOC_ID: place.id,
    FLY_REGION: place.region,
    FLY_IMAGE_REF: config.image,
    FLY_MACHINE_VERSION: instanceId,
    FLY_PRIVATE_IP: place.privateIp,
    FLY_VM_MEMORY_MB: String(config.guest?.memory_mb ?? 256),
    FLYHOT_SOCKET: place.socket,
    PORT: String(place.port),
    TMPDIR: place.tmp,
    HOME: place.home,
  };
}

function pick(
  env: Readonly<Record<string, string>>,
  names: readonly string[],
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => names.includes(name)),
  );
}

/** Picks what a machine needs of this computer's environment: where programs, packages and their caches are. */
export function inheritedEnvironment(
  env: Readonly<Record<string, string>>,
  deno: string,
): Record<string, string> {
  const inherited: Record<string, string> = {
    PATH: [dirname(deno), ...(env.PATH ? [env.PATH] : [])].join(delimiter),
  };
  // Machines have a home of their own, so the cache of packages must be named.
  const cache = denoDir(env);
  if (cache !== null) inherited.DENO_DIR = cache;
  for (const [name, value] of Object.entries(env)) {
    if (INHERITED.test(name)) inherited[name] = value;
  }
  return inherited;
}

const INHERITED =
  /^(JSR_URL|NPM_CONFIG_\w+|NO_COLOR|DENO_CERT|DENO_TLS_CA_STORE)$/i;

function denoDir(env: Readonly<Record<string, string>>): string | null {
  if (env.DENO_DIR) return env.DENO_DIR;
  if (OS === "darwin") {
    return env.HOME ? join(env.HOME, "Library", "Caches", "deno") : null;
  }
  if (env.XDG_CACHE_HOME) return join(env.XDG_CACHE_HOME, "deno");
  return env.HOME ? join(env.HOME, ".cache", "deno") : null;
}
