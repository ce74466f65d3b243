/** What an upgrade does about callers, crashes and what modules own: who meets which code, from loading to probation.
 * @module
 */
import type { ReleaseSettings } from "../../protocol/manifest/release_settings.ts";
import type { Trial } from "../../modules/generations.ts";
import type { AppProcess } from "../../process/process.ts";
import { endOpen } from "../../process/left/end_open.ts";
import type { Watch } from "../../process/guard/guard.ts";
import type { ServedAddress } from "../../process/servers/hand_over.ts";
import type { HeldTimers } from "../../process/timers/timers.ts";

/** What one attempt is. */
export interface CallerChangeAbout {
  /** Its number. */
  readonly attempt: number;
  /** The URL of the folder that its files are in; null for those of the base image. */
  readonly folder: string | null;
  /** The modules that are reloaded or gone. */
  readonly replaced: ReadonlySet<string>;
  /** What becomes of open sockets whose handlers the replaced modules have made. Default they are kept */
  readonly sockets?: ReleaseSettings["sockets"];
}

/** The part of an upgrade that concerns callers; begun before the new modules load. */
export class CallerChange {
  readonly #appProcess: AppProcess;
  readonly #about: CallerChangeAbout;
  readonly #watch: Watch;
  #own: HeldTimers | null = null;
  #replaced: HeldTimers | null = null;
  #trial: Trial | null = null;

  /**
   * @param appProcess what runs in this process
   * @param about the attempt
   */
  constructor(appProcess: AppProcess, about: CallerChangeAbout) {
    const { attempt, folder, replaced } = about;
    this.#appProcess = appProcess;
    this.#about = about;
    this.#watch = appProcess.guard.watch(attempt, folder);
    appProcess.attemptListeners.begin(attempt);
    appProcess.addresses.set(
      appProcess.release?.sha256 ?? null,
      new Set(appProcess.servedAddresses),
    );
    for (const kind of [...this.#handedOver, ...this.#owned]) {
      kind.begin(attempt, replaced);
    }
  }

  /** What listens on addresses. */
  get #handedOver() {
    return this.#appProcess.handedOver;
  }

  /** What else modules ask the platform for. */
  get #owned() {
    const { listeners, handlerProperties, crons, queues } = this.#appProcess;
    return [listeners, handlerProperties, crons, queues] as const;
  }

  /** Looks at what work that began before has left behind since. */
  leftBehind: () => Promise<void> = () => Promise.resolve();

  /** Rejects with the first error of the new code that nobody caught. */
  get failed(): Promise<never> {
    return this.#watch.failed;
  }

  /** Runs something, given up as soon as the new code throws what nobody catches. Throws that error. */
  async guarded<T>(act: () => T): Promise<Awaited<T>> {
    const result = await Promise.race([act(), this.#watch.failed]);
    this.#watch.check();
    return result as Awaited<T>;
  }

  /** The addresses that the replaced modules serve and the new ones do not, or not yet. */
  get unclaimed(): ServedAddress[] {
    return this.#handedOver.flatMap((kind) =>
      kind.unclaimed(this.#about.attempt)
    );
  }

  /** Why new modules could not take over what the replaced ones serve, whether or not they have caught it. */
  get refused(): string[] {
    return this.#handedOver.flatMap((kind) => [
      ...kind.refused(this.#about.attempt),
    ]);
  }

  /** Says that the new modules are loaded: the timers that they set from now on wait for the swap. */
  loaded(): void {
    this.#own = this.#appProcess.timers.holdAttempt(this.#about.attempt);
  }

  /** Puts the new code in for whoever may meet it, in one turn. */
  swap(): { readonly generation: number; readonly undo: () => void } {
    const { attempt, replaced } = this.#about;
    const { generations, timers, hots, healthChecks } = this.#appProcess;
    const trial = this.#trial = generations.swap(attempt);
    const undoServers = this.#handedOver.map((kind) =>
      kind.swap(attempt, trial.generation)
    );
    const undoChecks = healthChecks.swap(attempt, replaced);
    const kept = new Set<unknown>();
    for (const { path, data } of hots.values()) {
      if (!replaced.has(path)) continue;
      // What the bag holds is meant for the new code.
      for (const value of Object.values(data)) kept.add(value);
    }
    this.#replaced = timers.holdReplaced(replaced, attempt, kept);
    this.#own?.release();
    this.#own = null;
    return {
      generation: trial.generation,
      undo: () => {
        trial.undo();
        for (const undo of undoServers) undo();
        undoChecks();
        this.#replaced?.release();
        this.#replaced = null;
      },
    };
  }

  /** Lets everybody meet the new code: health has passed. */
  commit(drainMs: number): void {
    const { generations } = this.#appProcess;
    this.#watch.check();
    this.#trial?.commit();
    for (const kind of [...this.#handedOver, ...this.#owned]) {
      kind.commit(this.#about.attempt);
    }
    const { openSockets, packageSockets } = this.#appProcess;
    const { attempt, sockets, replaced } = this.#about;
    if (sockets === "keep") openSockets.kept(replaced);
    else if (this.#trial) {
      openSockets.replaced(replaced, this.#trial.generation);
    }
    // Those of the new code cannot be there yet.
    if (sockets === undefined) openSockets.reconnectLate(replaced, drainMs);
    if (sockets === "reconnect") openSockets.reconnect(replaced);
    if (sockets === "replay") {
      packageSockets.greet(attempt, replaced);
      void openSockets.greet(replaced);
    }
    packageSockets.forget(attempt, replaced);
    if (this.#trial) generations.drain(this.#trial.generation, drainMs);
  }

  /** Counts the work begun before the swap that goes on. */
  get undrained(): number {
    if (!this.#trial) return 0;
    return this.#appProcess.generations.undrained(this.#trial.generation);
  }

  /** Ends what the replaced modules still own: there is no way back by an undo. */
  finish(): void {
    const { attempt, replaced } = this.#about;
    this.#replaced?.drop();
    this.#replaced = null;
    for (const kind of this.#handedOver) kind.endUnclaimed(attempt);
    this.#appProcess.owned.endReplaced(replaced, attempt);
    this.#appProcess.attemptListeners.end(attempt);
    const current = this.#appProcess.modules.table!.currentAttempts();
    for (const kind of [...this.#handedOver, ...this.#owned]) {
      // Work of the code before this one may still be on its way to what it asks for.
      kind.forget((it) => it >= attempt - 1 || current.has(it));
    }
  }

  /** Says that probation has passed: from now on its errors end the process, as those of any code. */
  end(): void {
    this.#watch.end();
  }

  /**
   * Says that the code on probation goes out: its errors are only logged from now on.
   */
  giveUp(): void {
    this.#watch.giveUp();
  }

  /** Ends what is left of an attempt that does not come in. */
  discard(): void {
    const { attempt, replaced } = this.#about;
    const {
      leftHandlers,
      timers,
      owned,
      healthChecks,
      packageSockets,
      attemptListeners,
      logger,
    } = this.#appProcess;
    healthChecks.discard(attempt);
    this.#watch.giveUp();
    this.#own?.release();
    const ended = timers.holdAttempt(attempt).drop();
    if (ended > 0) {
      logger.info(
        `ended ${ended} timers that code of an upgrade that was given up had set`,
      );
    }
    for (const kind of [...this.#handedOver, ...this.#owned]) {
      kind.giveUp(attempt);
    }
    owned.endAttempt(attempt);
    for (const it of leftHandlers.begun()) {
      // What another module has opened for it may be met by others.
      const isOwn = it.opener !== null && replaced.has(it.opener);
      if (it.attempt === attempt && isOwn) endOpen(it.object);
    }
    attemptListeners.giveUp(attempt);
    packageSockets.forget(attempt, null);
  }
}
