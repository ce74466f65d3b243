/** One change of files: prepared beside their places, swapped in and undone in one turn.
 * @module
 */
import { Slices } from "../../../base/in_slices.ts";
import { errorText } from "../../../base/error_text.ts";
import { join } from "node:path";
import { env } from "node:process";
import { type FileConflict, type LaidFile, stateOf } from "../file_change.ts";
import { ignoreMissing } from "../laid_journal.ts";
import { bringContent, copyOf, link } from "./lay_content.ts";
import type { Place } from "./lay_place.ts";
import { cannotLay } from "./lay_rules.ts";
import type { OnStep } from "../restore_image.ts";
import { lstatSync } from "../lstat.ts";

/** What is to be done to one file. */
export interface Operation {
  /** The path under the app root. */
  readonly path: string;
  /** Where that is. */
  readonly place: Place;
  /** Digest of what is to lie there, or null for nothing. */
  readonly wanted: string | null;
  /** Where the content comes from, or null for nothing. */
  readonly source: {
    readonly kind: "content" | "original";
    readonly file: string;
  } | null;
  /** Where the content waits, beside its place; null for nothing. */
  readonly temp: string | null;
  /** The name in the store for what lies there now, or null for nothing. */
  readonly backup: string | null;
  /** What is known of the file if a release was laid over it before. */
  readonly before: LaidFile | undefined;
  /** Digest of what lies there now, or null for nothing. */
  readonly there: string | null;
  /** Whether it is left out where the disk refuses. */
  readonly optional: boolean;
}

/** What a change works on. */
export interface LaidChangeOptions {
  readonly operations: readonly Operation[];
  readonly conflicts: readonly FileConflict[];
  readonly ignored: readonly string[];
  /** Folders that are missing, outermost first. */
  readonly folders: readonly string[];
  /** The files that are not the image's own; kept up to date. */
  readonly laid: Map<string, LaidFile>;
  /** The folder for originals. */
  readonly store: string;
  /** Called after each change to the disk. */
  readonly onStep: OnStep;
  /** Writes the journal, before anything is made. */
  readonly record: (
    temps: readonly string[],
    folders: readonly string[],
  ) => Promise<void>;
  /** Writes the journal as things are now. */
  readonly settle: (folders: readonly string[]) => Promise<void>;
}

interface Done {
  readonly operation: Operation;
  /** The state of what was laid. */
  readonly laid: string;
}

/** A change that is ready. */
export class LaidChange {
  readonly #options: LaidChangeOptions;
  /** The states of the places and of the waiting content, by place, when the change was ready. */
  readonly #ready = new Map<Operation, { there: string; temp: string }>();
  #state: "prepared" | "swapped" | "undone" | "finished" | "closed" =
    "prepared";
  #done: Done[] = [];
  /** Whether somebody may still read what was there before. */
  isBeforeRead = false;

  /**
   * @param options what it works on
   */
  constructor(options: LaidChangeOptions) {
    this.#options = options;
  }

  /** The files that are left as they are, with the reason: the app wrote them itself. */
  get conflicts(): readonly FileConflict[] {
    return this.#options.conflicts;
  }

  /** The paths that are never laid: configuration, and what does not belong to the app. */
  get ignored(): readonly string[] {
    return this.#options.ignored;
  }

  get #written(): readonly Operation[] {
    return this.#options.operations.filter((it) => this.#ready.has(it));
  }

  /** The paths that the swap changes. */
  get paths(): readonly string[] {
    return this.#written.map(({ path }) => path);
  }

  /** Where that is which lay at the changed places before, by path; null where nothing did. */
  get before(): ReadonlyMap<string, string | null> {
    return new Map(
      this.#written.map(({ path, backup }) => [
        path,
        backup === null ? null : join(this.#options.store, backup),
      ]),
    );
  }

  /** Tells whether that lies at a place which the swap has put there. Returns false once the app has written it. */
  isAsLaid(path: string): boolean {
    const done = this.#done.find(({ operation }) => operation.path === path);
    return done !== undefined &&
      stateOf(lstatSync(done.operation.place.path)) === done.laid;
  }

  /** Whether it is neither finished, undone nor discarded. */
  get open(): boolean {
    return this.#state === "prepared" || this.#state === "swapped";
  }

  /** Makes folders, writes new content beside its place, keeps what lies there. For {@linkcode LaidFiles}. */
  async write(loaded?: Promise<unknown>): Promise<void> {
    const { operations, folders, record, onStep } = this.#options;
    if (operations.length === 0) {
      await loaded;
      return;
    }
    const temps = operations.flatMap(({ temp }) =>
      temp === null ? [] : [temp, copyOf(temp)]
    );
    await record(temps, folders);
    // Modules that list a folder while they are evaluated must find nothing in it that is only ours.
    await loaded;
    for (const folder of folders) {
      await this.#told(
        folder,
        folder,
        () => Deno.mkdir(folder, { recursive: true }),
      );
      onStep(`made ${folder}`);
    }
    // Some at a time: each waits for the disk. All have come to their end when this fails, and what they made is known.
    const waiting = operations.values();
    const slices = new Slices();
    let failed = false;
    const outcomes = await Promise.allSettled(
      Array.from({ length: 4 }, async () => {
        for (const operation of waiting) {
          if (failed) return;
          if (slices.over) await slices.next();
          try {
            await this.#writeOne(operation);
          } catch (error) {
            if (operation.optional) {
              const { temp } = operation;
              if (temp !== null) await Deno.remove(temp).catch(() => {});
              continue;
            }
            failed = true;
            throw error;
          }
        }
      }),
    );
    for (const outcome of outcomes) {
      if (outcome.status === "rejected") throw outcome.reason;
    }
  }

  /**
   * Puts the release's files in their places, in this turn. Throws if a file was written since it was prepared, or the
   * disk refuses; everything is back then.
   */
  swap(): () => readonly string[] {
    if (this.#state !== "prepared") {
      throw new TypeError(`Cannot swap files in: the change is ${this.#state}`);
    }
    this.#state = "swapped";
    try {
      for (const operation of this.#written) this.#swapOne(operation);
    } catch (error) {
      this.#undo();
      throw error;
    }
    return () => this.#undo();
  }

  /** Ends a change that stays; what the way back and a restart need is kept. */
  async finish(): Promise<void> {
    if (this.#state !== "swapped") return;
    this.#state = "finished";
    if (this.#options.operations.length === 0) return;
    await this.#options.settle(this.#options.folders);
  }

  /** Ends a change that was not swapped in, or was undone; nothing is left of it. */
  async discard(): Promise<void> {
    if (this.#state !== "prepared" && this.#state !== "undone") return;
    this.#state = "closed";
    const { operations, folders, laid, store, settle } = this.#options;
    if (operations.length === 0) return;
    const used = new Set([...laid.values()].map(({ backup }) => backup));
    for (const { temp, backup } of operations) {
      if (temp !== null) {
        await Deno.remove(temp).catch(ignoreGone);
        await Deno.remove(copyOf(temp)).catch(ignoreGone);
      }
      if (backup !== null && !used.has(backup)) {
        await Deno.remove(join(store, backup)).catch(ignoreMissing);
        await Deno.remove(copyOf(join(store, backup))).catch(ignoreMissing);
      }
    }
    for (const folder of folders.toReversed()) {
      await Deno.remove(folder).catch(() => {});
    }
    await settle(folders);
  }

  /** Says that the next change begins: this one can no longer be undone. For {@linkcode LaidFiles}. */
  close(): void {
    this.#state = "closed";
  }

  async #writeOne(operation: Operation): Promise<void> {
    const { onStep, store } = this.#options;
    const { path, place, source, temp, backup, wanted, optional } = operation;
    let laid: Deno.FileInfo | null = null;
    if (source !== null && temp !== null) {
      await this.#told(path, place.path, async () => {
        if (source.kind === "original") await link(source.file, temp);
        else {
          laid = await bringContent(source.file, temp, {
            sha256: wanted,
            before: place.there,
            // What hooks supply is text that the app does not write.
            mayShare: optional,
          });
        }
      });
      onStep(`wrote ${temp}`);
    }
    if (backup !== null) {
      await this.#told(
        path,
        place.path,
        () => link(place.path, join(store, backup)),
      );
      onStep(`kept ${place.path}`);
    }
    // Asked once more after it was linked: some file systems copy a file of the image when it gets a second name.
    const there = lstatSync(place.path);
    if (isOther(there, place.there)) throw writtenMeanwhile(path, place.path);
    this.#ready.set(operation, {
      there: stateOf(there),
      temp: stateOf(temp === null ? null : laid ?? lstatSync(temp)),
    });
  }

  #swapOne(operation: Operation): void {
    const { laid, onStep } = this.#options;
    const { path, place, temp, backup, wanted, before, there } = operation;
    const ready = this.#ready.get(operation)!;
    if (stateOf(lstatSync(place.path)) !== ready.there) {
      throw writtenMeanwhile(path, place.path);
    }
    if (temp === null) Deno.removeSync(place.path);
    else Deno.renameSync(temp, place.path);
    this.#done.push({ operation, laid: ready.temp });
    onStep(`swap: ${place.path}`);
    const original = before ? before.original : there;
    if (wanted === original) laid.delete(path);
    else {
      laid.set(path, {
        place: place.path,
        original,
        backup: before ? before.backup : backup,
        current: wanted,
        state: ready.temp,
      });
    }
  }

  #undo(): readonly string[] {
    if (this.#state === "undone") return [];
    if (this.#state === "closed") {
      throw new Error(
        "Cannot undo a change of files: another has been prepared since",
      );
    }
    const { laid, store, onStep, folders } = this.#options;
    const kept: string[] = [];
    for (let done = this.#done.pop(); done; done = this.#done.pop()) {
      const { path, place, backup, before } = done.operation;
      if (stateOf(lstatSync(place.path)) !== done.laid) {
        // Never over what the app wrote itself.
        kept.push(path);
        laid.delete(path);
        continue;
      }
      if (backup === null) Deno.removeSync(place.path);
      else Deno.renameSync(join(store, backup), place.path);
      onStep(`undo: ${place.path}`);
      if (before) laid.set(path, before);
      else laid.delete(path);
    }
    for (const folder of folders.toReversed()) {
      try {
        Deno.removeSync(folder);
        onStep(`undo: ${folder}`);
      } catch {
        // Not empty: content waits in it, or the app has put something there.
        continue;
      }
    }
    this.#state = "undone";
    return kept;
  }

  async #told(
    path: string,
    place: string,
    act: () => Promise<unknown>,
  ): Promise<void> {
    try {
      await act();
    } catch (cause) {
      const why = errorText(cause);
      throw new Error(cannotLay(path, place, currentUser(), why), { cause });
    }
  }
}

function isOther(a: Deno.FileInfo | null, b: Deno.FileInfo | null): boolean {
  return a?.size !== b?.size || a?.mtime?.getTime() !== b?.mtime?.getTime();
}

function writtenMeanwhile(path: string, place: string): Error {
  return new Error(
    `Cannot lay ${path} over ${place}: the app wrote it while the upgrade was prepared; try again, or read it with asset()`,
  );
}

function ignoreGone(error: unknown): undefined {
  if (!(error instanceof Deno.errors.NotADirectory)) ignoreMissing(error);
}

function currentUser(): { name: string | null; uid: number | null } {
  return { name: env.USER ?? env.LOGNAME ?? null, uid: Deno.uid() };
}
