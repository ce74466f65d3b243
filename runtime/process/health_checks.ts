/** The health checks that modules declare.
 * @module
 */

/** What a health check is told. */
export interface HealthContext {
  /** What code runs now; see `info()`. */
  readonly fingerprint: string;
  /** The version of the release. */
  readonly version: string;
  /** Aborted when the check has taken too long. */
  readonly signal: AbortSignal;
}

/** Tells whether the new code works: throw or return false if not. */
export type HealthCheck = (context: HealthContext) => unknown;

/** One declared check. */
export interface DeclaredCheck {
  /** The path of the module that declares it. */
  readonly module: string;
  /** The check. */
  readonly check: HealthCheck;
}

/** The declared checks: those of the running code, and those of attempts that are being prepared. */
export class HealthChecks {
  #current: readonly DeclaredCheck[] = [];
  readonly #staged = new Map<number, DeclaredCheck[]>();

  /** The checks of the code that is in. */
  get current(): readonly DeclaredCheck[] {
    return this.#current;
  }

  /** Takes a declaration. */
  declare(declared: DeclaredCheck, attempt: number | null): void {
    if (attempt === null) {
      this.#current = [...this.#current, declared];
      return;
    }
    const staged = this.#staged.get(attempt) ?? [];
    staged.push(declared);
    this.#staged.set(attempt, staged);
  }

  /** Lets the checks of an attempt take the places of those of the modules it replaces. */
  swap(attempt: number, replaced: ReadonlySet<string>): () => void {
    const before = this.#current;
    this.#current = [
      ...before.filter(({ module }) => !replaced.has(module)),
      ...this.#staged.get(attempt) ?? [],
    ];
    this.#staged.delete(attempt);
    return () => {
      this.#current = before;
    };
  }

  /** Forgets what a given-up attempt declared. */
  discard(attempt: number): void {
    this.#staged.delete(attempt);
  }

  /** Forgets the checks of some modules, so that other versions of them can declare theirs. */
  forget(paths: ReadonlySet<string>): void {
    this.#current = this.#current.filter(({ module }) => !paths.has(module));
  }
}
