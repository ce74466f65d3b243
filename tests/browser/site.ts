/** The sample site in a process of its own.
 * @module
 */
import { relative } from "@std/path";
import { DrivenApp, type Files, sampleApp } from "../support/driven_app.ts";

/** The path of the event stream. */
export const STREAM = "/_flyhot/events";

/** The sample site, running. */
export class Site implements AsyncDisposable {
  /** The process, to be upgraded and asked. */
  readonly app: DrivenApp;
  /** Where it listens, with a slash at the end. */
  readonly url: string;

  private constructor(app: DrivenApp, port: number) {
    this.app = app;
    this.url = `http://127.0.0.1:${port}/`;
  }

  /** Starts the site from its first version. */
  static async start(changes: Files = {}): Promise<Site> {
    const files = await filesIn(sampleApp("site"));
    const app = await DrivenApp.start({ ...files, ...changes });
    try {
      return new Site(app, await app.call("port") as number);
    } catch (error) {
      await app[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Waits until a path has been asked for so many times. */
  async askedFor(path: string, times = 1): Promise<void> {
    await this.app.call("askedFor", path, times);
  }

  /** How many times a path has been asked for. */
  async count(path: string): Promise<number> {
    return await this.app.call("count", path) as number;
  }

  /** What the site answers to a path. */
  async text(path: string): Promise<string> {
    return await (await fetch(new URL(path, this.url))).text();
  }

  /** Ends the process. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.app[Symbol.asyncDispose]();
  }
}

async function filesIn(root: string, folder = root): Promise<Files> {
  const files: Record<string, string> = {};
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) Object.assign(files, await filesIn(root, path));
    else files[relative(root, path)] = await Deno.readTextFile(path);
  }
  return files;
}
