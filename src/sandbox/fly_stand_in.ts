/**
 * A stand-in for `fly`: the few commands that flyhot and a person trying it need, against a sandbox.
 *
 * Reads `FLY_FLAPS_BASE_URL` and `FLY_API_TOKEN`. It imports nothing of flyhot, because it has to start fast, and prints as
 * `fly` does: talk on standard error, answers on standard output.
 *
 * @module
 */
import { parseArgs, type ParseArgsConfig } from "node:util";

const VERSION =
  "fly v0.0.0-sandbox (a stand-in that talks to a flyhot sandbox)";
const DEADLINE_MS = 15_000;

/** What the stand-in touches. */
export interface StandInHost {
  /** An environment variable. */
  env(name: string): string | undefined;
  /** The working folder. */
  cwd(): string;
  /** Reads a file as text; null if it is not there. */
  readText(path: string): Promise<string | null>;
  /** Sends a request. */
  fetch(request: Request): Promise<Response>;
  /** The answer. */
  out(text: string): void;
  /** The talk. */
  err(text: string): void;
}

/** Runs a command. */
export async function standIn(
  args: readonly string[],
  host: StandInHost,
): Promise<number> {
  try {
    await run(args, host);
    return 0;
  } catch (error) {
    host.err(`Error: ${error instanceof Error ? error.message : error}\n`);
    return 1;
  }
}

async function run(args: readonly string[], host: StandInHost): Promise<void> {
  const [first = "", second = ""] = args;
  if (first === "deploy") return await deploy(args.slice(1), host);
  if (first === "version" || first === "--version" || first === "-v") {
    return host.out(`${VERSION}\n`);
  }
  const name = `${first} ${second}`;
  if (name === "auth whoami") return await whoami(args.slice(2), host);
  if (name === "auth token") return token(args.slice(2), host);
  if (/^(machines?|m) (list|ls)$/.test(name)) {
    return await listMachines(args.slice(2), host);
  }
  if (first === "logs") return await logs(args.slice(1), host);
  const known =
    "deploy, logs, auth whoami, auth token, machines list --json, version";
  throw new Error(
    `unknown command "${
      args.filter((arg) => !arg.startsWith("-")).join(" ")
    }" for "fly"; this stand-in knows: ${known}`,
  );
}

const COMMON = {
  app: { type: "string", short: "a" },
  config: { type: "string", short: "c" },
  "access-token": { type: "string", short: "t" },
  json: { type: "boolean", short: "j" },
  quiet: { type: "boolean", short: "q" },
  verbose: { type: "boolean" },
  debug: { type: "boolean" },
} as const satisfies ParseArgsConfig["options"];

/** As `parseArgs`, and takes `--flag=true` and `--flag=false` as flyctl does. */
function parseFlags<T extends NonNullable<ParseArgsConfig["options"]>>(
  args: readonly string[],
  options: T,
) {
  const plain = args.map((arg) => {
    const [, name = "", value] = /^--([\w-]+)=(true|false)$/.exec(arg) ?? [];
    if (options[name]?.type !== "boolean") return arg;
    return value === "true" ? `--${name}` : `--no-${name}`;
  });
  return parseArgs({
    args: plain,
    options,
    allowPositionals: true,
    allowNegative: true,
  });
}

const DEPLOY = {
  ...COMMON,
  "build-only": { type: "boolean" },
  push: { type: "boolean" },
  image: { type: "string", short: "i" },
  "image-label": { type: "string" },
  "build-arg": { type: "string", multiple: true },
  regions: { type: "string", multiple: true },
  region: { type: "string", short: "r", multiple: true },
  "primary-region": { type: "string" },
  ha: { type: "boolean" },
  "wait-timeout": { type: "string" },
  // Taken and of no meaning here.
  "remote-only": { type: "boolean" },
  "local-only": { type: "boolean" },
  "no-cache": { type: "boolean" },
  "now": { type: "boolean" },
  yes: { type: "boolean", short: "y" },
  detach: { type: "boolean" },
  depot: { type: "boolean" },
  buildkit: { type: "boolean" },
  strategy: { type: "string" },
  dockerfile: { type: "string" },
  ignorefile: { type: "string" },
  "build-secret": { type: "string", multiple: true },
  "build-target": { type: "string" },
  label: { type: "string", multiple: true },
  "max-unavailable": { type: "string" },
  "recreate-builder": { type: "boolean" },
} as const satisfies ParseArgsConfig["options"];

async function deploy(
  args: readonly string[],
  host: StandInHost,
): Promise<void> {
  const { values, positionals } = parseFlags(args, DEPLOY);
  const regions = [...values.regions ?? [], ...values.region ?? []]
    .flatMap((list) => list.split(",")).filter((region) => region !== "");
  const folder = absolute(positionals[0] ?? "", host);
  const config = values.config === undefined
    ? null
    : absolute(values.config, host);
  const app = values.app ?? host.env("FLY_APP") ?? null;
  const response = await call(host, "POST", "/_sandbox/deploys", values, {
    folder,
    config: config?.endsWith(".toml") || config?.endsWith(".json")
      ? config
      : config === null
      ? null
      : `${config.replace(/\/$/, "")}/fly.toml`,
    app,
    image: values.image ?? null,
    label: values["image-label"] ?? null,
    buildArgs: Object.fromEntries((values["build-arg"] ?? []).map(buildArg)),
    regions: regions.length > 0 ? regions : null,
    machines: values.ha ?? true ? "ha" : 1,
    buildOnly: values["build-only"] ?? false,
    readyMs: waitMs(values["wait-timeout"]),
  });
  for await (const line of linesOf(response)) {
    if (typeof line.say === "string") host.err(`${line.say}\n`);
    if (typeof line.error === "string") {
      throw new Error(
        line.error + (typeof line.hint === "string" ? `\n${line.hint}` : ""),
      );
    }
    if (typeof line.image === "string") return;
  }
  throw new Error("the sandbox went away");
}

function buildArg(text: string): [name: string, value: string] {
  const equals = text.indexOf("=");
  if (equals < 1) {
    throw new Error(
      `failed to parse --build-arg "${text}": expected NAME=VALUE`,
    );
  }
  return [text.slice(0, equals), text.slice(equals + 1)];
}

function waitMs(text: string | undefined): number {
  const match = /^(\d+)(ms|s|m)?$/.exec(text ?? "60s");
  if (!match) {
    throw new Error(`invalid argument "${text}" for "--wait-timeout"`);
  }
  const unit = { ms: 1, s: 1000, m: 60_000 }[match[2] ?? "s"] ?? 1000;
  return Number(match[1]) * unit;
}

async function whoami(
  args: readonly string[],
  host: StandInHost,
): Promise<void> {
  const { values } = parseFlags(args, COMMON);
  const response = await call(host, "GET", "/_sandbox", values);
  const { email } = await response.json();
  host.out(values.json ? `${JSON.stringify({ email })}\n` : `${email}\n`);
}

function token(args: readonly string[], host: StandInHost): void {
  const { values } = parseFlags(args, COMMON);
  const bare = tokenOf(host, values).replace(/^((FlyV1|Bearer)\s+)+/i, "");
  if (!values.quiet) host.err("The 'fly auth token' command is deprecated.\n");
  host.out(values.json ? `${JSON.stringify({ token: bare })}\n` : `${bare}\n`);
}

async function listMachines(
  args: readonly string[],
  host: StandInHost,
): Promise<void> {
  const { values } = parseFlags(args, COMMON);
  const app = await appOf(host, values);
  const response = await call(
    host,
    "GET",
    `/v1/apps/${encodeURIComponent(app)}/machines`,
    values,
  );
  const machines = await response.json();
  if (values.json) return host.out(`${JSON.stringify(machines, null, 4)}\n`);
  for (const { id, name, state, region, config } of machines) {
    host.out(`${[id, name, state, region, config?.image].join("\t")}\n`);
  }
}

const LOGS = {
  ...COMMON,
  machine: { type: "string" },
  "no-tail": { type: "boolean", short: "n" },
  instance: { type: "string", short: "i" },
  region: { type: "string", short: "r" },
} as const satisfies ParseArgsConfig["options"];

/** Prints what there is; it does not wait for more, as `fly logs --no-tail` does. */
async function logs(
  args: readonly string[],
  host: StandInHost,
): Promise<void> {
  // Its switches begin with "no" themselves, so it cannot take --no-… for a negation.
  const { values } = parseArgs({
    args: [...args],
    options: LOGS,
    allowPositionals: true,
  });
  const response = await call(host, "GET", "/_sandbox/machines", values);
  const wanted = values.machine ?? values.instance;
  for (const { id, region, logFile } of await response.json()) {
    if (wanted !== undefined && wanted !== id) continue;
    const text = await host.readText(logFile) ?? "";
    for (const line of text.split("\n")) {
      if (line === "") continue;
      const [, at = "", rest = line] = /^(\S+) \[\w+\] (.*)$/.exec(line) ?? [];
      host.out(`${at} app[${id}] ${region} [info]${rest}\n`);
    }
  }
}

async function appOf(
  host: StandInHost,
  values: { readonly app?: string; readonly config?: string },
): Promise<string> {
  const named = values.app ?? host.env("FLY_APP");
  if (named) return named;
  const path = absolute(values.config ?? "fly.toml", host);
  const text = await host.readText(path) ?? "";
  const [, inFile] = /^\s*app\s*=\s*["']([^"']+)["']/m.exec(text) ?? [];
  const app = inFile ?? host.env("FLY_APP_NAME");
  if (app) return app;
  throw new Error(
    "the config for your app is missing an app name, add an app field to the fly.toml file or specify with -a",
  );
}

function tokenOf(
  host: StandInHost,
  values: { readonly "access-token"?: string },
): string {
  const token = values["access-token"] ?? host.env("FLY_ACCESS_TOKEN") ??
    host.env("FLY_API_TOKEN");
  if (token) return token;
  throw new Error(
    "no access token available. Please login with 'flyctl auth login'",
  );
}

async function call(
  host: StandInHost,
  method: string,
  path: string,
  values: { readonly "access-token"?: string },
  body?: unknown,
): Promise<Response> {
  const base = host.env("FLY_FLAPS_BASE_URL");
  if (!base) {
    throw new Error(
      "this fly is a stand-in for a flyhot sandbox, and FLY_FLAPS_BASE_URL names none",
    );
  }
  const token = tokenOf(host, values);
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), DEADLINE_MS);
  try {
    const response = await host.fetch(
      new Request(base + path, {
        method,
        headers: {
          authorization: /^(FlyV1|Bearer)\s/i.test(token)
            ? token
            : `FlyV1 ${token}`,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: late.signal,
      }),
    );
    if (response.ok) return response;
    const { error } = await response.json();
    throw new Error(`${error} (${response.status})`);
  } finally {
    clearTimeout(timer);
  }
}

async function* linesOf(
  response: Response,
): AsyncGenerator<Record<string, unknown>> {
  let rest = "";
  const body = response.body ??
    ReadableStream.from<Uint8Array<ArrayBuffer>>([]);
  for await (const piece of body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + piece).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) yield JSON.parse(line);
  }
}

function absolute(path: string, host: StandInHost): string {
  return path.startsWith("/")
    ? path
    : `${host.cwd()}/${path}`.replace(/\/$/, "");
}

if (import.meta.main) {
  const encoder = new TextEncoder();
  const write =
    (to: { writeSync(bytes: Uint8Array): number }) => (text: string) => {
      const bytes = encoder.encode(text);
      for (let done = 0; done < bytes.length;) {
        done += to.writeSync(bytes.subarray(done));
      }
    };
  Deno.exitCode = await standIn(Deno.args, {
    env: (name) => Deno.env.get(name),
    cwd: () => Deno.cwd(),
    readText: async (path) => {
      try {
        return await Deno.readTextFile(path);
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return null;
        throw error;
      }
    },
    fetch: (request) => fetch(request),
    out: write(Deno.stdout),
    err: write(Deno.stderr),
  });
}
