/** Machines, what their runtimes say, and a pointer, for tests of the status.
 * @module
 */
import type {
  HotUpgrade,
  MachineInfo,
  Pointer,
} from "@flyhot/runtime/protocol";
import type { AppMachine } from "../../src/fly/fleet/fleet.ts";
import { appMachine } from "./app_machine.ts";
import type { AskedMachine } from "../../src/status/judge.ts";

export const IMAGE =
  "registry.fly.io/my-app:deployment-01K95HV55T5DX0HMS85SABZPRX";
export const SHA = { old: "1".repeat(64), new: "2".repeat(64) };

/** A machine in iad that runs the image. */
export function machine(id: string, state = "started"): AppMachine {
  return appMachine(id, { region: "iad", state, imageRef: IMAGE });
}

export function info(
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

export const runs = (id: string, it: MachineInfo): AskedMachine => ({
  machine: machine(id),
  answer: { info: it },
});

export function pointer(upgrade: Partial<HotUpgrade> | null): Pointer {
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

export const OLD = { version: "0.1.0", sha256: SHA.old };
export const NEW = { version: "0.1.1", sha256: SHA.new };
