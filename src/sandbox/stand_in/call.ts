/** What the commands of the stand-in share: flags, the app, the token, and calls to the sandbox.
 * @module
 */
import { parseArgs, type ParseArgsConfig } from "node:util";

/** What the stand-in touches. */
export interface StandInHost {
  /** An environment variable. */
  env(name: string): string | undefined;
  /** The working folder. */
  cwd(): string;
  /** Reads a file as text; null if it is not there. */
  readText(path: string): Promise<string | null>;
  /** Writes a file. */
  writeText(path: string, text: string): Promise<void>;
  /** Sends a request. */
  fetch(request: Request): Promise<Response>;
  /** The answer. */
  out(text: string): void;
  /** The talk. */
  err(text: string): void;
}

/** What flags say about who asks, and for which app. */
export interface Asker {
  readonly app?: string;
  /** The file that names it. */
  readonly config?: string;
  readonly "access-token"?: string;
}

/** A command of the stand-in; the arguments are those after its name. */
export type StandInCommand = (
  args: readonly string[],
  host: StandInHost,
) => Promise<void>;

const DEADLINE_MS = 15_000;
// As flyctl does, which knows the rate limits too.
const BUSY_TRIES_MAX = 10;
const BUSY_PAUSE_MS = 300;

/** Flags that every command takes. */
export const COMMON = {
  app: { type: "string", short: "a" },
  config: { type: "string", short: "c" },
  "access-token": { type: "string", short: "t" },
  json: { type: "boolean", short: "j" },
  quiet: { type: "boolean", short: "q" },
  verbose: { type: "boolean" },
  debug: { type: "boolean" },
} as const satisfies ParseArgsConfig["options"];

/** As `parseArgs`, and takes `--flag=true` and `--flag=false` as flyctl does. */
export function parseFlags<T extends NonNullable<ParseArgsConfig["options"]>>(
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

/** The app that a flag, a variable or the file names. */
export async function appOf(
  host: StandInHost,
  values: Asker,
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

/** The token of a flag or a variable. */
export function tokenOf(
  host: StandInHost,
  values: Asker,
): string {
  const token = values["access-token"] ?? host.env("FLY_ACCESS_TOKEN") ??
    host.env("FLY_API_TOKEN");
  if (token) return token;
  throw new Error(
    "no access token available. Please login with 'flyctl auth login'",
  );
}

/** Asks the sandbox, again where it was asked too often; an answer that is not good is thrown. */
export async function call(
  host: StandInHost,
  method: string,
  path: string,
  values: Asker,
  body?: unknown,
  deadlineMs = DEADLINE_MS,
): Promise<Response> {
  const base = host.env("FLY_FLAPS_BASE_URL");
  if (!base) {
    throw new Error(
      "this fly is a stand-in for a flyhot sandbox, and FLY_FLAPS_BASE_URL names none",
    );
  }
  const token = tokenOf(host, values);
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), deadlineMs);
  try {
    for (let tries = 1;; tries++) {
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
      if (response.status !== 429 || tries === BUSY_TRIES_MAX) {
        throw new Error(`${error} (${response.status})`);
      }
      await new Promise((resolve) => setTimeout(resolve, BUSY_PAUSE_MS));
    }
  } finally {
    clearTimeout(timer);
  }
}

/** As `call`, where the answer does not matter. */
export async function tell(...told: Parameters<typeof call>): Promise<void> {
  await (await call(...told)).body?.cancel();
}

/** A path from the working folder. */
export function absolute(path: string, host: StandInHost): string {
  return path.startsWith("/")
    ? path
    : `${host.cwd()}/${path}`.replace(/\/$/, "");
}
