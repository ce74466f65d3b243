/** A small Fly on loopback: an object store, the Machines API, a `fly` stand-in, machines as processes.
 * @module
 */
import { delimiter, join } from "node:path";
import { FlyhotError } from "../errors.ts";
import { controlApi } from "./machines_api/control_api.ts";
import { remove } from "./computer/disk.ts";
import { denoPath, environment, IS_COMPILED, OS } from "./computer/platform.ts";
import { Deployer } from "./deploy/deploys.ts";
import { newSecret } from "./ids.ts";
import { Images } from "./image/images.ts";
import { serveLoopback } from "./server/loopback_server.ts";
import { inheritedEnvironment } from "./machine/machine_env.ts";
import type { LogLine } from "./machine/records/machine_log.ts";
import { json } from "./machines_api/machine_call.ts";
import { machinesApi } from "./machines_api/machines_api.ts";
import { Machines } from "./machines.ts";
import { startObjectStore } from "./s3/object_store.ts";
import { Reaper } from "./computer/reaper.ts";
import { Sandbox } from "./running_sandbox.ts";
import {
  makeSandboxFolder,
  makeSocketFolder,
  writeStandIn,
} from "./sandbox_folder.ts";
import type { SandboxOptions } from "./sandbox_types.ts";
import { Notifier } from "./wait_for.ts";

export type { Sandbox } from "./running_sandbox.ts";
export type { SandboxMachine } from "./sandbox_machine.ts";
export type * from "./sandbox_types.ts";

/**
 * Starts a sandbox. Machines are ordinary processes of this computer: nothing keeps them from its files and network.
 *
 * A program in a machine listens on `PORT` and finds its files in its working folder, which stands for `/app`. If this
 * program is killed, a small shell process ends the machines and removes the folder in its place. Throws `usage` if an
 * option cannot be used, or the program was compiled with `deno compile`. Throws the reason of `options.signal` if it
 * is aborted; nothing is left then.
 *
 * @example
 * ```ts ignore
 * import { startSandbox } from "./sandbox.ts";
 * await using sandbox = await startSandbox({ app: "my-app", regions: ["iad", "fra"] });
 * const { machines } = await sandbox.deploy("./my-app");
 * await fetch(machines[0]!.url);
 * ```
 */
export async function startSandbox(
  options: SandboxOptions = {},
): Promise<Sandbox> {
  const { app = "sandbox-app", regions = ["iad"] } = options;
  const { bucket = "flyhot-sandbox", signal } = options;
  checkOptions(app, regions, bucket);
  signal?.throwIfAborted();
  // What is started is ended in the opposite order, now if anything below fails, else by stop().
  await using undo = new AsyncDisposableStack();
  const folder = await makeSandboxFolder(options.folder);
  const keep = options.keep ?? false;
  undo.defer(() => keep ? undefined : remove(folder));
  const socketFolder = await makeSocketFolder(folder);
  undo.defer(() => remove(socketFolder));
  const reaper = new Reaper(keep ? [socketFolder] : [folder, socketFolder]);
  undo.defer(() => reaper.release());

  const keys = {
    accessKeyId: `AK${newSecret(9).toUpperCase()}`,
    secretAccessKey: newSecret(20),
  };
  const token = `fm2_${newSecret(40)}`;
  const faults = options.faults ? { faults: options.faults } : {};
  const store = await startObjectStore({ bucket, ...keys, ...faults });
  undo.defer(() => store.close());
  signal?.throwIfAborted();

  const shared: Record<string, string> = {
    AWS_ACCESS_KEY_ID: keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    AWS_ENDPOINT_URL_S3: store.url,
    AWS_REGION: "auto",
    BUCKET_NAME: bucket,
    FLY_API_TOKEN: `FlyV1 ${token}`,
  };
  const secrets = { ...shared, ...options.secrets };
  // Filled in below: machines are told an address that is known only once the server runs.
  const told: Record<string, string> = {};
  const logs = new Notifier<LogLine>();
  if (options.onLog) logs.add(options.onLog);
  const inherited = environment();
  const images = new Images(join(folder, "images"));
  const email = options.email ?? "you@sandbox.invalid";
  const machines = new Machines({
    app,
    folder: join(folder, "machines"),
    socketFolder,
    primaryRegion: regions[0]!,
    images,
    owner: email,
    world: {
      register: reaper,
      tellLog: (line) => logs.tell(line),
      env: {
        inherited: inheritedEnvironment(inherited, denoPath()),
        secrets,
        sandbox: told,
      },
    },
  });
  const deployer = new Deployer({ app, regions, images, machines });
  const api = machinesApi({
    app,
    token,
    machines,
    rateLimits: options.rateLimits ?? true,
  });
  const { FLY_API_TOKEN: _, ...storage } = shared;
  const control = controlApi({
    app,
    token,
    email,
    region: regions[0]!,
    storage,
    secrets,
    machines,
    deployer,
  });
  const flaps = await serveLoopback({
    service: "machines",
    handle: (request) =>
      request.target.startsWith("/_sandbox") ? control(request) : api(request),
    fail: (status, why) =>
      json(
        { error: `${status === 500 ? "internal" : "unavailable"}: ${why}` },
        status,
      ),
    ...faults,
  });
  undo.defer(() => flaps.close());
  // Before the server closes, because its answers may be waiting for machines.
  undo.defer(() => machines.close());
  told.FLY_FLAPS_BASE_URL = flaps.url;
  const bin = await writeStandIn(folder, denoPath());
  signal?.throwIfAborted();

  const stopping = new AbortController();
  undo.defer(() => stopping.abort(new Error("the sandbox was stopped")));
  const all = undo.move();
  let stopped: Promise<void> | null = null;
  return new Sandbox({
    app,
    folder,
    env: {
      ...shared,
      ...told,
      FLY_APP_NAME: app,
      PATH: [bin, inherited.PATH ?? ""].join(delimiter),
    },
    endpoint: store.url,
    flapsUrl: flaps.url,
    bucket,
  }, {
    images,
    machines,
    deployer,
    logs,
    stopping: stopping.signal,
    stop: () => stopped ??= all.disposeAsync(),
  });
}

function checkOptions(
  app: string,
  regions: readonly string[],
  bucket: string,
): void {
  const refuse = (why: string, hint: string) => {
    throw new FlyhotError("usage", `Cannot start a sandbox: ${why}`, { hint });
  };
  if (IS_COMPILED) {
    refuse(
      "this program was compiled, and machines need deno itself",
      "run it with: deno run -A jsr:@flyhot/cli sandbox",
    );
  }
  if (OS === "windows") {
    refuse("it needs the processes and signals of a Unix", "use WSL");
  }
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(app)) {
    refuse(`"${app}" is not the name of an app`, "use a-z, 0-9 and hyphens");
  }
  if (
    regions.length === 0 || !regions.every((name) => /^[a-z]{3}$/.test(name))
  ) {
    refuse(
      `"${regions.join(",")}" are not regions`,
      "use names of three letters, for example iad,fra",
    );
  }
  if (!/^[a-z0-9][a-z0-9.-]{1,62}$/.test(bucket)) {
    refuse(
      `"${bucket}" is not the name of a bucket`,
      "use a-z, 0-9, dots and hyphens",
    );
  }
}
