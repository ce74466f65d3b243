/** The versions of an app in its repository: by git, which is asked and not changed.
 * @module
 */
import { relative, resolve } from "@std/path";
import { FlyhotError } from "../errors.ts";
import type { Host } from "../host.ts";

/** One version. */
export interface Version {
  /** The tree or commit that git knows. */
  readonly id: string;
  /** How people call it. */
  readonly name: string;
}

/** A commit of a range. */
export interface RangedCommit extends Version {
  /** Its first parent. */
  readonly parent: string;
  /** Its first line. */
  readonly subject: string;
  /** Whether it changes nothing that the app reads. */
  readonly untouched: boolean;
}

/** What stands for the files as they are, committed or not. */
export const WORKING_TREE = ".";

/** The repository that the working folder is in. */
export class Repository {
  readonly #host: Host;
  readonly #signal: AbortSignal;
  readonly #above: string;

  constructor(host: Host, signal: AbortSignal, above = "") {
    this.#host = host;
    this.#signal = signal;
    this.#above = above;
  }

  /** The folder that holds all that the app reads. */
  get root(): string {
    return resolve(this.#host.cwd(), this.#above);
  }

  /** The app's folder in it; empty where both are the same. */
  get appFolder(): string {
    return relative(this.root, this.#host.cwd());
  }

  /** All that counts, for git. */
  get #counts(): string {
    return this.#above === "" ? "." : this.#above;
  }

  /** Finds a version. */
  async version(ref: string): Promise<Version> {
    if (ref === WORKING_TREE) {
      return { id: await this.#workingTree(), name: "the working tree" };
    }
    const id = await this.#tryGit(
      "rev-parse",
      "--verify",
      "--quiet",
      "--end-of-options",
      `${ref}^{commit}`,
    );
    if (id !== null) return { id, name: ref };
    throw new FlyhotError(
      "not_found",
      `Cannot find the version ${ref}: git knows no such commit here`,
      {
        hint:
          "name a branch, a tag or a commit; in CI, fetch the history: fetch-depth: 0",
      },
    );
  }

  /** The newest tag before the last commit; null for none. */
  async lastTag(): Promise<string | null> {
    return await this.#tryGit("describe", "--tags", "--abbrev=0");
  }

  /** The commits of a range, the oldest first. */
  async commits(range: string): Promise<readonly RangedCommit[]> {
    const between = range.includes("..") ? range : `${range}..HEAD`;
    const text = await this.#tryGit(
      "log",
      "--reverse",
      "--first-parent",
      "--format=%H%x09%P%x09%s",
      "--end-of-options",
      between,
    );
    if (text === null) {
      throw new FlyhotError(
        "not_found",
        `Cannot walk ${range}: git knows no such range here`,
        { hint: "name it as git log does, for example v1.2.0..HEAD" },
      );
    }
    const commits: RangedCommit[] = [];
    for (const line of text.split("\n")) {
      const [id = "", parents = "", ...subject] = line.split("\t");
      const parent = parents.split(" ")[0];
      // What comes before the first commit is not an app.
      if (!parent) continue;
      const untouched = await this.#tryGit(
        "diff",
        "--quiet",
        parent,
        id,
        "--",
        this.#counts,
      ) !== null;
      commits.push({
        id,
        name: id.slice(0, 9),
        parent,
        subject: subject.join("\t"),
        untouched,
      });
    }
    return commits;
  }

  /** The text of a file in the app's folder; null where there is none. */
  async readText({ id }: Version, path: string): Promise<string | null> {
    return await this.#tryGit("show", `${id}:./${path}`, { whole: true });
  }

  /** Whether a script in the app's folder has a word in it. */
  async says({ id }: Version, word: string): Promise<boolean> {
    const scripts = ["ts", "tsx", "mts", "js", "jsx", "mjs", "cjs"]
      .map((extension) => `*.${extension}`);
    return await this.#tryGit(
      "grep",
      "--quiet",
      "--word-regexp",
      "--fixed-strings",
      "-e",
      word,
      id,
      "--",
      ...scripts,
    ) !== null;
  }

  /** The files as they are, those that git ignores left out, as a tree; written by an index of its own. */
  async #workingTree(): Promise<string> {
    const folder = await this.#host.files.makeTempDir();
    try {
      const index = { GIT_INDEX_FILE: `${folder}/index` };
      await this.#git(index, "read-tree", "HEAD");
      await this.#git(index, "add", "--all", "--", this.#counts);
      return await this.#git(index, "write-tree");
    } finally {
      await this.#host.files.remove(folder);
    }
  }

  async #git(env: Record<string, string>, ...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.#run(args, env);
    if (code === 0) return stdout.trim();
    throw new FlyhotError(
      "usage",
      `Cannot read the working tree: git ${args[0]} says ${stderr.trim()}`,
      { hint: "rehearse compares versions of a git repository: run it in one" },
    );
  }

  /** What git says; null where it refuses. */
  async #tryGit(
    ...args: (string | { readonly whole: true })[]
  ): Promise<string | null> {
    const words = args.filter((it) => typeof it === "string");
    const { code, stdout } = await this.#run(words, {});
    if (code !== 0) return null;
    return words.length < args.length ? stdout : stdout.trim();
  }

  async #run(args: readonly string[], env: Record<string, string>) {
    try {
      return await this.#host.run("git", args, {
        cwd: this.#host.cwd(),
        env,
        signal: this.#signal,
      });
    } catch (error) {
      if (!(error instanceof Error) || error.name !== "NotFound") throw error;
      throw new FlyhotError("not_found", "Cannot rehearse: there is no git", {
        hint: "install git",
        cause: error,
      });
    }
  }
}
