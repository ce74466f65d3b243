/** What flyhot reads of a `fly.toml` (or `fly.json`).
 * @module
 */
import { errorText } from "@flyhot/runtime/protocol";
import { parse as parseToml } from "@std/toml";
import { FlyhotError } from "../../errors.ts";
import type { Host } from "../../host.ts";
import { isRecord, joinPath } from "../../base/values.ts";

/** What flyhot needs to know of an app's Fly configuration. */
export interface FlyToml {
  /** The file it was read from, as the user would name it. */
  readonly path: string;
  /** The app's name, or null. */
  readonly app: string | null;
  /** Where new machines go, or null. */
  readonly primaryRegion: string | null;
  /** `[env]`, every value as the text that a machine would see. */
  readonly env: Readonly<Record<string, string>>;
  /** `[build] image`: an image that is used as it is, or null. */
  readonly buildImage: string | null;
}

const CANDIDATES = ["fly.toml", "fly.json"];
const REFUSED = ["fly.yaml", "fly.yml"];

/** Finds and reads the Fly configuration of an app; null if none was named and none is there. */
export async function findFlyToml(
  host: Pick<Host, "files">,
  named?: string,
): Promise<FlyToml | null> {
  if (named !== undefined) {
    const kind = (await host.files.stat(named))?.kind;
    if (kind === undefined) {
      throw new FlyhotError(
        "usage",
        `Cannot read ${named}: there is no such file`,
        { hint: "name the app's fly.toml with --config <path>" },
      );
    }
    if (kind !== "directory") return await readFlyToml(host, named);
  }
  const found = await flyTomlIn(host, named ?? "");
  if (found || named === undefined) return found;
  throw new FlyhotError(
    "usage",
    `Cannot find fly.toml in ${named}: the folder has none`,
    { hint: "name the app's fly.toml with --config <path>" },
  );
}

/** Reads the Fly configuration in a folder; null if there is none. */
export async function flyTomlIn(
  host: Pick<Host, "files">,
  folder: string,
): Promise<FlyToml | null> {
  for (const name of [...CANDIDATES, ...REFUSED]) {
    const path = joinPath(folder, name);
    if (await host.files.stat(path)) return await readFlyToml(host, path);
  }
  return null;
}

async function readFlyToml(
  host: Pick<Host, "files">,
  path: string,
): Promise<FlyToml> {
  const text = await host.files.readText(path);
  if (text === null) {
    throw new FlyhotError("usage", `Cannot read ${path}: it is gone`, {
      hint: "name it with --config <path>",
    });
  }
  return parseFlyToml(text, path);
}

/** Reads the text of a Fly configuration. */
export function parseFlyToml(text: string, path: string): FlyToml {
  if (/\.ya?ml$/.test(path)) {
    throw new FlyhotError(
      "usage",
      `Cannot read ${path}: flyhot reads fly.toml and fly.json, not YAML`,
      { hint: "convert it with: fly config save, then delete the YAML file" },
    );
  }
  const root = path.endsWith(".json")
    ? parseJsonConfig(text, path)
    : parseTomlConfig(text, path);
  const build = section(root, "build", path);
  return {
    path,
    app: text_(root.app, `${path}: app`),
    primaryRegion: text_(root.primary_region, `${path}: primary_region`),
    env: envOf(root.env, path),
    buildImage: text_(build.image, `${path}: build.image`),
  };
}

function parseTomlConfig(text: string, path: string): Record<string, unknown> {
  try {
    return parseToml(text);
  } catch (cause) {
    // The parser goes as deep as its stack lets it.
    const said = errorText(cause).replace(
      "Maximum call stack size exceeded",
      "values are nested too deeply",
    );
    const place = /^Parse error on line (\d+), column \d+: (.*)$/s.exec(said);
    throw new FlyhotError(
      "usage",
      place
        ? `Cannot read ${path}:${place[1]}: ${place[2]}`
        : `Cannot read ${path}: ${said}`,
      { cause, hint: "check it with: fly config validate" },
    );
  }
}

function parseJsonConfig(text: string, path: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const said = errorText(cause);
    throw new FlyhotError(
      "usage",
      `Cannot read ${path}: ${said.replaceAll(/\s+/g, " ")}`,
      { cause, hint: "check it with: fly config validate" },
    );
  }
  if (isRecord(value)) return value;
  throw new FlyhotError("usage", `Cannot read ${path}: expected an object`, {
    hint: "see https://fly.io/docs/reference/configuration/",
  });
}

function section(
  root: Record<string, unknown>,
  key: string,
  path: string,
): Record<string, unknown> {
  const value = root[key];
  if (value === undefined) return {};
  if (isRecord(value)) return value;
  throw new FlyhotError("usage", `Cannot read ${path}: ${key} is not a table`, {
    hint: `write it as a section: [${key}]`,
  });
}

function text_(value: unknown, at: string): string | null {
  if (value === undefined || value === "") return null;
  if (typeof value === "string") return value;
  throw new FlyhotError(
    "usage",
    `Cannot read ${at}: expected text, found ${JSON.stringify(value)}`,
    { hint: "put it in quotes" },
  );
}

function envOf(value: unknown, path: string): Record<string, string> {
  if (value === undefined) return {};
  // The platform's own reader merges an array of tables into one.
  const tables = Array.isArray(value) ? value : [value];
  const env: Record<string, string> = {};
  for (const table of tables) {
    if (!isRecord(table)) {
      throw new FlyhotError(
        "usage",
        `Cannot read ${path}: env is not a table`,
        {
          hint: "write it as a section: [env]",
        },
      );
    }
    for (const [name, entry] of Object.entries(table)) {
      env[name] = envText(entry, `${path}: env.${name}`);
    }
  }
  return env;
}

function envText(value: unknown, at: string): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") {
    return `${value}`;
  }
  if (typeof value === "bigint") return `${value}`;
  if (value instanceof Date) return value.toISOString();
  throw new FlyhotError(
    "usage",
    `Cannot read ${at}: expected text, a number or a boolean, found ${
      JSON.stringify(value)
    }`,
    { hint: "put it in quotes" },
  );
}
