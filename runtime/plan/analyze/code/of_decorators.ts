/** What Deno puts into the text of a module for its decorators.
 * @module
 */

const HELPERS = /^_?apply_?[dD]ecs_?2203_?[rR](?:Factory)?(?:\.|$)/;

/** Whether a variable, or a local of a function, is of those helpers: nothing of them outlives a call. */
export function isOfDecorators({ name }: { readonly name: string }): boolean {
  return HELPERS.test(name);
}
