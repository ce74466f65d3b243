import { assert, assertEquals } from "@std/assert";
import { resolveConfig, type ResolvedConfig } from "../config/resolve.ts";
import type { DenoJsonConfig } from "../config/files/deno_json.ts";
import type { MachineStatus } from "../status/status.ts";
import type { Check } from "./check.ts";
import {
  judgeDeno,
  judgeDisk,
  judgeEnvironment,
  judgeRuntime,
} from "./machine_checks.ts";

const ran = (stdout: string, code = 0) => ({ code, stdout, stderr: "" });
const short = ({ verdict, text, code }: Check) => [verdict, text, code];

function config(denoJson: DenoJsonConfig = {}): ResolvedConfig {
  return resolveConfig({
    cli: {},
    denoJson: { path: "deno.json", config: denoJson },
    flyToml: null,
    env: () => undefined,
  });
}

Deno.test("judgeDeno() wants 2.9 or later, and a deno at all", () => {
  const version = (text: string) =>
    short(judgeDeno("a", ran(`${text}\nv8 14\ntypescript 6\n`)));
  for (const good of ["deno 2.9.0", "deno 2.10.1", "deno 3.0.0-rc.1"]) {
    const text = good.split(" ").slice(0, 2).join(" ");
    assertEquals(version(`${good} (stable, release)`), ["pass", text, null]);
  }
  for (const old of ["deno 2.8.9", "deno 1.46.3"]) {
    assertEquals(version(old), ["fail", `${old} is too old`, "cold"]);
  }
  assertEquals(short(judgeDeno("a", ran("", 127))), [
    "fail",
    "deno --version ended with 127",
    "unexpected",
  ]);
  assertEquals(short(judgeDeno("a", ran("hello")))[0], "fail");
});

Deno.test("judgeDisk() reads the first folder that is there, and knows what is little", () => {
  const df = (...rows: string[]) =>
    `Filesystem     1024-blocks    Used Available Capacity Mounted on\n${
      rows.join("\n")
    }\n`;
  const disk = (...rows: string[]) => short(judgeDisk("a", ran(df(...rows))));
  assertEquals(
    disk("/dev/vda 8154588 1033 5000000 13% /", "/dev/vdb 9 9 0 100% /b"),
    ["pass", "5.1 GB free for releases", null],
  );
  assertEquals(disk("overlay 8154588 1033 200000 90% /"), [
    "warn",
    "205 MB free for releases",
    null,
  ]);
  assertEquals(disk("my disk 8154588 1033 20000 99% /app"), [
    "fail",
    "20.5 MB free for releases",
    "unexpected",
  ]);
  // One of the two folders is missing: df tells of the other and ends with 1.
  const row = df("/dev/vda 8154588 1033 5000000 13% /");
  assertEquals(judgeDisk("a", ran(row, 1)).verdict, "pass");
  assertEquals(short(judgeDisk("a", ran("", 127))), [
    "warn",
    "cannot tell how much is free: df ended with 127",
    null,
  ]);
});

Deno.test("judgeEnvironment() names what is missing, and for what it is needed", () => {
  const found = (unset: readonly string[], denoJson?: DenoJsonConfig) => {
    const check = judgeEnvironment(
      "a",
      config(denoJson),
      ran(JSON.stringify(unset)),
    );
    return [check.verdict, check.text, check.remedy];
  };
  assertEquals(found([]), [
    "pass",
    "has the bucket, its keys and a Fly token",
    null,
  ]);
  const bucket =
    "without them the runtime gets no upgrades, unless reapply() is given them: fly storage create, or fly secrets set";
  const token =
    'flyhot hot without --local needs the token there: fly secrets set FLY_API_TOKEN="$(fly tokens create machine-exec)"';
  assertEquals(found(["BUCKET_NAME", "FLY_API_TOKEN"]), [
    "warn",
    "lacks BUCKET_NAME, FLY_API_TOKEN",
    `${bucket}; ${token}`,
  ]);
  assertEquals(found(["FLY_API_TOKEN"]), [
    "warn",
    "lacks FLY_API_TOKEN",
    token,
  ]);
  assertEquals(found(["KEY"], { credentials: { accessKeyId: "KEY" } }), [
    "warn",
    "lacks KEY",
    bucket,
  ]);
  // Named in deno.json, which the runtime reads as well.
  assertEquals(found(["BUCKET_NAME"], { bucket: "releases" })[0], "pass");
  assertEquals(
    short(judgeEnvironment("a", config(), ran("sh: deno: not found", 127))),
    ["warn", "cannot tell which variables are set: deno ended with 127", null],
  );
});

Deno.test("judgeRuntime() tells what runs, fails what is behind, and warns of what is past the budget", () => {
  const status: MachineStatus = {
    id: "a",
    region: "iad",
    group: "app",
    state: "started",
    image_ref: "x",
    hot_upgrade: null,
    fingerprint: "0123456789ab",
    current_fingerprint: "0123456789ab",
    upgrades: 0,
    retained_modules: 0,
    retained_bytes: 0,
    retained_budget_exceeded: false,
    retained_budget_bytes: 134217728,
    upgrade_bytes: null,
    upgrades_left: null,
    verdict: "base_image",
    detail: null,
    remedy: null,
  };
  assertEquals(short(judgeRuntime(status)), [
    "pass",
    "answers, runs its base image (0123456789ab)",
    null,
  ]);
  const behind: MachineStatus = {
    ...status,
    verdict: "behind",
    detail: "v2 is current",
    remedy: "fly machine restart a",
  };
  const text = "answers, runs its base image (0123456789ab), but v2 is current";
  // While a rollout reaches it, it is on its way.
  assertEquals(short(judgeRuntime(behind, true)), ["warn", text, null]);
  assertEquals(short(judgeRuntime(behind)), ["fail", text, "incomplete"]);
  assertEquals(
    judgeRuntime(behind).remedy,
    "if it stays so: fly machine restart a",
  );
  assertEquals(
    short(judgeRuntime({ ...behind, verdict: "unknown" }, true)),
    ["fail", text, "incomplete"],
  );
  assertEquals(
    short(judgeRuntime({
      ...status,
      retained_modules: 900,
      retained_bytes: 70e6,
      retained_budget_exceeded: true,
    })),
    [
      "warn",
      "answers, runs its base image (0123456789ab), retains 900 replaced modules, about 70.0 MB of memory: past the budget",
      null,
    ],
  );
});

Deno.test("T19: whatever says how a machine gets its token says machine-exec, and nothing gives it more", async () => {
  const root = new URL("../../", import.meta.url);
  let found = 0;
  const look = async (url: URL): Promise<void> => {
    for await (const { name, isDirectory } of Deno.readDir(url)) {
      const at = new URL(isDirectory ? `${name}/` : name, url);
      if (isDirectory) await look(at);
      else if (/(?<!_test)\.ts$/.test(name)) await read(at);
    }
  };
  const read = async (url: URL): Promise<void> => {
    const text = await Deno.readTextFile(url);
    const ways = text.matchAll(/secrets set FLY_API_TOKEN=.{0,40}/g);
    for (const [way] of ways) {
      found++;
      assert(
        way.includes("$(fly tokens create machine-exec)"),
        `${url}: ${way}`,
      );
    }
  };
  await look(new URL("src/", root));
  await read(new URL("README.md", root));
  assert(found >= 2, `${found}`);
});
