/** The account that the platform's open questions are put to: a real one, or the sandbox.
 * @module
 */
import { S3Bucket } from "@flyhot/runtime/bucket";
import { MachinesApi } from "../../../src/fly/machines_api.ts";
import type { MachineSpec } from "../../../src/fly/api/spec.ts";
import { type FlyToken, parseFlyToken } from "../../../src/fly/token.ts";
import type { Host } from "../../../src/host.ts";
import { type HttpAnswer, request } from "../../../src/http.ts";

/** The variable that opts in: an app that `fly deploy` made, with a started machine that runs flyhot. */
export const APP_VARIABLE = "FLYHOT_E2E_FLY_APP";

/** A token of `fly tokens create machine-exec`, for what a narrow token may do. */
export const EXEC_TOKEN_VARIABLE = "FLYHOT_E2E_FLY_EXEC_TOKEN";

/** Where questions are put. */
export interface Account {
  /** Sends and waits. */
  readonly host: Host;
  /** The app. */
  readonly app: string;
  /** Its machines, asked with a deploy token. */
  readonly api: MachinesApi;
  /** The same, asked with a machine-exec token; null where there is none. */
  readonly execApi: MachinesApi | null;
  /** The app's bucket, null where its variables are not set. */
  readonly bucket: S3Bucket | null;
  /** The statuses that the bucket has answered, oldest first. */
  readonly bucketStatuses: readonly number[];
  /** Asks the Machines API what our own client has no call for; every status is an answer. */
  readonly raw: (
    method: string,
    path: string,
    options?: { readonly json?: unknown; readonly nonce?: string },
  ) => Promise<HttpAnswer>;
  /** How long a command takes that must not be cut off, in seconds. */
  readonly longSeconds: number;
  /** Makes a client with another token. */
  readonly apiWith: (token: string) => MachinesApi;
}

/**
 * Reads an account from the environment.
 *
 * @param host the environment, the network
 * @returns the account, or null where nobody opted in
 * @throws {Error} if somebody opted in, but FLY_API_TOKEN is not set
 */
export function accountIn(host: Host): Account | null {
  const app = host.env(APP_VARIABLE);
  if (app === undefined) return null;
  const text = host.env("FLY_API_TOKEN");
  if (text === undefined) {
    throw new Error(
      `Cannot ask Fly about ${app}: ${APP_VARIABLE} is set, FLY_API_TOKEN is not; make one with: fly tokens create deploy -a ${app}`,
    );
  }
  const baseUrl = host.env("FLY_FLAPS_BASE_URL") ?? "https://api.machines.dev";
  const token = parseFlyToken(text, "environment FLY_API_TOKEN");
  const apiFor = (token: FlyToken) =>
    new MachinesApi({ host, app, token, baseUrl });
  const execToken = host.env(EXEC_TOKEN_VARIABLE);
  const bucketStatuses: number[] = [];
  return {
    host,
    app,
    api: apiFor(token),
    execApi: execToken === undefined
      ? null
      : apiFor(parseFlyToken(execToken, EXEC_TOKEN_VARIABLE)),
    bucket: bucketIn(host, (status) => bucketStatuses.push(status)),
    bucketStatuses,
    raw: (method, path, { json, nonce } = {}) =>
      request(host, `${baseUrl}/v1/apps/${app}/machines${path}`, {
        what: `ask ${method} ${path}`,
        service: "the Machines API",
        method,
        ...(json === undefined ? {} : { json }),
        headers: {
          authorization: token.header.reveal(),
          ...(nonce === undefined ? {} : { "fly-machine-lease-nonce": nonce }),
        },
        attemptsMax: 1,
        deadlineMs: 120_000,
        accept: () => true,
      }),
    longSeconds: 20,
    apiWith: (text) => apiFor(parseFlyToken(text, "the test")),
  };
}

function bucketIn(
  host: Host,
  answered: (status: number) => void,
): S3Bucket | null {
  const [bucket, accessKeyId, secretAccessKey] = [
    host.env("BUCKET_NAME"),
    host.env("AWS_ACCESS_KEY_ID"),
    host.env("AWS_SECRET_ACCESS_KEY"),
  ];
  if (!bucket || !accessKeyId || !secretAccessKey) return null;
  return new S3Bucket({
    bucket,
    accessKeyId,
    secretAccessKey,
    endpoint: host.env("AWS_ENDPOINT_URL_S3") ??
      "https://fly.storage.tigris.dev",
    region: host.env("AWS_REGION") ?? "auto",
    async fetch(request) {
      const response = await host.fetch(request);
      answered(response.status);
      return response;
    },
  });
}

/**
 * Finds a machine of the app that runs.
 *
 * @param account the account
 * @returns its id, and its image with tag and digest apart
 * @throws {Error} if no machine is started
 */
export async function startedMachine(account: Account): Promise<{
  readonly id: string;
  readonly image: string;
  readonly repository: string;
  readonly tag: string | null;
  readonly digest: string | null;
}> {
  const machine = (await account.api.list()).find((it) =>
    it.state === "started"
  );
  if (!machine) {
    throw new Error(
      `Cannot ask a machine of ${account.app}: none is started; start one with: fly machine start -a ${account.app}`,
    );
  }
  const { body } = await account.raw("GET", `/${machine.id}`);
  const { image_ref: ref } = JSON.parse(body);
  return {
    id: machine.id,
    image: machine.imageRef,
    repository: `${ref.registry}/${ref.repository}`,
    tag: ref.tag || null,
    digest: ref.digest || null,
  };
}

/**
 * Makes a machine that does nothing for two minutes, and destroys it in the end.
 *
 * @param account the account
 * @param image its image
 * @returns its id, to be disposed
 * @throws {Error} if it cannot be made
 */
export async function idleMachine(
  account: Account,
  image: string,
): Promise<AsyncDisposable & { readonly id: string }> {
  const spec: MachineSpec = {
    config: {
      image,
      env: {},
      metadata: { flyhot_role: "question" },
      guest: { cpu_kind: "shared", cpus: 1, memory_mb: 256 },
      init: { exec: ["deno", "eval", "setTimeout(() => {}, 120_000)"] },
      auto_destroy: true,
      restart: { policy: "no" },
      dns: { skip_registration: true },
    },
  };
  const outcome = await account.api.create(spec);
  if (outcome.status !== "created") throw outcome.error;
  const { id } = outcome.machine;
  const disposable = {
    id,
    [Symbol.asyncDispose]: () => account.api.destroy(id),
  };
  const started = await account.api.wait(id, "started", { timeoutMs: 90_000 });
  if (started) return disposable;
  await account.api.destroy(id);
  throw new Error(`Cannot ask machine ${id}: it has not started within 90 s`);
}
