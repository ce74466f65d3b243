/** What has to be known of a module besides its text.
 * @module
 */

/** What has to be known of a module besides its text. */
export interface AnalyzeOptions {
  /** True if the text is TypeScript: imports that no value needs are dropped. */
  readonly typescript?: boolean;
  /** True if the text may have JSX. */
  readonly jsx?: boolean;
  /** `compilerOptions.verbatimModuleSyntax`, or `emitDecoratorMetadata`: every import that is not marked stays. */
  readonly verbatim?: boolean;
  /** `compilerOptions.jsxFactory`. */
  readonly jsxFactory?: string;
  /** `compilerOptions.jsxFragmentFactory`. */
  readonly jsxFragmentFactory?: string;
  /** True if it is CommonJS: `.cjs`, or `.js` under a `package.json` that says so. */
  readonly commonjs?: boolean;
  /** True if what it does with its imports is told for rebinding. */
  readonly rebind?: boolean;
  /** Leads from a place in the text to the place in the source as written. */
  readonly place?: (line: number, column: number) => {
    readonly line: number;
    readonly column: number;
  };
}
