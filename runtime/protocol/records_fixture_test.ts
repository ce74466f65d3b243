/**
 * One record of each kind, whole.
 *
 * @module
 */

import type { HotUpgrade, Pointer } from "./pointer.ts";
import type { MachineInfo } from "./machine/machine_info.ts";
import type { MachineResult } from "./machine/machine_result.ts";
import { PROTOCOL_VERSION } from "./manifest/manifest.ts";

/** A digest. */
export const DIGEST = "0123456789abcdef".repeat(4);

/** A time. */
export const NOW = "2026-01-02T03:04:05.000Z";

/** An upgrade. */
export const UPGRADE: HotUpgrade = {
  id: "01A",
  version: "1.2.3",
  source_image_ref: "registry.fly.io/shop:two",
  key: "releases/shop-1.2.3.tar.gz",
  tarball_url: "https://bucket/releases/shop-1.2.3.tar.gz",
  sha256: DIGEST,
  size: 48213,
  deployed_at: NOW,
  deployed_by: "ann@example.com",
  state: "probation",
  wave: ["m1"],
  message: "why",
  commit: "3f9a2c1",
  probation_ms: 5000,
  consent: ["holder:docs"],
  rollback_of: "01B",
  signature: {
    key: "0123456789abcdef",
    ed25519: new Uint8Array(64).toBase64(),
  },
};

/** A pointer with it. */
export const POINTER: Pointer = {
  protocol: PROTOCOL_VERSION,
  app: "shop",
  lineage: "01J9Z3NDEKTSV4RRFFQ69G5FAV",
  revision: 17,
  set_at: NOW,
  image_ref: "registry.fly.io/shop:one",
  hot_upgrade: UPGRADE,
  generations: {
    "registry.fly.io/shop:one": {
      image_ref: "registry.fly.io/shop:one",
      first_seen: NOW,
      hot_upgrade: UPGRADE,
      history: [{ ...UPGRADE, state: "committed", wave: "*" }],
    },
  },
};

/** What a machine says about it. */
export const RESULT: MachineResult = {
  protocol: PROTOCOL_VERSION,
  upgrade_id: "01A",
  machine_id: "m1",
  region: "fra",
  image_ref: "registry.fly.io/shop:one",
  state: "failed",
  version: "1.2.3",
  started_at: NOW,
  ended_at: NOW,
  fingerprint: "abc",
  reloaded: ["app.ts"],
  modules: 3,
  holders: [{ name: "counter", from: 1, to: 2, action: "migrated" }],
  suspend_ms: 1.5,
  total_ms: 20,
  at_boot: false,
  failure: {
    phase: "health",
    message: "empty",
    end: "abort",
    transient: false,
  },
};

/** What a machine says of itself. */
export const INFO: MachineInfo = {
  hotUpgradeApplied: true,
  currentImageRef: "registry.fly.io/shop:one",
  fingerprint: "abc",
  upgrades: 1,
  retainedModules: 2,
  retainedBytes: 3,
  retainedBudgetExceeded: true,
  memory: {
    retainedBytes: 5,
    budgetBytes: 9,
    upgradeBytes: 2,
    upgradesLeft: 2,
  },
  pid: 4,
  startedAt: NOW,
  lastUpgradeId: "01A",
  id: "01A",
  version: "1.2.3",
  sourceImageRef: "registry.fly.io/shop:two",
  deployedAt: NOW,
  appliedAt: NOW,
  sha256: DIGEST,
};

/** A value as JSON carries it. */
export const plain = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value));
