/** `flyhot hot`: upgrade the running machines.
 * @module
 */
import { loadConfig } from "../../config/load.ts";
import { DEFAULTS } from "../../config/resolve.ts";
import { FlyhotError } from "../../errors.ts";
import { findSigningKey } from "../../release/signing.ts";
import {
  APP_FLAGS,
  BUCKET_FLAGS,
  CONSENT_FLAGS,
  consentIn,
  given,
  VERBOSE_FLAG,
} from "../../config/app_flags.ts";
import { type Command, defineCommand } from "../command.ts";
import { SUMMARIES } from "../summaries.ts";

/** `flyhot hot` */
export const hotCommand: Command = defineCommand({
  name: "hot",
  summary: SUMMARIES.hot,
  description: [
    "Builds the image with fly, starts a temporary machine from it, and lets that machine pack the release, upload it and bring it to all machines: a canary first, then the rest. A machine on which it fails goes back to the code it ran, and so do all others. With --local the working tree is packed here instead: no image, no Docker, no extra machine.",
    "What cannot go hot is refused before anything is written, with the reason for every file; exit code 8.",
  ],
  flags: [
    ...APP_FLAGS,
    {
      name: "local",
      type: "boolean",
      description: "Pack the working tree; needs the bucket's credentials here",
    },
    {
      name: "skip-build",
      type: "boolean",
      description: "Build nothing and use the image given by --image",
    },
    {
      name: "image",
      type: "string",
      value: "reference",
      description: "Use this image instead of building one",
    },
    {
      name: "build-arg",
      type: "string",
      value: "NAME=value",
      repeatable: true,
      description: "A build-time variable for the Dockerfile",
    },
    {
      name: "no-cache",
      type: "boolean",
      description: "Take no layer of the image from a cache",
    },
    {
      name: "buildkit",
      type: "boolean",
      description: "Build with BuildKit on Fly's builder",
    },
    {
      name: "dry-run",
      type: "boolean",
      description: "Show the plan; build and write nothing",
    },
    VERBOSE_FLAG,
    {
      name: "force",
      type: "boolean",
      description: "Take the deploy lock over from whoever holds it",
    },
    {
      name: "signing-key",
      type: "string",
      value: "file",
      description: "The private key to sign the release with",
      default: "FLYHOT_SIGNING_KEY",
    },
    {
      name: "lock-timeout",
      type: "integer",
      min: 10,
      value: "seconds",
      description: "How long the deploy lock holds without renewal",
      default: `${DEFAULTS.lockTimeoutSeconds}`,
    },
    {
      name: "canary",
      type: "integer",
      min: 1,
      value: "count",
      description: "How many machines go first",
      default: `${DEFAULTS.canary}`,
    },
    {
      name: "no-canary",
      type: "boolean",
      description: "All machines go at once",
    },
    {
      name: "max-concurrency",
      type: "integer",
      min: 1,
      value: "count",
      description: "How many machines upgrade at a time",
      default: `${DEFAULTS.maxConcurrency}`,
    },
    {
      name: "timeout",
      type: "integer",
      min: 1,
      value: "seconds",
      description: "How long one machine may take",
      default: `${DEFAULTS.timeoutSeconds}`,
    },
    {
      name: "probation",
      type: "integer",
      min: 1,
      value: "seconds",
      description: "How long new code is watched before it counts as good",
      default: "what each machine was started with",
    },
    {
      name: "message",
      type: "string",
      short: "m",
      value: "text",
      description: "What it is about, for flyhot releases",
      default: "the last commit's, where nothing differs from it",
    },
    ...CONSENT_FLAGS,
    ...BUCKET_FLAGS,
  ],
  examples: [
    {
      title: "Everything from fly.toml and deno.json",
      command: "flyhot hot",
    },
    {
      title: "Another configuration",
      command: "flyhot hot --config fly-staging.toml",
    },
    {
      title: "Seconds instead of minutes: the working tree, without an image",
      command: "flyhot hot --local",
    },
    { title: "What would happen, and why", command: "flyhot hot --dry-run" },
    {
      title: "An image that CI has built",
      command:
        "flyhot hot --skip-build --image registry.fly.io/my-app:main-3f9a2c1",
    },
  ],
  async run(context) {
    const { flags } = context;
    refuseContradictions(flags);
    const values = given({
      config: flags.config,
      app: flags.app,
      bucket: flags.bucket,
      endpoint: flags.endpoint,
      maxConcurrency: flags["max-concurrency"],
      canary: flags["no-canary"] ? 0 : flags.canary,
      timeout: flags.timeout,
      probation: flags.probation,
      lockTimeout: flags["lock-timeout"],
    });
    const consent = consentIn(flags);
    if (flags["dry-run"]) {
      const { dryRun } = await import("./dry_run.ts");
      return await dryRun({ ...values, consent }, context, flags.verbose);
    }
    const config = await loadConfig(context.host, values);
    const { force } = flags;
    // Before anything is built or locked: without a key it would all be for nothing.
    const key = await findSigningKey(
      flags["signing-key"],
      config.publicKeys.value,
      context.host,
    );
    if (flags.local) {
      const { hotLocal } = await import("./hot_local.ts");
      const { message } = flags;
      return await hotLocal(config, { force, key, consent, message }, context);
    }
    const { hotRemote } = await import("./hot_remote.ts");
    return await hotRemote(config, {
      image: flags.image,
      buildArgs: flags["build-arg"],
      switches: BUILD_SWITCHES.filter((name) => flags[name])
        .map((name) => `--${name}`),
      force,
      key,
      consent,
      message: flags.message,
    }, context);
  },
});

/** Switches of the build, handed on to fly. */
const BUILD_SWITCHES = ["no-cache", "buildkit"] as const;

function buildFlagIn(flags: {
  readonly "build-arg": readonly string[];
  readonly "no-cache": boolean;
  readonly "buildkit": boolean;
}): string | null {
  if (flags["build-arg"].length > 0) return "--build-arg";
  const name = BUILD_SWITCHES.find((each) => flags[each]);
  return name === undefined ? null : `--${name}`;
}

function refuseContradictions(flags: {
  readonly "local": boolean;
  readonly "skip-build": boolean;
  readonly "image": string | undefined;
  readonly "build-arg": readonly string[];
  readonly "no-cache": boolean;
  readonly "buildkit": boolean;
  readonly "canary": number | undefined;
  readonly "no-canary": boolean;
  readonly "dry-run": boolean;
  readonly "verbose": boolean;
}): void {
  const refuse = (message: string, hint: string) => {
    throw new FlyhotError("usage", message, { hint });
  };
  if (flags.verbose && !flags["dry-run"]) {
    refuse(
      "Cannot use --verbose: it is for --dry-run",
      "add --dry-run, or leave out --verbose",
    );
  }
  if (flags["skip-build"] && flags.image === undefined) {
    refuse(
      "Cannot skip the build: --image is missing",
      "name the image to use: --skip-build --image <reference>",
    );
  }
  if (flags.local) {
    const other = flags.image !== undefined
      ? "--image"
      : flags["skip-build"]
      ? "--skip-build"
      : buildFlagIn(flags);
    if (other !== null) {
      refuse(
        `Cannot combine --local with ${other}: --local uses no image`,
        `leave out --local or ${other}`,
      );
    }
  }
  const build = buildFlagIn(flags);
  if (flags.image !== undefined && build !== null) {
    refuse(
      `Cannot combine --image with ${build}: nothing is built`,
      `leave out --image or ${build}`,
    );
  }
  if (flags["no-canary"] && flags.canary !== undefined) {
    refuse(
      "Cannot combine --canary with --no-canary: they contradict each other",
      "leave out one of them",
    );
  }
  for (const pair of flags["build-arg"]) {
    // The value may be a secret, so only a missing name is spoken of.
    if (!/^[A-Za-z_][A-Za-z0-9_]*(=|$)/.test(pair)) {
      refuse(
        "Cannot read --build-arg: expected NAME=value",
        "for example: --build-arg DENO_VERSION=2.9.6",
      );
    }
  }
}
