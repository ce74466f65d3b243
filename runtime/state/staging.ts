/** What modules declare, and the staging area where new modules declare it while the old code serves.
 * @module
 */
import { ClassRegistry } from "./classes/class_registry.ts";
import { ExportedValues } from "./classes/exported_values.ts";
import type { FamilyDefinition, HolderDefinition } from "./definition.ts";
import type { HotContext } from "../modules/hot_context.ts";
import type { ServiceDefinition } from "./cells/service_cell.ts";

/** Where a set of declarations stands. */
export type DeclarationState = "live" | "staged" | "discarded";

/** Thrown when a declaration cannot be accepted. */
export class DeclarationError extends Error {
  /** The class name, kept through minification. */
  override readonly name = "DeclarationError";
}

/** Whatever has a name and a module that declares it. */
export interface Declared {
  /** The name. */
  readonly name: string;
  /** The module. */
  readonly module: string;
}

/** What one name stands for. */
export type Declaration =
  | {
    /** One state. */
    readonly kind: "holder";
    /** What is declared. */
    readonly definition: HolderDefinition;
  }
  | {
    /** Many states by key. */
    readonly kind: "family";
    /** What is declared. */
    readonly definition: FamilyDefinition;
  }
  | {
    /** Something that runs. */
    readonly kind: "service";
    /** What is declared. */
    readonly definition: ServiceDefinition;
  };

/** The declarations of the modules of one attempt. */
export class Staging {
  /** The number in the cache-busting query of its modules. */
  readonly attempt: number;
  /** What was declared so far, by kind and name. */
  readonly declarations: Map<string, Declaration> = new Map();
  /** What `hot(import.meta)` gave out, by path. */
  readonly hots: Map<string, HotContext> = new Map();
  /** The classes of its modules. */
  readonly classes: ClassRegistry = new ClassRegistry();
  /** What its modules export in the place of what there was. */
  readonly exported: ExportedValues = new ExportedValues();
  /** Tells whether the modules that are replaced have some source text; null where nobody can tell. */
  oldSource: ((text: string) => boolean) | null = null;
  /** Tells whether the newest modules have some source text; null where nobody can tell. */
  newSource: ((text: string) => boolean) | null = null;
  #state: DeclarationState = "staged";
  #onLive: (() => void)[] = [];

  /**
   * @param attempt the number in the cache-busting query of its modules
   */
  constructor(attempt: number) {
    this.attempt = attempt;
  }

  /** Where these declarations stand. */
  get state(): DeclarationState {
    return this.#state;
  }

  /** Does something as soon as these declarations are in, which are staged now; never where they do not come in. */
  onLive(act: () => void): void {
    this.#onLive.push(act);
  }

  /** Says that they are in. */
  enter(): void {
    this.#state = "live";
    for (const act of this.#onLive.splice(0)) act();
  }

  /** Says that they do not come in, or go out again. */
  discard(): void {
    this.#state = "discarded";
    this.#onLive = [];
  }

  /** Takes a declaration. Throws if another module declares the same name. */
  add(declaration: Declaration): void {
    const slot = slotOf(declaration);
    const other = this.declarations.get(slot);
    if (other) refuseTwice(other.definition, declaration.definition);
    this.declarations.set(slot, declaration);
  }

  /** The holders declared. */
  get holders(): HolderDefinition[] {
    return [...this.declarations.values()].flatMap((declaration) =>
      declaration.kind === "holder" ? [declaration.definition] : []
    );
  }

  /** The families declared. */
  get families(): FamilyDefinition[] {
    return [...this.declarations.values()].flatMap((declaration) =>
      declaration.kind === "family" ? [declaration.definition] : []
    );
  }

  /** The services declared. */
  get services(): ServiceDefinition[] {
    return [...this.declarations.values()].flatMap((declaration) =>
      declaration.kind === "service" ? [declaration.definition] : []
    );
  }
}

/** Holders and families share their names, because both are called by them. */
function slotOf({ kind, definition }: Declaration): string {
  return `${kind === "service" ? "service" : "state"}:${definition.name}`;
}

/** Throws that one name is declared twice. Throws always. */
export function refuseTwice(first: Declared, second: Declared): never {
  throw new DeclarationError(
    first.module === second.module
      ? `Cannot declare ${second.name}: ${second.module} declares it already; give each its own name`
      : `Cannot declare ${second.name} in ${second.module}: ${first.module} declares it already; rename one of them`,
  );
}
