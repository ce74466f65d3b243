/** What the name of a file tells of it.
 * @module
 */

/**
 * Whether a file is code that can be analyzed.
 *
 * @param path its path
 * @returns true for JavaScript and TypeScript, not for declarations
 */
export function isScriptPath(path: string): boolean {
  return /\.[cm]?[jt]sx?$/.test(path) && !/\.d\.[cm]?ts$/.test(path);
}

/**
 * Whether a file only serves those who work on the app, so that a change of it alone is nothing to do.
 *
 * @param path its path
 * @returns true for tests, benchmarks, declarations, editor settings, CI, and what a repository tells of itself
 */
export function isForDevelopment(path: string): boolean {
  return /(?:[._](?:test|spec|bench)\.[cm]?[jt]sx?|\.d\.[cm]?ts)$/.test(path) ||
    /(?:^|\/)(?:\.vscode|\.idea|\.github|\.ci|\.husky|\.devcontainer|__tests__)\//
      .test(path) ||
    /(?:^|\/)\.(?:git\w*|editorconfig|dockerignore|prettierrc|eslintrc)[^/]*$/
      .test(path) ||
    /^(?:README|CHANGELOG|CONTRIBUTING|LICENSE|CODE_OF_CONDUCT|SECURITY)(?:\.\w+)?$/i
      .test(path);
}
