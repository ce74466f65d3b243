/** What the `fly` stand-in asks of the sandbox, beside the Machines API.
 * @module
 */
import { errorText } from "@flyhot/runtime/protocol";
import { createHash } from "node:crypto";
import { toFlyhotError } from "../../errors.ts";
import {
  type Deployer,
  type DeployOptions,
  readConfig,
} from "../deploy/deploys.ts";
import type {
  LoopbackAnswer,
  LoopbackRequest,
} from "../server/loopback_server.ts";
import { isRecord } from "../../base/values.ts";
import { json, OK } from "./machine_call.ts";
import { answerErrors, bodyOf, requireToken } from "./machines_api.ts";
import type { Machines } from "../machines.ts";
import { invalidArgument, PlatformError } from "./platform_error.ts";
import { toSandboxMachine } from "../sandbox_machine.ts";

/** Options of {@linkcode controlApi}. */
export interface ControlApiOptions {
  readonly app: string;
  /** The only token, without a scheme. */
  readonly token: string;
  readonly email: string;
  /** Where machines go that name no region. */
  readonly region: string;
  /** The variables that name the bucket. */
  readonly storage: Readonly<Record<string, string>>;
  /** What machines get as secrets when they start; changed by who sets some. */
  readonly secrets: Record<string, string>;
  readonly machines: Pick<Machines, "live">;
  /** Deploys. */
  readonly deployer: Pick<Deployer, "deploy">;
}

/** A line of the answer to `POST /_sandbox/deploys`. */
type DeployLine =
  | {
    /** What to print on standard error. */
    readonly say: string;
  }
  | {
    /** It went well: the image. */
    readonly image: string;
  }
  | {
    /** It did not. */
    readonly error: string;
    /** What to do about it, or null. */
    readonly hint: string | null;
  };

/**
 * Makes the handler of `/_sandbox/…`.
 *
 * `GET /_sandbox` says who and what it is, `GET /_sandbox/machines` where machines listen and log, `/_sandbox/secrets` what
 * they know in secret, `POST /_sandbox/config` whether a fly.toml can be read, `POST /_sandbox/deploys` takes a folder and
 * {@linkcode DeployOptions} and answers with one JSON value a line.
 */
export function controlApi(
  options: ControlApiOptions,
): (request: LoopbackRequest) => Promise<LoopbackAnswer> {
  const { app, email, region, storage, machines } = options;
  return (request) =>
    answerErrors(async () => {
      requireToken(request, options.token);
      switch (`${request.method} ${request.target}`) {
        case "GET /_sandbox":
          return json({ app, email, region, storage });
        case "GET /_sandbox/machines":
          return json(machines.live().map(toSandboxMachine));
        case "GET /_sandbox/secrets":
          return json(
            Object.entries(options.secrets).map(([name, value]) => ({
              name,
              digest: createHash("sha256").update(value).digest("hex")
                .slice(0, 16),
            })),
          );
        case "POST /_sandbox/secrets":
          await setSecrets(bodyOf(request), options);
          return OK;
        case "POST /_sandbox/config":
          await checkConfig(bodyOf(request));
          return OK;
        case "POST /_sandbox/deploys":
          return {
            status: 200,
            headers: { "content-type": "application/x-ndjson" },
            body: deployLines(request, options.deployer),
          };
      }
      throw new PlatformError(404, "page not found");
    });
}

/** Sets or, where the value is null, removes secrets; machines that run take them with a restart. */
async function setSecrets(
  body: unknown,
  { secrets, machines }: ControlApiOptions,
): Promise<void> {
  const { secrets: wanted, stage } = isRecord(body) ? body : {};
  if (!isRecord(wanted)) throw invalidArgument("secrets is not a JSON object");
  for (const [name, value] of Object.entries(wanted)) {
    if (!/^[A-Za-z_]\w*$/.test(name)) {
      throw invalidArgument(`"${name}" is not a name of a secret`);
    }
    if (value !== null && typeof value !== "string") {
      throw invalidArgument(`${name} is not text`);
    }
    if (value === null) delete secrets[name];
    else secrets[name] = value;
  }
  if (stage === true) return;
  const running = machines.live().filter(({ state }) => state === "started");
  await Promise.all(running.map((machine) => machine.restart()));
}

async function checkConfig(body: unknown): Promise<void> {
  const { path } = isRecord(body) ? body : {};
  if (typeof path !== "string") throw invalidArgument("path is not text");
  try {
    await readConfig("/", path);
  } catch (error) {
    throw invalidArgument(errorText(error));
  }
}

async function* deployLines(
  request: LoopbackRequest,
  deployer: Pick<Deployer, "deploy">,
): AsyncGenerator<string> {
  const lines = new TransformStream<DeployLine, DeployLine>();
  const writer = lines.writable.getWriter();
  const say = (line: DeployLine) => void writer.write(line).catch(() => {});
  const job = (async () => {
    try {
      const { image } = await deployer.deploy(
        ...parseDeploy(bodyOf(request), {
          onLine: (text) => say({ say: text }),
          signal: request.signal,
        }),
      );
      say({ image: image.ref });
    } catch (error) {
      const { message, hint } = toFlyhotError(error);
      say({ error: message, hint });
    } finally {
      await writer.close().catch(() => {});
    }
  })();
  try {
    for await (const line of lines.readable) yield `${JSON.stringify(line)}\n`;
  } finally {
    await job;
  }
}

function parseDeploy(
  body: unknown,
  talk: Pick<DeployOptions, "onLine" | "signal">,
): [folder: string, options: DeployOptions] {
  if (!isRecord(body)) throw invalidArgument("the body is not a JSON object");
  const { folder, regions, buildArgs, machines, buildOnly, readyMs } = body;
  if (typeof folder !== "string") throw invalidArgument("folder is not text");
  const text = <T extends string>(key: T): { [key in T]?: string } => {
    const value = body[key] ?? null;
    if (value === null) return {};
    if (typeof value !== "string") throw invalidArgument(`${key} is not text`);
    return { [key]: value } as { [key in T]?: string };
  };
  return [folder, {
    ...talk,
    ...text("config"),
    ...text("app"),
    ...text("image"),
    ...text("label"),
    ...(Array.isArray(regions) ? { regions: regions.map(String) } : {}),
    buildArgs: isRecord(buildArgs)
      ? Object.fromEntries(
        Object.entries(buildArgs).map(([key, value]) => [key, `${value}`]),
      )
      : {},
    machines: typeof machines === "number" ? machines : "ha",
    buildOnly: buildOnly === true,
    readyMs: typeof readyMs === "number" ? readyMs : 60_000,
  }];
}
