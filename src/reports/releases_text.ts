/** The history of an app's hot upgrades, as data and as text.
 * @module
 */
import {
  type HotUpgrade,
  parseImageRef,
  type Pointer,
} from "@flyhot/runtime/protocol";
import { clip, formatBytes, formatTable, oneLine } from "../ui/format.ts";

const COMMIT_LENGTH = 7;
const MESSAGE_LENGTH_MAX = 50;

/** One upgrade in the history. */
export interface ReleaseEntry {
  /** Its id, as `flyhot rollback` takes it. */
  readonly id: string;
  /** The app's version; `base` where it leads back to the base image. */
  readonly version: string;
  /** What became of it. */
  readonly state: HotUpgrade["state"];
  /** Whether it is what the machines should run. */
  readonly current: boolean;
  /** When it was published, RFC 3339. */
  readonly deployed_at: string;
  /** Who published it. */
  readonly deployed_by: string;
  /** Length of the release in bytes. */
  readonly size: number;
  /** The image the release was packed from. */
  readonly source_image_ref: string;
  /** The commit that it was packed from, or null. */
  readonly commit: string | null;
  /** What it is about, or null. */
  readonly message: string | null;
  /** The upgrade that it undid, or null. */
  readonly rollback_of: string | null;
}

/** The history of an app. */
export interface ReleasesReport {
  /** The Fly app. */
  readonly app: string;
  /** Base images, the newest first, each with its upgrades, the newest first. */
  readonly generations: readonly {
    readonly image_ref: string;
    readonly first_seen: string;
    readonly upgrades: readonly ReleaseEntry[];
  }[];
}

/**
 * Takes the history out of the pointer.
 *
 * @param app the Fly app
 * @param pointer the pointer, or null where there is none
 * @returns the history
 */
export function releasesReport(
  app: string,
  pointer: Pointer | null,
): ReleasesReport {
  const generations = Object.values(pointer?.generations ?? {})
    .sort((a, b) =>
      a.first_seen < b.first_seen ? 1 : a.first_seen > b.first_seen ? -1 : 0
    )
    .map(({ image_ref, first_seen, hot_upgrade, history }) => ({
      image_ref,
      first_seen,
      upgrades: [
        ...(hot_upgrade ? [entryOf(hot_upgrade, true)] : []),
        ...history.map((upgrade) => entryOf(upgrade, false)),
      ],
    }));
  return { app, generations };
}

function entryOf(upgrade: HotUpgrade, current: boolean): ReleaseEntry {
  const {
    id,
    version,
    state,
    deployed_at,
    deployed_by,
    size,
    source_image_ref,
  } = upgrade;
  return {
    id,
    version,
    state,
    current,
    deployed_at,
    deployed_by,
    size,
    source_image_ref,
    commit: upgrade.commit ?? null,
    message: upgrade.message ?? null,
    rollback_of: upgrade.rollback_of ?? null,
  };
}

/** Writes the history for people. */
export function releasesText(report: ReleasesReport): string {
  if (report.generations.length === 0) {
    return `${report.app} has no hot upgrades, and no machine that watches for them has started yet\n`;
  }
  return report.generations.map(({ image_ref, first_seen, upgrades }) => {
    const { tag, digest } = parseImageRef(image_ref);
    const head = `Base image ${
      oneLine(tag ?? digest ?? image_ref)
    } (first seen ${oneLine(first_seen)})\n`;
    if (upgrades.length === 0) {
      return `${head}  no hot upgrades: its machines run it as it is\n`;
    }
    const rows = upgrades.map((upgrade) => [
      upgrade.current ? "*" : "",
      upgrade.version,
      stateOf(upgrade),
      upgrade.deployed_at,
      upgrade.deployed_by,
      upgrade.size === 0 ? "-" : formatBytes(upgrade.size),
      upgrade.id,
      sourceOf(upgrade),
      clip(oneLine(upgrade.message ?? ""), MESSAGE_LENGTH_MAX),
    ]);
    return head +
      formatTable(rows.map((row) => row.map(oneLine))).map((line) =>
        `  ${line}\n`
      ).join("");
  }).join("\n");
}

/** What it was packed from: a commit, else the digest of its files, as `flyhot status` tells it too. */
function sourceOf({ commit, size, source_image_ref }: ReleaseEntry): string {
  if (commit !== null) return commit.slice(0, COMMIT_LENGTH);
  return size > 0 && source_image_ref.startsWith("local:")
    ? source_image_ref
    : "-";
}

function stateOf({ state, rollback_of }: ReleaseEntry): string {
  const words = state === "rolled_back" ? "rolled back" : state;
  return rollback_of === null ? words : `${words} (undid ${rollback_of})`;
}
