/** Which release runs in a process, which ran before, and how far it is in.
 * @module
 */
import type { CurrentRelease } from "../../release/wanted.ts";
import type { BootTrial } from "./boot_trial.ts";
import { Declarations } from "./declarations.ts";

/** Code that is in for everybody and may still be taken out. */
export interface OnProbation {
  /** Rejects with the first error of that code that nobody caught. */
  readonly failed: Promise<never>;
  /** How much of the work begun before it came in goes on. */
  readonly undrained: number;
  /** Looks at what that work has left behind since. Throws with a refusal where that would go on with the old code. */
  leftBehind(): Promise<void>;
  /** Ends what the modules that it replaced still own. */
  finish(): void;
  /** Says that it stays. */
  end(): void;
  /** Says that it goes out. */
  giveUp(): void;
}

/** What is declared in a process, and the release that it is of. */
export class ReleaseState extends Declarations {
  /** The digests of the releases that were in, null for the base image: the way back to one of them is not news. */
  readonly ran: Set<string | null> = new Set([null]);
  /** The addresses that modules of releases served when they were replaced, by digest; null for the base image. */
  readonly addresses: Map<string | null, ReadonlySet<string>> = new Map();
  /** How many live boundaries evaluate their modules for the first time. */
  opening = 0;
  /** The release that is in, or null on the base image. */
  release: CurrentRelease | null = null;
  /** The folders of the releases that were in before, newest last: open pages may still ask for their assets. */
  earlierFolders: string[] = [];
  /** Puts what was left out of the folder of a release into it: a file, what is under a path, or with null all. */
  fillFolder: (folder: string, path: string | null) => unknown = () => {};
  /** Told of each version of the main module that an upgrade has loaded; null where nobody wants to know. */
  onMain: ((module: unknown) => void) | null = null;
  /** The app root, once it is known. */
  root: string | null = null;
  /** The path of the app's own folder under it; empty where both are the same. */
  appFolder = "";
  /** The trial of a release that was brought in at boot, or null. */
  bootTrial: BootTrial | null = null;
  /** Whether new code is in whose upgrade may still be undone. */
  settling = false;
  /** The code that is on probation, or null. */
  onProbation: OnProbation | null = null;
  /** How many upgrades were applied since the process started. */
  upgrades = 0;
  /** Old module instances that Deno cannot free, and their source size. */
  retained: { modules: number; bytes: number } = { modules: 0, bytes: 0 };
}
