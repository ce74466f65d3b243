/** The environment of an app under test: that of a machine on Fly, with the bucket of the test.
 * @module
 */
import { delimiter, dirname } from "node:path";
import type { ObjectServer } from "../releases/object_server.ts";

// What would make the runtime keep still, or reach a real bucket.
const NOT_INHERITED =
  /^(FLY_|FLYHOT_|AWS_|RELEASE_COMMAND$|BUCKET_NAME$|PORT$)/;

/** What an app under test is told. */
interface AppEnvironment {
  /** The variables of the process that runs the test. */
  readonly inherited: Readonly<Record<string, string>>;
  /** The path of `deno`, to be found first. */
  readonly deno: string;
  /** The variables that the test sets. */
  readonly own: Readonly<Record<string, string>>;
  /** The bucket. */
  readonly server: Pick<ObjectServer, "endpoint" | "bucketName">;
  readonly app: string;
  /** The base image. */
  readonly imageRef: string;
  readonly machineId: string;
  /** The control socket. */
  readonly socketPath: string;
  /** Where to listen. */
  readonly port: number;
}

/** Puts the environment together; what the test sets comes last. */
export function appEnvironment(about: AppEnvironment): Record<string, string> {
  const { inherited, deno, own, server, app } = about;
  const kept = Object.entries(inherited)
    .filter(([name]) => !NOT_INHERITED.test(name));
  return {
    ...Object.fromEntries(kept),
    // What it writes is searched and quoted.
    NO_COLOR: "1",
    PATH: [dirname(deno), ...(inherited.PATH ? [inherited.PATH] : [])]
      .join(delimiter),
    FLY_APP_NAME: app,
    FLY_IMAGE_REF: about.imageRef,
    FLY_MACHINE_ID: about.machineId,
    FLY_REGION: "local",
    FLYHOT_SOCKET: about.socketPath,
    // Every upgrade is announced; polling would only blur when it begins.
    FLYHOT_POLL_MS: "3600000",
    // Long enough to look again, and short enough not to be waited for.
    FLYHOT_PROBATION_MS: "200",
    AWS_ENDPOINT_URL_S3: server.endpoint,
    AWS_REGION: "auto",
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    BUCKET_NAME: server.bucketName,
    PORT: String(about.port),
    ...own,
  };
}
