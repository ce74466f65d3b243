import { handle } from "./router.ts";

export default { fetch: handle } satisfies Deno.ServeDefaultExport;
