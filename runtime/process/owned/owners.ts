/** What the evaluations of modules have asked the platform for, and how an upgrade brings in what the new ones ask for.
 *
 * What new code asks for waits until everybody meets that code; then it takes the place of what the replaced modules have
 * asked for. Until then nothing has happened, so there is nothing to undo.
 *
 * @module
 */
import type { Generations } from "../../modules/generations.ts";
import { evaluatedBy } from "../../modules/makers.ts";
import { isOf, type Whose } from "../whose.ts";

/** Who asked for something. */
export interface Owner extends Whose {
  readonly place: string;
  /** The attempt that has loaded it; null for the base image. */
  readonly attempt: number | null;
  /** The kept value that asked for it while it was made, as `place#name`. */
  readonly kept?: string | undefined;
}

/** What is needed to know what is whose. */
export interface OwnersContext {
  /** The generations of the process. */
  readonly generations: Generations;
  /** The innermost module of the app on the stack, or null. */
  callingPlace(): string | null;
  /** Whether a place is one of some modules. */
  isAmong(place: string | null, paths: ReadonlySet<string>): boolean;
  /** Whether the value of an attempt that has asked for something while it was made is still in. */
  livesOn(kept: string, attempt: number | null): boolean;
}

interface Attempt<Entry> {
  readonly replaced: ReadonlySet<string>;
  readonly asked: Entry[];
  isIn: boolean;
}

/** One kind of it. */
export abstract class Owners<Entry extends Owner> {
  /** What is in. */
  protected readonly current: Set<Entry> = new Set();
  /** What is needed. */
  protected readonly context: OwnersContext;
  readonly #attempts = new Map<number, Attempt<Entry>>();

  /**
   * @param context what is needed
   */
  constructor(context: OwnersContext) {
    this.context = context;
  }

  /** Gets ready for what an attempt asks for. */
  begin(attempt: number, replaced: ReadonlySet<string>): void {
    this.#attempts.set(attempt, { replaced, asked: [], isIn: false });
  }

  /** Puts what an attempt has asked for in the place of what the replaced modules have. */
  commit(attempt: number): void {
    const mine = this.#attempts.get(attempt);
    if (!mine) return;
    mine.isIn = true;
    const before = [...this.current].filter((entry) =>
      entry.attempt !== attempt &&
      isOf(entry, mine.replaced, this.context.isAmong) &&
      !(entry.kept && this.context.livesOn(entry.kept, entry.attempt))
    );
    for (const entry of before) this.current.delete(entry);
    const next = mine.asked.splice(0);
    for (const entry of next) this.current.add(entry);
    this.replace(before, next);
  }

  /** Forgets what a given-up attempt has asked for. */
  giveUp(attempt: number): void {
    const mine = this.#attempts.get(attempt);
    if (!mine) return;
    this.#attempts.delete(attempt);
    this.drop(mine.asked.splice(0));
    const isIn = [...this.current].filter((it) => it.attempt === attempt);
    for (const entry of isIn) this.current.delete(entry);
    this.replace(isIn, []);
  }

  /** Forgets attempts that are in and of which nothing asks any more. */
  forget(isNeeded: (attempt: number) => boolean): void {
    for (const [attempt, { isIn }] of this.#attempts) {
      if (isIn && !isNeeded(attempt)) this.#attempts.delete(attempt);
    }
  }

  /** Puts some in the place of others; either may be more, or none. */
  protected abstract replace(
    before: readonly Entry[],
    next: readonly Entry[],
  ): void;

  /** Ends what has never come in. */
  protected abstract drop(entries: readonly Entry[]): void;

  /** Whose evaluation goes on now; null where none does. */
  protected get owner(): Owner | null {
    const { generations, callingPlace } = this.context;
    const { work } = generations;
    if (work === null || typeof work.place !== "string") return null;
    const { attempt, kept } = work;
    const place = callingPlace() ?? work.place;
    return { place, evaluated: evaluatedBy(work), attempt, kept };
  }

  /** Whether what an attempt asks for has to wait. */
  protected waits({ attempt }: Owner): boolean {
    return attempt !== null && this.#attempts.get(attempt)?.isIn === false;
  }

  /** Whether something is there already that what an attempt asks for cannot replace. */
  protected isTaken(
    { attempt }: Owner,
    isSame: (entry: Entry) => boolean,
  ): boolean {
    const mine = this.#attempts.get(attempt ?? -1);
    if (!mine) return false;
    return mine.asked.some(isSame) ||
      [...this.current].some((entry) =>
        isSame(entry) && !isOf(entry, mine.replaced, this.context.isAmong)
      );
  }

  /** Takes what has been asked for: to be brought in with its attempt, or at once. */
  protected take(entry: Entry): void {
    const { attempt } = entry;
    const mine = attempt === null ? undefined : this.#attempts.get(attempt);
    if (mine && !mine.isIn) {
      mine.asked.push(entry);
      return;
    }
    this.current.add(entry);
    this.replace([], [entry]);
  }
}
