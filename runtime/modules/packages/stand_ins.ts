/** Modules that the app and its packages import in the place of modules of the platform.
 * @module
 */
import type {
  LoadFnOutput,
  ResolveFnOutput,
  ResolveHookContext,
} from "node:module";
import { RUNTIME_FOLDER } from "../module_urls.ts";

/** A module that is imported in the place of another one. */
export interface StandIn {
  /** Its URL. */
  readonly url: string;
  /** Its text. */
  readonly source: string;
}

/**
 * A module that takes some names from the default export of a module of the platform, which named imports of it never
 * follow.
 */
export function standInFor(
  specifier: string,
  names: readonly string[],
): StandIn {
  const source =
    `import it from "${specifier}"; export * from "${specifier}"; export default it; export const { ${
      names.join(", ")
    } } = it;`;
  return { url: `data:text/javascript,${encodeURIComponent(source)}`, source };
}

/** The modules by the URLs of those that they stand for. */
export class StandIns {
  readonly #byUrl: ReadonlyMap<string, StandIn>;
  readonly #sources: ReadonlyMap<string, string>;

  /**
   * @param byUrl the modules by the URLs of those that they stand for
   */
  constructor(byUrl: ReadonlyMap<string, StandIn>) {
    this.#byUrl = byUrl;
    this.#sources = new Map(
      [...byUrl.values()].map(({ url, source }) => [url, source]),
    );
  }

  /**
   * Puts a module in the place of what was resolved; packages get it too, because helpers in them act on behalf of the
   * app's modules.
   */
  resolved(
    result: ResolveFnOutput,
    { parentURL = "", conditions }: ResolveHookContext,
  ): ResolveFnOutput {
    const url = this.#byUrl.get(result.url)?.url;
    if (
      url === undefined || parentURL === url ||
      parentURL.startsWith(RUNTIME_FOLDER) ||
      conditions?.includes("require")
    ) return result;
    return { ...result, url, format: "module", shortCircuit: true };
  }

  /**
   * Loads a module: Deno prepares none whose URL it was not asked for. Returns its text, or null where it is none of
   * these.
   */
  load(url: string): LoadFnOutput | null {
    const source = this.#sources.get(url);
    return source === undefined
      ? null
      : { format: "module", source, shortCircuit: true };
  }
}
