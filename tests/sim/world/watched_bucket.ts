/** A bucket that checks what is written into it.
 * @module
 */
import {
  MemoryBucket,
  type ReadOutcome,
  type WriteCondition,
  type WriteOutcome,
} from "@flyhot/runtime/bucket";
import {
  type DeployLock,
  lockKey,
  parseDeployLock,
  parsePointer,
  type Pointer,
  pointerKey,
} from "@flyhot/runtime/protocol";
import { TOKEN } from "../sim_fly.ts";
import { APP } from "./shop.ts";

/** What must stand in no object and no event: the token without its prefix. */
export const SECRET = TOKEN.split("_")[1]!;

/** A bucket that looks at every move of the pointer. */
export class WatchedBucket extends MemoryBucket {
  readonly releases = new Map<string, string>();
  readonly broken: string[] = [];
  /** Every claim of the lock that was ever in place. */
  readonly leases: DeployLock[] = [];
  /** Called when the pointer has moved. */
  onPointer: (pointer: Pointer, before: Pointer | undefined) => void = () => {};
  /** Every pointer that was ever in place. */
  readonly pointers: Pointer[] = [];
  readonly #last = new Map<string, Uint8Array<ArrayBuffer>>();
  readonly #before = new Map<string, Uint8Array<ArrayBuffer>>();

  /** What a replica that lags behind would answer. */
  before(key: string): ReadOutcome | null {
    const content = this.#before.get(key);
    return content
      ? {
        status: "found",
        body: ReadableStream.from([content.slice()]),
        etag: `"stale ${content.length}"`,
        size: content.length,
      }
      : null;
  }

  override async put(
    key: string,
    content: Uint8Array<ArrayBuffer>,
    condition: WriteCondition,
  ): Promise<WriteOutcome> {
    const outcome = await super.put(key, content, condition);
    if (outcome.status !== "written") return outcome;
    const last = this.#last.get(key);
    if (last) this.#before.set(key, last);
    this.#last.set(key, content);
    if (key === lockKey(APP)) {
      const lock = parseDeployLock(
        JSON.parse(new TextDecoder().decode(content)),
      );
      if (lock.state === "held") this.leases.push(lock);
    }
    if (key.endsWith(".tar.gz")) this.releases.set(key, "there");
    else if (new TextDecoder().decode(content).includes(SECRET)) {
      this.broken.push(`${key} holds the token`);
    }
    if (key === pointerKey(APP)) {
      const text = new TextDecoder().decode(content);
      const pointer = parsePointer(JSON.parse(text));
      const last = this.pointers.at(-1)?.revision ?? 0;
      if (pointer.revision !== last + 1) {
        this.broken.push(`revision ${last} is followed by ${pointer.revision}`);
      }
      const before = this.pointers.at(-1);
      this.pointers.push(pointer);
      this.#check();
      this.onPointer(pointer, before);
    }
    return outcome;
  }

  override async delete(key: string): Promise<void> {
    this.releases.delete(key);
    await super.delete(key);
    this.#check();
  }

  /** What the pointer names, now or in its history, must be there. */
  #check(): void {
    const pointer = this.pointers.at(-1);
    for (
      const { hot_upgrade, history } of Object.values(
        pointer?.generations ?? {},
      )
    ) {
      for (const upgrade of [hot_upgrade, ...history]) {
        if (!upgrade?.key) continue;
        if (!this.releases.has(upgrade.key)) {
          this.broken.push(`${upgrade.version} is named and not there`);
        }
      }
    }
  }
}
