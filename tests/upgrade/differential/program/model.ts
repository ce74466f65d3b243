/** What a generated program is: pieces with parameters, versions made by edits, requests that tell versions apart.
 * @module
 */

/** The parameters of a piece; an edit changes some of them. */
export type Params = Readonly<Record<string, string | number | boolean>>;

/** A small closed group of modules, from which programs are put together. */
export interface Piece {
  /** Unique in its program; the names of its files begin with it. */
  readonly id: string;
  /** The feature that renders it. */
  readonly kind: string;
  readonly params: Params;
  /** How the release has it: imported, on disk without an importer, or not at all. */
  readonly presence: "imported" | "unreached" | "absent";
}

/** One version of a program. */
export interface Version {
  readonly pieces: readonly Piece[];
  /** What the health check of this version says. */
  readonly healthy: boolean;
  /** A comment in `app.ts`, which a version may change. */
  readonly note: number;
  /** Whether it asks for rebinding. */
  readonly rebind?: boolean;
}

/** One change on the way from a version to the next; `salt` feeds its choices. */
export interface Edit {
  /** The piece it changes; empty for the whole version. */
  readonly piece: string;
  readonly name: string;
  readonly salt: number;
}

/** How the health of a release is asked. */
export type HealthKind = "none" | "constant" | "state" | "port";

/** A program and the upgrades it goes through. */
export interface Program {
  readonly seed: number;
  readonly health: HealthKind;
  /** Whether its versions ask for rebinding. */
  readonly rebind?: boolean;
  readonly pieces: readonly Piece[];
  /** The edits that lead to the second version, to the third and so on. */
  readonly steps: readonly (readonly Edit[])[];
  /** Which versions are upgraded to, one after the other; 0 is the first. */
  readonly path: readonly number[];
}

/** A request whose answer depends on nothing but code, files and state. */
export interface Probe {
  readonly name: string;
  readonly args: readonly number[];
  /** Asked on an exported function, or over HTTP on a port of the app's own. */
  readonly how: "call" | "http";
  /** Whether callers may ask it during the upgrade; else its answer takes time windows or changes state. */
  readonly underLoad: boolean;
}

/** One step of a state from a version to the next. */
export type StateStep =
  | { readonly kind: "add"; readonly field: string; readonly value: number }
  | { readonly kind: "scale"; readonly by: number };

/** State that outlives modules. */
export interface HolderModel {
  readonly piece: string;
  readonly family: boolean;
  /** The steps of versions 2, 3 and so on; the version is one more than their count. */
  readonly steps: readonly StateStep[];
}

/** A variable of a module that code writes while it runs. */
export interface VariableModel {
  readonly piece: string;
  /** Whether deno.json says that it may start from its initial value. */
  readonly startsAnew: boolean;
}

/** What one piece adds to a release. */
export interface Rendering {
  readonly files: Readonly<Record<string, string>>;
  /** The module that `app.ts` imports. */
  readonly entry: string;
  /** What `app.ts` takes from it. */
  readonly exports: readonly string[];
  readonly probes: readonly Probe[];
  readonly aliases?: Readonly<Record<string, string>>;
  readonly startsAnew?: readonly string[];
  readonly holder?: HolderModel;
  readonly variable?: VariableModel;
  /** Calls that bring it into the state in which it is compared. */
  readonly given?: readonly Pick<Probe, "name" | "args">[];
}

/** A kind of piece. */
export interface Feature {
  readonly kind: string;
  /** How often it is drawn, compared with others. */
  readonly weight: number;
  draw(random: import("./random.ts").Random): Params;
  /** @param readable the pieces of this version that export `read` */
  render(id: string, params: Params, readable: readonly string[]): Rendering;
  /** What may change in it, with a weight; an edit that cannot be made returns undefined. */
  readonly edits: Readonly<
    Record<
      string,
      readonly [
        number,
        (
          params: Params,
          random: import("./random.ts").Random,
        ) => Params | undefined,
      ]
    >
  >;
}

/** A release as the driver needs it: files, and what can be asked of it. */
export interface Release {
  readonly files: Readonly<Record<string, string>>;
  readonly probes: readonly Probe[];
  readonly holders: readonly HolderModel[];
  readonly variables: readonly VariableModel[];
  readonly given: readonly Pick<Probe, "name" | "args">[];
  /** The pieces that have a server in this version or in another: each has its port from the start. */
  readonly ports?: readonly string[];
}
