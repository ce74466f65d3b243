/** What an init plan is made from, and what it is.
 * @module
 */
import type { HotSurface } from "@flyhot/runtime/plan";
import type { Manifest } from "@flyhot/runtime/protocol";
import type { StartFiles } from "../release/files/start_files.ts";
import type { Framework } from "./framework.ts";
import type { StateRow } from "./state/state_table.ts";
import type { SyntaxTree } from "./syntax_tree.ts";

/** The text of a file before and after. */
export interface FileEdit {
  /** Its path under the app's folder. */
  readonly path: string;
  /** What is there, or null for nothing. */
  readonly before: string | null;
  /** What is to be there. */
  readonly after: string;
  /** The file that its content comes from, for a new one. */
  readonly from?: string;
}

/** Edits that belong together: all of them or none. */
export interface InitChange {
  /** What they do. */
  readonly title: string;
  /** The edits, in the order in which they are written. */
  readonly edits: readonly FileEdit[];
}

/** How the runtime gets into an app: in front of the main module, or by a boot shell in its place. */
export type HotWay = "preload" | "boot shell";

/** What it takes to make an app hot. */
export interface InitPlan {
  /** What the app serves with. */
  readonly framework: Framework;
  /** Its main modules; empty where there is none yet. */
  readonly entries: readonly string[];
  /** How the runtime gets into it. */
  readonly way: HotWay;
  /** What happens to each piece of it when its module is replaced; empty where its modules could not be looked at. */
  readonly state: readonly StateRow[];
  /** What of it can be replaced, by main module, with the names that `changes` write. */
  readonly surfaces: readonly HotSurface[];
  /** What can be written. */
  readonly changes: readonly InitChange[];
  /** What a person must do, a step each. */
  readonly steps: readonly string[];
  /** What is worth knowing, a sentence each. */
  readonly notes: readonly string[];
}

/** What a plan is made from; null where there is no such file. */
export interface InitSources {
  /** All paths under the app's folder. */
  readonly paths: ReadonlySet<string>;
  /** The texts of its modules, by path. */
  readonly modules: ReadonlyMap<string, string>;
  /** The tree of one of its modules; null for one that cannot be read. */
  readonly tree: (path: string) => SyntaxTree | null;
  /** The tree of a module of its release that lies beside its folder, by its path there; null for one that cannot be read. */
  readonly treeBeside: (path: string) => SyntaxTree | null;
  /** The text of a module of its release, by its path there, unless it is long. */
  readonly packed: (path: string) => string | undefined;
  /** What its modules import, by path. */
  readonly imports: (path: string) => readonly string[];
  /** Its main modules; empty where none is there. */
  readonly entries: readonly string[];
  /** Its release as it would be packed now; or why that cannot be told. */
  readonly release: Manifest | { readonly unread: string };
  /** The name and text of its `deno.json` or `deno.jsonc`. */
  readonly denoJson: {
    readonly path: string;
    readonly text: string;
    readonly value: Readonly<Record<string, unknown>>;
  } | null;
  /** The packages that its `package.json` names. */
  readonly packages: ReadonlySet<string>;
  /** Its `package.json`; null for none. */
  readonly packageJson: Readonly<Record<string, unknown>> | null;
  /** The text of its `deno.lock`; empty for none. */
  readonly lockText: string;
  /** The text of its Dockerfile. */
  readonly dockerfile: string | null;
  readonly dockerfilePath: string;
  /** Tasks and scripts that it starts. */
  readonly starts: StartFiles;
  /** The text of its `fly.toml`. */
  readonly flyToml: string | null;
  /** The text of its `.dockerignore`. */
  readonly dockerignore: string | null;
  /** The text of its `.gitignore`. */
  readonly gitignore: string | null;
  /** Whether it is in a git repository of its own. */
  readonly isRepository: boolean;
}

/** What follows from looking at an app's modules. */
export interface LookedAt {
  /** What happens to each piece. */
  readonly state: readonly StateRow[];
  /** What of it can be replaced, by main module, with these names in its deno.json. */
  readonly surfaces: readonly HotSurface[];
}

/** A part of a plan. */
export type InitPart = Partial<
  Pick<InitPlan, "changes" | "steps" | "notes">
>;
