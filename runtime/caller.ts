/** Which module called, read off the stack.
 * @module
 */

const RUNTIME_FOLDER = new URL(".", import.meta.url).href;

/**
 * The URLs of the modules on a stack, innermost first, without those of this package.
 *
 * @param stack the text of `Error.stack`
 * @param ownFolder the folder whose modules do not count. Default the folder of this package
 * @returns the URLs with their queries
 */
export function modulesOnStack(
  stack: string,
  ownFolder: string = RUNTIME_FOLDER,
): string[] {
  const urls: string[] = [];
  for (const line of stack.split("\n")) {
    const place = /((?:file|https?|data|blob):.*?)(?::\d+){1,2}\)?$/.exec(
      line.trim(),
    )?.[1];
    if (place && !place.startsWith(ownFolder)) urls.push(place);
  }
  return urls;
}

/**
 * The URLs of the modules that are calling now, innermost first.
 *
 * @returns the URLs with their queries
 */
export function callingModules(): string[] {
  const before = Error.stackTraceLimit;
  // The default of ten frames is soon used up by helpers between a module and its declaration.
  Error.stackTraceLimit = 100;
  const { stack = "" } = new Error();
  Error.stackTraceLimit = before;
  return modulesOnStack(stack);
}
