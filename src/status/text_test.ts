import { assert, assertEquals, assertFalse } from "@std/assert";
import type { MachineInfo } from "@flyhot/runtime/protocol";
import {
  info,
  machine,
  NEW,
  pointer,
  runs,
  SHA,
} from "../../tests/cli/status_fixtures.ts";
import type { AskedMachine } from "./judge.ts";
import { statusReport } from "./report.ts";
import { deploymentOf, statusText } from "./text.ts";

Deno.test("statusText() shows every kind of machine in the known format", async () => {
  const upgraded = {
    ...info(NEW),
    retainedModules: 3,
    retainedBytes: 12_300,
  };
  const report = await statusReport("my-app", [
    runs("6e82954f711e87", upgraded),
    {
      ...runs("28715e9a4e01d8", info(null)),
      machine: { ...machine("28715e9a4e01d8"), region: "sjc", group: "worker" },
    },
    { machine: machine("3", "stopped"), answer: null },
    { machine: machine("4", "suspended"), answer: null },
    { machine: machine("5", "starting"), answer: null },
    {
      machine: machine("6"),
      answer: { problem: "its host cannot be reached", unreachable: true },
    },
    {
      machine: machine("7"),
      answer: { problem: "Cannot ask machine 7", unreachable: false },
    },
  ], pointer({}));
  assertEquals(
    statusText(report),
    `==> Deployment Status

Machine: 6e82954f711e87 (iad) [started]
  Image: deployment-01K95HV55T5DX0HMS85SABZPRX
  Hot Upgrade: v0.1.1 (from deployment-01K95ABC123)
  Fingerprint: 0123456789ab
  Status: ✓ Up to date
  Retained: 3 replaced modules, about 160 kB of memory
  Memory: at 160 kB an upgrade about 830 more fit, then restart it

Machine: 28715e9a4e01d8 (sjc) [started]
  Group: worker
  Image: deployment-01K95HV55T5DX0HMS85SABZPRX
  Hot Upgrade: None
  Fingerprint: 0123456789ab
  Status: ✗ Behind: v0.1.1 is current

Machine: 3 (iad) [stopped]
  Image: deployment-01K95HV55T5DX0HMS85SABZPRX
  Status: - Stopped: applies at next start

Machine: 4 (iad) [suspended]
  Image: deployment-01K95HV55T5DX0HMS85SABZPRX
  Status: - Suspended: applies when it resumes

Machine: 5 (iad) [starting]
  Image: deployment-01K95HV55T5DX0HMS85SABZPRX
  Status: … Starting

Machine: 6 (iad) [started]
  Image: deployment-01K95HV55T5DX0HMS85SABZPRX
  Status: ! Unreachable: its host cannot be reached

Machine: 7 (iad) [started]
  Image: deployment-01K95HV55T5DX0HMS85SABZPRX
  Status: ? Unknown: Cannot ask machine 7

If 28715e9a4e01d8 stays so: fly machine restart 28715e9a4e01d8
If 7 stays so: fly logs --machine 7`,
  );
});

Deno.test("statusText() lets no text from elsewhere draw lines or colors", async () => {
  const evil = "0.1.1\n  Status: ✓ Up to date\x1b[2K\u202e";
  const one = machine("a");
  const asked: AskedMachine[] = [{
    machine: { ...one, region: evil, group: evil, imageRef: `x:${evil}` },
    answer: { info: info({ version: evil, sha256: SHA.new }) },
  }];
  const to = pointer({ version: evil, sha256: SHA.old });
  const text = statusText(await statusReport("my-app", asked, to));
  assertEquals(text.match(/^ {2}Status:/gm)?.length, 1, text);
  // deno-lint-ignore no-control-regex -- they are what must not be there
  assertEquals(/[\x1b\u202e]/.test(text), false);
});

Deno.test("statusText() recommends a restart past the budget, and says when there is nothing", async () => {
  const note =
    "  Note: many replaced modules stay in memory; fly machine restart 1, or a cold deploy, frees them";
  const text = async (more: Partial<MachineInfo>) =>
    statusText(
      await statusReport("my-app", [
        runs("1", { ...info(null), ...more } as MachineInfo),
      ], null),
    );
  const bytes = 65 * 1024 * 1024;
  assert((await text({ retainedBytes: bytes })).endsWith(note));
  assert((await text({ retainedBudgetExceeded: true })).endsWith(note));
  // The app itself may have allowed more.
  const allowed = { retainedBytes: bytes, retainedBudgetExceeded: false };
  assertFalse((await text(allowed)).includes(note));
  assertEquals(
    statusText(await statusReport("my-app", [], null)),
    "==> Deployment Status\n\nNo machine runs my-app: deploy it with: fly deploy",
  );
});

Deno.test("deploymentOf() shortens an image reference to what people know it by", () => {
  for (
    const [ref, short] of [
      ["registry.fly.io/a:deployment-01K9", "deployment-01K9"],
      ["registry.fly.io/a:x@sha256:abc", "x"],
      [`registry.fly.io/a@sha256:${"a".repeat(64)}`, "sha256:aaaaaaaaaaaa"],
      ["local:3f9a2c1d77aa", "local:3f9a2c1d77aa"],
      ["registry.fly.io/a", "registry.fly.io/a"],
      ["", "unknown"],
    ] as const
  ) {
    assertEquals(deploymentOf(ref), short);
  }
});
