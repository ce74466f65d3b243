/** Adds the entry of a base image to the pointer, by whichever machine of the image is first.
 * @module
 */
import { crypto } from "../../base/platform/globals.ts";
import { type Bucket, getJson, putJson } from "../../bucket/bucket.ts";
import { parseImageRef } from "../../protocol/image_ref.ts";
import { pointerKey } from "../../protocol/object_keys.ts";
import {
  generationOf,
  parsePointer,
  type Pointer,
  pointerRecord,
  pointerWithGeneration,
} from "../../protocol/pointer.ts";
import { isUnread } from "../../protocol/pointer_unread.ts";
import { retry } from "../../base/waiting/retry.ts";
import { ulid } from "../../base/ulid.ts";

const RETRY = { attemptsMax: 5, firstMs: 20, random: Math.random };

/** The pointer with an entry for a base image that it does not know yet; the new entry has nothing to apply. */
export function withGeneration(
  pointer: Pointer | null,
  app: string,
  imageRef: string,
  now: string,
): Pointer {
  // What nobody could read is not written.
  parseImageRef(imageRef);
  if (pointer && generationOf(pointer, imageRef)) return pointer;
  // What nobody here can read may hold more than an empty entry would.
  if (pointer && isUnread(pointer, imageRef)) return pointer;
  const generation = {
    image_ref: imageRef,
    first_seen: now,
    hot_upgrade: null,
    history: [],
  };
  return pointerWithGeneration(pointer, app, generation, now);
}

/** Adds the entry by compare-and-swap; losing the race to another machine is as good as winning it. */
export async function addGeneration(
  bucket: Bucket,
  app: string,
  imageRef: string,
): Promise<void> {
  const lineage = ulid(Date.now(), crypto.getRandomValues(new Uint8Array(10)));
  const add = async (): Promise<boolean> => {
    const read = await getJson(bucket, pointerKey(app));
    const before = read.status === "found"
      ? parsePointer(read.value, { place: bucket })
      : null;
    const after = withGeneration(
      before,
      app,
      imageRef,
      new Date().toISOString(),
    );
    if (after === before) return true;
    const condition = read.status === "found"
      ? { ifMatch: read.etag }
      : { ifNoneMatch: "*" } as const;
    const outcome = await putJson(
      bucket,
      pointerKey(app),
      pointerRecord(after, lineage),
      condition,
    );
    return outcome.status === "written" || outcome.status === "unsupported";
  };
  await retry(add, { ...RETRY, isUnsettled: (isIn) => !isIn });
}
