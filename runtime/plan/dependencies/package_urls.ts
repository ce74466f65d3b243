/** Which exact package a module belongs to, by where Deno keeps it.
 * @module
 */

const NPM_CACHE =
  /\/npm\/[^/]+\/((?:@[^/]+\/)?[^/@]+)\/(\d[^/_]*)(?:_[^/]*)?\//;
const NODE_MODULES =
  /\/node_modules\/\.deno\/@?[^/@]*@(\d[^/_]*)(?:_[^/]*)?\/node_modules\/((?:@[^/]+\/)?[^/]+)\//;
const JSR = /^https?:\/\/.*\/(@[^/]+\/[^/]+)\/(\d+\.\d+\.\d+[^/]*)\//;
const EXACT = /^(npm|jsr):\/?((?:@[^/@]+\/)?[^/@]+)@(\d+\.\d+\.\d+[^/]*)/;

/** The exact package that a URL belongs to. Returns for example `npm:qs@6.14.1`; null where the URL does not tell. */
export function packageOfUrl(url: string): string | null {
  const linked = NODE_MODULES.exec(url);
  if (linked) return `npm:${linked[2]}@${linked[1]}`;
  const cached = url.startsWith("file:") ? NPM_CACHE.exec(url) : null;
  if (cached) return `npm:${cached[1]}@${cached[2]}`;
  const remote = JSR.exec(url);
  if (remote) return `jsr:${remote[1]}@${remote[2]}`;
  const exact = EXACT.exec(url);
  return exact ? `${exact[1]}:${exact[2]}@${exact[3]}` : null;
}
