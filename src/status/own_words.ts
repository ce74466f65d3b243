/** What machines have said themselves of the release that they do not run.
 * @module
 */
import { type Bucket, getJson } from "@flyhot/runtime/bucket";
import {
  generationOf,
  type HotUpgrade,
  type MachineInfo,
  type MachineResult,
  parseMachineResult,
  type Pointer,
  resultKey,
} from "@flyhot/runtime/protocol";
import { mapLimited } from "../base/limited.ts";
import type { AppMachine } from "../fly/fleet/fleet.ts";

const READ_AT_ONCE = 8;

/** What machines have said of the release that the pointer names for them, by machine id. */
export type OwnWords = ReadonlyMap<string, MachineResult>;

/** Reads what those machines have said of it that run something else than the pointer names. */
export async function ownWords(
  app: string,
  answered: readonly {
    readonly machine: AppMachine;
    readonly info: MachineInfo;
  }[],
  pointer: Pointer,
  bucket: Bucket,
  signal: AbortSignal | undefined,
): Promise<OwnWords> {
  const behind = answered.flatMap(({ machine, info }) => {
    const wanted = wantedOf(pointer, info.currentImageRef);
    const running = info.hotUpgradeApplied ? info.sha256 : null;
    return wanted === null || wanted.sha256 === running
      ? []
      : [{ machine, wanted }];
  });
  const said = await mapLimited(
    behind,
    READ_AT_ONCE,
    async ({ machine: { id }, wanted }) => {
      try {
        const key = resultKey(app, wanted.id, id);
        const found = await getJson(bucket, key, { signal });
        return found.status === "found"
          ? [[id, parseMachineResult(found.value)] as const]
          : [];
      } catch {
        signal?.throwIfAborted();
        return [];
      }
    },
  );
  return new Map(said.flat());
}

/** The upgrade that the pointer names for a base image, or null for the image as it is. */
export function wantedOf(
  pointer: Pointer | null,
  imageRef: string,
): HotUpgrade | null {
  return generationOf(pointer, imageRef)?.hot_upgrade ?? null;
}
