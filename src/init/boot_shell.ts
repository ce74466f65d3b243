/** The boot shell: the one module that a cold deploy is needed for.
 * @module
 */

/** Writes a boot shell that serves by itself. */
export function servingShell(
  target: string,
  handler: string,
  address: readonly string[],
  passesInfo = true,
): string {
  const args = passesInfo ? "request, info" : "request";
  const parameters = passesInfo ? "(request, info)" : "(request)";
  return `${head(target)}
Deno.serve(
  { ${address.join(", ")} },
  ${parameters} => app.${handler}(${args}),
);
`;
}

/** Writes a boot shell for `deno serve`. */
export function servedShell(target: string, typed: boolean): string {
  return typed
    ? `${head(target)}
const served = app as { readonly default: Deno.ServeDefaultExport };

export default {
  fetch: (request, info) => served.default.fetch(request, info),
} satisfies Deno.ServeDefaultExport;
`
    : `${head(target)}
export default {
  fetch: (request, info) => app.default.fetch(request, info),
};
`;
}

function head(target: string): string {
  return `// The boot shell: hands every request on to ${target}. Changes here need a cold deploy.
import { live, reapply } from "@flyhot/runtime";

await reapply();
const app = await live(() => import("./${target}"));
`;
}

/** What an app is that does not exist yet. */
export const FIRST_APP =
  `// Hot: whatever this module imports is replaced while the app runs.
import { holder } from "@flyhot/runtime";

const visits = holder("visits", {
  state: () => ({ count: 0 }),
  actions: { add: (state) => ++state.count },
});

export async function handle(_request: Request): Promise<Response> {
  return new Response(\`Hello, visitor \${await visits.add()}\\n\`);
}
`;
