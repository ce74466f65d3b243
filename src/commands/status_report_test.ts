import { assertEquals } from "@std/assert";
import type {
  HotUpgrade,
  MachineInfo,
  Pointer,
} from "@flyhot/runtime/protocol";
import type { AppMachine } from "../fly/fleet.ts";
import {
  type AskedMachine,
  deploymentOf,
  statusReport,
  statusText,
} from "./status_report.ts";

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

const verdicts = (
  asked: readonly AskedMachine[],
  to?: Pointer | null,
) =>
  statusReport("my-app", asked, to).machines.map((it) => [
    it.verdict,
    it.detail,
  ]);

const OLD = { version: "0.1.0", sha256: SHA.old };
const NEW = { version: "0.1.1", sha256: SHA.new };

Deno.test("statusReport() compares with the pointer's entry for the machine's own image", () => {
  const asked = [
    runs("a", info(NEW)),
    runs("b", info(OLD)),
    runs("c", info(null)),
    runs("d", info(null, "registry.fly.io/my-app:deployment-02")),
    runs("e", info(NEW, `${IMAGE}@sha256:${"a".repeat(64)}`)),
  ];
  assertEquals(verdicts(asked, pointer({})), [
    ["up_to_date", null],
    ["behind", "v0.1.1 is current"],
    ["behind", "v0.1.1 is current"],
    ["base_image", null],
    ["up_to_date", null],
  ]);
});

Deno.test("statusReport() tells a machine that waits for its wave from one that is behind", () => {
  const asked = [
    runs("a", info(NEW)),
    runs("b", info(OLD)),
    runs("c", info(null)),
  ];
  assertEquals(
    verdicts(asked, pointer({ state: "probation", wave: ["a", "b"] })),
    [
      ["up_to_date", "on probation"],
      ["behind", "v0.1.1 is current"],
      ["waiting", "v0.1.1 is on probation elsewhere"],
    ],
  );
});

Deno.test("statusReport() knows when the base image is what should run", () => {
  const asked = [runs("a", info(NEW)), runs("b", info(null))];
  const expected = [
    ["behind", "the base image is current"],
    ["base_image", null],
  ];
  assertEquals(verdicts(asked, null), expected);
  assertEquals(verdicts(asked, pointer(null)), expected);
  assertEquals(
    verdicts(
      asked,
      pointer({ version: "base", tarball_url: null, sha256: null }),
    ),
    expected,
  );
});

Deno.test("statusReport() compares machines of one image with each other where there is no pointer", () => {
  const asked = [
    runs("a", info({ ...OLD, deployedAt: "2026-01-01T00:00:00Z" })),
    runs("b", info({ ...NEW, deployedAt: "2026-01-02T00:00:00Z" })),
    runs("c", info(null)),
    runs("d", info(null, "registry.fly.io/my-app:deployment-02")),
  ];
  assertEquals(verdicts(asked), [
    ["behind", "others run v0.1.1"],
    ["up_to_date", null],
    ["behind", "others run v0.1.1"],
    ["base_image", null],
  ]);
});

Deno.test("statusText() shows every kind of machine in the known format", () => {
  const report = statusReport("my-app", [
    runs("6e82954f711e87", info(NEW)),
    {
      ...runs("28715e9a4e01d8", info(null)),
      machine: { ...machine("28715e9a4e01d8"), region: "sjc", group: "worker" },
    },
    { machine: machine("3", "stopped"), answer: null },
    { machine: machine("4"), answer: { problem: "Cannot ask machine 4" } },
  ], pointer({}));
  assertEquals(
    statusText(report),
    `==> Deployment Status

Machine: 6e82954f711e87 (iad) [started]
  Image: deployment-01K95HV55T5DX0HMS85SABZPRX
  Hot Upgrade: v0.1.1 (from deployment-01K95ABC123)
  Status: ✓ Up to date

Machine: 28715e9a4e01d8 (sjc) [started]
  Group: worker
  Image: deployment-01K95HV55T5DX0HMS85SABZPRX
  Hot Upgrade: None
  Status: ✗ Behind: v0.1.1 is current

Machine: 3 (iad) [stopped]
  Image: deployment-01K95HV55T5DX0HMS85SABZPRX
  Status: - Applies at next start

Machine: 4 (iad) [started]
  Image: deployment-01K95HV55T5DX0HMS85SABZPRX
  Status: ? Unknown: Cannot ask machine 4`,
  );
});

Deno.test("statusText() recommends a cold deploy when much is retained, and says when there is nothing", () => {
  const heavy = { ...info(null), retainedBytes: 65 * 1024 * 1024 };
  const text = statusText(statusReport("my-app", [runs("1", heavy)], null));
  assertEquals(
    text.split("\n").slice(-2),
    [
      "  Status: ✓ Running base image",
      "  Note: many replaced modules stay in memory; a cold deploy (fly deploy) frees them",
    ],
  );
  assertEquals(
    statusText(statusReport("my-app", [], null)),
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
