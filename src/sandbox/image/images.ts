/** A registry of images: folders of files, by reference.
 * @module
 */
import { parseImageRef } from "@flyhot/runtime/protocol";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { parseDenoJson } from "../../config/files/deno_json.ts";
import { FlyhotError } from "../../errors.ts";
import { isMissing, readBytes, readText } from "../computer/disk.ts";
import { dockerignore, staysOut } from "./dockerignore.ts";
import {
  DEFAULT_START,
  type ImageStart,
  parseDockerfile,
} from "./dockerfile.ts";
import { changedMode, isChanged } from "./file_modes.ts";
import { copyFolder } from "../computer/folder_copy.ts";
import { newUlid } from "../ids.ts";

const REGISTRY = "registry.fly.io";

/** An image. */
export interface Image {
  /** Its reference: `registry.fly.io/<app>:<label>`. */
  readonly ref: string;
  /** For example `my-app`. */
  readonly repository: string;
  /** For example `deployment-01K93Q…`. */
  readonly tag: string;
  /** `sha256:` and the digest of its files. */
  readonly digest: string;
  /** The length of all its files in bytes. */
  readonly size: number;
  /** The folder with its files; never written to. */
  readonly folder: string;
  readonly start: ImageStart;
}

/** What an image is built from. */
export interface BuildOptions {
  /** The app, which names the repository. */
  readonly app: string;
  /** The tag. Default `deployment-<ULID>`. */
  readonly label?: string;
  /** The Dockerfile under the folder. Default `Dockerfile`. */
  readonly dockerfile?: string;
  /** The file with the patterns of what stays out, under the folder. Default `.dockerignore`. */
  readonly ignorefile?: string;
  /** Values of the Dockerfile's `ARG`s. Default none. */
  readonly buildArgs?: Readonly<Record<string, string>>;
}

/** Builds images and finds them by reference. */
export class Images {
  readonly #folder: string;
  readonly #images: Image[] = [];

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Copies a folder into a new image. A tag that exists moves to the new image. */
  async build(source: string, options: BuildOptions): Promise<Image> {
    const id = newUlid();
    const tag = options.label ?? `deployment-${id}`;
    if (!/^\w[\w.-]{0,127}$/.test(tag)) {
      throw new FlyhotError(
        "usage",
        `Cannot build an image of ${source}: "${tag}" is not a tag of an image`,
        { hint: "use letters, digits, dots, hyphens and underscores" },
      );
    }
    const text = await readNamed(source, options.dockerfile, "Dockerfile");
    const patterns = await readNamed(
      source,
      options.ignorefile,
      ".dockerignore",
    );
    const start = text === null
      ? await startWithoutDockerfile(source)
      : parseDockerfile(text, options.buildArgs);
    const folder = join(this.#folder, id);
    let copied;
    try {
      copied = await copyFolder(source, folder, {
        leaveOut: dockerignore(patterns ?? ""),
        skipFolder: staysOut,
        modeOf: (path, before) =>
          start.modes.filter((it) => isChanged(it, `/${path}`))
            .reduce((mode, it) => changedMode(mode, it.mode), before),
      });
    } catch (cause) {
      if (!isMissing(cause)) throw cause;
      throw new FlyhotError(
        "not_found",
        `Cannot build an image of ${source}: there is no such folder`,
        { hint: "name the folder that has the Dockerfile", cause },
      );
    }
    const hash = createHash("sha256");
    for (const { path, kind } of copied) {
      hash.update(`${kind} ${path}\0`);
      if (kind === "file") {
        hash.update(await readBytes(join(folder, path)));
      }
    }
    const image: Image = {
      ref: `${REGISTRY}/${options.app}:${tag}`,
      repository: options.app,
      tag,
      digest: `sha256:${hash.digest("hex")}`,
      size: copied.reduce((sum, { size }) => sum + size, 0),
      folder,
      start,
    };
    this.#images.push(image);
    return image;
  }

  /** Finds the newest image of a name, by tag or digest; null if there is none. */
  find(ref: string): Image | null {
    let wanted;
    try {
      wanted = parseImageRef(ref);
    } catch {
      return null;
    }
    const tag = wanted.tag ?? (wanted.digest === null ? "latest" : null);
    return this.#images.findLast((image) =>
      `${REGISTRY}/${image.repository}` === wanted.repository &&
      (wanted.digest === null
        ? image.tag === tag
        : image.digest === wanted.digest)
    ) ?? null;
  }
}

/** How an app without a Dockerfile starts: by the main module that its deno.json names, else `main.ts`. */
async function startWithoutDockerfile(folder: string): Promise<ImageStart> {
  for (const name of ["deno.json", "deno.jsonc"]) {
    const text = await readText(join(folder, name));
    if (text === null) continue;
    const [entry = "main.ts"] = parseDenoJson(text, name).entry ?? [];
    return { ...DEFAULT_START, cmd: ["deno", "run", "-A", entry] };
  }
  return DEFAULT_START;
}

async function readNamed(
  folder: string,
  named: string | undefined,
  usual: string,
): Promise<string | null> {
  const text = await readText(join(folder, named ?? usual));
  if (text !== null || named === undefined) return text;
  throw new FlyhotError(
    "not_found",
    `Cannot build an image of ${folder}: ${named} is not there`,
    { hint: "check [build] in fly.toml" },
  );
}
