/**
 * An app on Fly in which a test makes ill what it likes, and what the doctor finds.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { MemoryBucket, type WriteCondition } from "@flyhot/runtime/bucket";
import type { FakeHostOptions } from "../../../tests/cli/fake_host.ts";
import { runMain } from "../../../tests/cli/run_main.ts";
import type { Check } from "../../doctor/check.ts";

/** The image of every machine. */
export const IMAGE =
  "registry.fly.io/my-app:deployment-01K95HV55T5DX0HMS85SABZPRX";

const INFO = {
  hotUpgradeApplied: false,
  currentImageRef: IMAGE,
  fingerprint: "0123456789ab",
  upgrades: 0,
  retainedModules: 0,
  retainedBytes: 0,
  retainedBudgetExceeded: false,
  pid: 1,
  startedAt: "2026-01-01T00:00:00Z",
  lastUpgradeId: null,
};

/** What differs from a world in which all is well. */
export interface Ills {
  /** Runs fly; null where it is not installed. */
  readonly fly?: FakeHostOptions["run"];
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly files?: Readonly<Record<string, string>>;
  /** Answers the Machines API before the well world does. */
  readonly machines?: (request: Request, path: string) => Response | undefined;
  /** What a command in a machine leaves, by its first words. */
  readonly exec?: (command: string) => Record<string, unknown> | undefined;
  /** Answers the bucket before the well world does. */
  readonly bucket?: (request: Request, key: string) => Response | undefined;
  /** What the bucket says of the time. */
  readonly date?: string | null;
}

/** A world in which all is well, but for some ills. */
export function world(
  ills: Ills = {},
): FakeHostOptions & { bucket: MemoryBucket } {
  const bucket = new MemoryBucket();
  const env: Record<string, string> = {};
  for (
    const [name, value] of Object.entries({
      FLY_API_TOKEN: "FlyV1 fm2_s3cret",
      BUCKET_NAME: "releases",
      AWS_ENDPOINT_URL_S3: "https://s3.example",
      AWS_ACCESS_KEY_ID: "tid_s3cret",
      AWS_SECRET_ACCESS_KEY: "tsec_s3cret",
      ...ills.env,
    })
  ) {
    if (value !== undefined) env[name] = value;
  }
  return {
    bucket,
    env,
    files: ills.files ?? {
      "fly.toml": 'app = "my-app"\n',
      "deno.json":
        '{ "imports": { "@flyhot/runtime": "jsr:@flyhot/runtime" } }',
      "main.ts":
        'import { reapply } from "@flyhot/runtime";\nawait reapply();\n',
    },
    run: ills.fly ??
      ((_program, args) => ({
        stdout: args[0] === "version"
          ? "fly v0.3.200 linux/amd64\n"
          : "you@example.com\n",
      })),
    async fetch(request) {
      const { host, pathname } = new URL(request.url);
      if (host === "s3.example") {
        const key = decodeURIComponent(pathname.slice("/releases/".length));
        const response = ills.bucket?.(request, key) ??
          await serve(bucket, request, key);
        const date = ills.date === undefined
          ? "Thu, 15 Jan 2026 10:30:00 GMT"
          : ills.date;
        if (date !== null) response.headers.set("date", date);
        return response;
      }
      if (host !== "api.machines.dev") return undefined;
      const path = pathname.replace("/v1/apps/my-app/machines", "");
      const answer = ills.machines?.(request, path);
      if (answer) return answer;
      if (path === "") {
        return Response.json([
          machine("a", "started"),
          machine("b", "stopped"),
        ]);
      }
      assertEquals(path, "/a/exec");
      const { command } = await request.json();
      return Response.json(
        ills.exec?.(command.slice(0, 2).join(" ") + command[2]) ??
          wellExec(command),
      );
    },
  };
}

/** A machine as the Machines API tells of it. */
export const machine = (id: string, state: string, more: object = {}) => ({
  id,
  state,
  region: "iad",
  config: {
    image: IMAGE,
    metadata: { fly_platform_version: "v2", fly_process_group: "app" },
  },
  ...more,
});

function wellExec(command: readonly string[]): Record<string, unknown> {
  const [program, first, script = ""] = command;
  if (program === "df") {
    return {
      stdout:
        "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/vda 8154588 1033 5000000 13% /\n",
    };
  }
  if (first === "--version") return { stdout: "deno 2.9.6 (stable)\n" };
  return script.includes("/v1/info")
    ? { stdout: JSON.stringify(INFO) }
    : { stdout: "[]\n" };
}

/** A bucket in memory over HTTP. */
async function serve(
  bucket: MemoryBucket,
  request: Request,
  key: string,
): Promise<Response> {
  const { method, headers } = request;
  if (method === "DELETE") {
    await bucket.delete(key);
    return new Response(null, { status: 204 });
  }
  if (method === "PUT") {
    const ifMatch = headers.get("if-match");
    const condition: WriteCondition = ifMatch !== null
      ? { ifMatch }
      : headers.get("if-none-match") === "*"
      ? { ifNoneMatch: "*" }
      : "always";
    const content = new Uint8Array(await request.arrayBuffer());
    const outcome = await bucket.put(key, content, condition);
    return outcome.status === "written"
      ? new Response(null, { headers: { etag: outcome.etag } })
      : new Response(null, { status: 412 });
  }
  const found = await bucket.get(key);
  return found.status === "found"
    ? new Response(found.body, { headers: { etag: found.etag } })
    : new Response(null, { status: 404 });
}

/** Lets the doctor look, and says what it found wrong. */
export async function examine(ills: Ills) {
  const options = world(ills);
  const { code, out } = await runMain(["doctor", "--json"], options);
  assert(!out.includes("s3cret"), out);
  const left = await Array.fromAsync(options.bucket.list(""));
  assertEquals(left, [], "something was left in the bucket");
  const report = JSON.parse(out);
  assertEquals(report.exit_code, code);
  const checks: readonly Check[] = report.checks;
  return {
    code,
    report,
    checks,
    troubles: checks.filter(({ verdict }) => verdict !== "pass").map((it) => [
      it.check,
      it.verdict,
      it.text,
      it.remedy,
    ]),
  };
}

/** The remedy where flyctl is missing. */
export const INSTALL =
  "install it from https://fly.io/docs/flyctl/install; flyhot hot builds images with it, --local needs none";
