import { assert, assertEquals, assertFalse } from "@std/assert";
import {
  fingerprint,
  type HotUpgrade,
  type MachineInfo,
  type Pointer,
} from "@flyhot/runtime/protocol";
import type { AppMachine } from "../fly/fleet.ts";
import {
  type AskedMachine,
  deploymentOf,
  statusReport,
  statusText,
} from "./text.ts";

const IMAGE = "registry.fly.io/my-app:deployment-01K95HV55T5DX0HMS85SABZPRX";
const SHA = { old: "1".repeat(64), new: "2".repeat(64) };

function machine(id: string, state = "started"): AppMachine {
  return {
    id,
    name: id,
    region: "iad",
    state,
    group: "app",
    imageRef: IMAGE,
    hostOk: true,
    instanceId: "01",
  };
}

function info(
  upgrade: { version: string; sha256: string; deployedAt?: string } | null,
  imageRef = IMAGE,
): MachineInfo {
  const common = {
    currentImageRef: imageRef,
    fingerprint: "0123456789ab",
    upgrades: 1,
    retainedModules: 0,
    retainedBytes: 0,
    pid: 1,
    startedAt: "2026-01-01T00:00:00Z",
    lastUpgradeId: null,
  };
  return upgrade === null ? { ...common, hotUpgradeApplied: false } : {
    ...common,
    hotUpgradeApplied: true,
    id: "01K9",
    sourceImageRef: "registry.fly.io/my-app:deployment-01K95ABC123",
    deployedAt: "2026-01-15T10:30:00Z",
    appliedAt: "2026-01-15T10:30:05Z",
    ...upgrade,
  };
}

const runs = (id: string, it: MachineInfo): AskedMachine => ({
  machine: machine(id),
  answer: { info: it },
});

function pointer(upgrade: Partial<HotUpgrade> | null): Pointer {
  const hot_upgrade: HotUpgrade | null = upgrade && {
    id: "01K9",
    version: "0.1.1",
    source_image_ref: "registry.fly.io/my-app:deployment-01K95ABC123",
    key: "releases/x.tar.gz",
    tarball_url: "memory://x",
    sha256: SHA.new,
    size: 1,
    deployed_at: "2026-01-15T10:30:00Z",
    deployed_by: "you",
    state: "committed",
    wave: "*",
    ...upgrade,
  };
  return {
    protocol: 1,
    app: "my-app",
    revision: 7,
    set_at: "2026-01-15T10:30:00Z",
    image_ref: IMAGE,
    hot_upgrade,
    generations: {
      [IMAGE]: {
        image_ref: IMAGE,
        first_seen: "2026-01-01T00:00:00Z",
        hot_upgrade,
        history: [],
      },
    },
  };
}

const verdicts = async (
  asked: readonly AskedMachine[],
  to?: Pointer | null,
) =>
  (await statusReport("my-app", asked, to)).machines.map((it) => [
    it.verdict,
    it.detail,
  ]);

const OLD = { version: "0.1.0", sha256: SHA.old };
const NEW = { version: "0.1.1", sha256: SHA.new };

Deno.test("statusReport() compares with the pointer's entry for the machine's own image", async () => {
  const asked = [
    runs("a", info(NEW)),
    runs("b", info(OLD)),
    runs("c", info(null)),
    runs("d", info(null, "registry.fly.io/my-app:deployment-02")),
    runs("e", info(NEW, `${IMAGE}@sha256:${"a".repeat(64)}`)),
  ];
  assertEquals(await verdicts(asked, pointer({})), [
    ["up_to_date", null],
    ["behind", "v0.1.1 is current"],
    ["behind", "v0.1.1 is current"],
    ["base_image", null],
    ["up_to_date", null],
  ]);
});

Deno.test("statusReport() tells a machine that waits for its wave from one that is behind", async () => {
  const asked = [
    runs("a", info(NEW)),
    runs("b", info(OLD)),
    runs("c", info(null)),
  ];
  assertEquals(
    await verdicts(asked, pointer({ state: "probation", wave: ["a", "b"] })),
    [
      ["up_to_date", "on probation"],
      ["behind", "v0.1.1 is current"],
      ["waiting", "v0.1.1 is on probation elsewhere"],
    ],
  );
});

Deno.test("statusReport() knows when the base image is what should run", async () => {
  const asked = [runs("a", info(NEW)), runs("b", info(null))];
  const expected = [
    ["behind", "the base image is current"],
    ["base_image", null],
  ];
  assertEquals(await verdicts(asked, null), expected);
  assertEquals(await verdicts(asked, pointer(null)), expected);
  assertEquals(
    await verdicts(
      asked,
      pointer({
        version: "base",
        key: null,
        tarball_url: null,
        sha256: null,
      }),
    ),
    expected,
  );
});

Deno.test("statusReport() compares machines of one image with each other where there is no pointer", async () => {
  const asked = [
    runs("a", info({ ...OLD, deployedAt: "2026-01-01T00:00:00Z" })),
    runs("b", info({ ...NEW, deployedAt: "2026-01-02T00:00:00Z" })),
    runs("c", info(null)),
    runs("d", info(null, "registry.fly.io/my-app:deployment-02")),
  ];
  assertEquals(await verdicts(asked), [
    ["behind", "others run v0.1.1"],
    ["up_to_date", null],
    ["behind", "others run v0.1.1"],
    ["base_image", null],
  ]);
});

Deno.test("statusReport() names the fingerprint that runs and the one that should", async () => {
  const older = { ...info(OLD), fingerprint: "0".repeat(12) };
  const fingerprints = async (
    asked: readonly AskedMachine[],
    to?: Pointer | null,
  ) =>
    (await statusReport("my-app", asked, to)).machines.map((it) => [
      it.fingerprint,
      it.current_fingerprint,
    ]);
  const wanted = await fingerprint(IMAGE, SHA.new);
  const asked = [runs("a", { ...info(NEW), fingerprint: wanted }), {
    ...runs("b", older),
  }, { machine: machine("c", "stopped"), answer: null }];
  const expected = [[wanted, wanted], ["0".repeat(12), wanted], [null, null]];
  assertEquals(await fingerprints(asked, pointer({})), expected);
  assertEquals(await fingerprints(asked), expected);
  assertEquals(
    await fingerprints([runs("b", older)], pointer(null)),
    [["0".repeat(12), await fingerprint(IMAGE, null)]],
  );
  assertEquals(
    await fingerprints([runs("b", info(null))]),
    [["0123456789ab", "0123456789ab"]],
  );
});

Deno.test("statusReport() tells machines apart that cannot be asked", async () => {
  const silent = (unreachable: boolean) => ({
    machine: machine("x"),
    answer: { problem: "why", unreachable },
  });
  const resting = (state: string) => ({
    machine: machine("x", state),
    answer: null,
  });
  assertEquals(
    await verdicts([
      resting("stopped"),
      resting("suspended"),
      resting("starting"),
      resting("failed"),
      silent(true),
      silent(false),
    ], pointer({})),
    [
      ["applies_at_next_start", null],
      ["applies_at_next_start", null],
      ["starting", null],
      ["unknown", "its state is failed"],
      ["unreachable", "why"],
      ["unknown", "why"],
    ],
  );
});

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
