/** The first moments of a release that was brought in at boot: until the app has loaded, there is a way back.
 * @module
 */

/** What a trial needs. */
export interface BootTrialContext {
  /** Takes the release out again, so that the base image can be loaded. */
  undo(): Promise<void>;
  /** Told once that the app has loaded; does not reject. */
  confirmed(): Promise<void>;
  /** Told once that it has not, before the base image is loaded. */
  failed(error: unknown): Promise<void>;
  /** How long an app that opens no live boundary is watched, in milliseconds. */
  readonly confirmAfterMs: number;
}

/** Decides whether a release that was brought in at boot stays. */
export class BootTrial {
  readonly #context: BootTrialContext;
  readonly #timer: ReturnType<typeof setTimeout>;
  #open = true;

  /** Begins the trial. */
  constructor(context: BootTrialContext) {
    this.#context = context;
    this.#timer = setTimeout(() => this.confirm(), context.confirmAfterMs);
    this.#timer.unref();
  }

  /** Says that the app has loaded: the release stays. */
  confirm(): void {
    if (this.#end()) this.#context.confirmed();
  }

  /**
   * Says that the app has not loaded. Returns whether the base image is in place now, so that loading can be tried
   * again.
   */
  async fail(error: unknown): Promise<boolean> {
    if (!this.#end()) return false;
    await this.#context.undo();
    await this.#context.failed(error);
    return true;
  }

  /** Ends the trial without a verdict, for an orderly end of the process. */
  abandon(): void {
    this.#end();
  }

  #end(): boolean {
    clearTimeout(this.#timer);
    const was = this.#open;
    this.#open = false;
    return was;
  }
}
