/** From the files in an app's folder to resolved values.
 * @module
 */
import { type Bucket, BucketError, S3Bucket } from "@flyhot/runtime/bucket";
import { FlyhotError } from "../errors.ts";
import type { Host } from "../host.ts";
import { findDenoJson } from "./files/deno_json.ts";
import { findFlyToml, flyTomlIn } from "./files/fly_toml.ts";
import { given } from "./app_flags.ts";
import {
  type CliValues,
  requireBucket,
  requireCredentials,
  resolveConfig,
  type ResolvedConfig,
} from "./resolve.ts";

/** Reads `fly.toml` and `deno.json` and decides every value. */
export async function loadConfig(
  host: Pick<Host, "files" | "env">,
  cli: CliValues = {},
): Promise<ResolvedConfig> {
  const flyToml = await findFlyToml(host, cli.config);
  const denoJson = await findDenoJson(host, "");
  return resolveConfig({
    cli,
    denoJson,
    flyToml,
    env: (name) => host.env(name),
  });
}

/** Decides every value for the app in a folder, which need not have a `fly.toml`. */
export async function configIn(
  host: Pick<Host, "files" | "env">,
  folder: string,
  cli: CliValues = {},
): Promise<ResolvedConfig> {
  return resolveConfig({
    cli,
    denoJson: await findDenoJson(host, folder),
    flyToml: await flyTomlIn(host, folder),
    env: (name) => host.env(name),
  });
}

/** What the configuration says about the files of a release. */
export function filesChosen({ entries, include, exclude }: ResolvedConfig) {
  return {
    ...given({
      entries: entries.value ?? undefined,
      include: include.value ?? undefined,
    }),
    exclude: exclude.value,
  };
}

/** Opens the bucket that the configuration names. */
export function openBucket(
  config: ResolvedConfig,
  host: Pick<Host, "fetch">,
): Bucket {
  const bucket = requireBucket(config);
  const credentials = requireCredentials(config);
  try {
    return new S3Bucket({
      endpoint: config.endpoint.value,
      bucket,
      region: config.region.value,
      accessKeyId: credentials.accessKeyId.reveal(),
      secretAccessKey: credentials.secretAccessKey.reveal(),
      ...(credentials.sessionToken
        ? { sessionToken: credentials.sessionToken.reveal() }
        : {}),
      fetch: (request) => host.fetch(request),
    });
  } catch (cause) {
    // No server has refused anything yet: it is what was said that cannot be used.
    if (!(cause instanceof BucketError) || cause.code !== "refused") {
      throw cause;
    }
    throw new FlyhotError("usage", cause.message, { cause });
  }
}
