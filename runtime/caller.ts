/** Which module called, read off the stack.
 * @module
 */

const RUNTIME_FOLDER = new URL(".", import.meta.url).href;
const FRAME =
  /^at (?:async )?(?:.*? \()?((?:file|https?|data|blob):.+?)(?::\d+){1,2}\)?$/;

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
    // The frame after it names the module that called eval().
    if (line.includes("(eval at ")) continue;
    const place = FRAME.exec(line.trim())?.[1];
    const url = place === undefined ? null : urlOf(place);
    if (url !== null && !url.startsWith(ownFolder)) urls.push(url);
  }
  return urls;
}

// A stack shows URLs decoded; tables of modules are kept by the encoded ones.
function urlOf(place: string): string | null {
  if (!/^(?:file|https?):/.test(place)) return place;
  const at = place.indexOf("?");
  const bare = at === -1 ? place : place.slice(0, at);
  const query = at === -1 ? "" : place.slice(at);
  const url = bare.replaceAll(/[%#\\ ]/g, encodeURIComponent) + query;
  return URL.canParse(url) ? new URL(url).href : null;
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
