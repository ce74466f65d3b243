/** What decides what is found in a script, besides its text.
 * @module
 */
import type { ScriptOptions } from "./analyze.ts";

/** What an app says of its scripts. */
export interface ScriptSettings {
  /** The options that Deno translates by. */
  readonly compilerOptions: Readonly<Record<string, unknown>>;
  /** The app's `package.json`, if there is one. */
  readonly packageJson: Readonly<Record<string, unknown>> | null;
  /** Whether the app asks for rebinding. Default no */
  readonly rebinds?: boolean;
}

/** The key of what a script of this text does. */
export function scriptKey(
  path: string,
  sha256: string,
  options: ScriptOptions,
): string {
  // The ending tells the language; nothing else of the path counts.
  return JSON.stringify([sha256, /\.[^.]*$/.exec(path)?.[0], options]);
}

/** Finds the options that each script of an app is analyzed with, by its path. */
export function optionsBy(
  { compilerOptions, packageJson, rebinds = false }: ScriptSettings,
): (path: string) => ScriptOptions {
  const { verbatimModuleSyntax, emitDecoratorMetadata } = compilerOptions;
  const { jsxFactory, jsxFragmentFactory } = compilerOptions;
  const options: ScriptOptions = {
    ...(verbatimModuleSyntax === true || emitDecoratorMetadata === true
      ? { verbatim: true }
      : {}),
    ...(typeof jsxFactory === "string" ? { jsxFactory } : {}),
    ...(typeof jsxFragmentFactory === "string" ? { jsxFragmentFactory } : {}),
    ...rebinds ? { rebind: true } : {},
  };
  const required = packageJson?.type === "commonjs";
  return (path) =>
    required && path.endsWith(".js") ? { ...options, commonjs: true } : options;
}
