/** `fly deploy` of the stand-in.
 * @module
 */
import type { ParseArgsConfig } from "node:util";
import {
  absolute,
  call,
  COMMON,
  parseFlags,
  type StandInHost,
} from "./call.ts";

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

/** `fly deploy` */
export async function deploy(
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
