// The boot shell: opens the port. Routes, middleware and state are hot.
import { live, reapply } from "@flyhot/runtime";

await reapply();
const app = await live(async () => (await import("./app.ts")).app);

Deno.serve(
  { port: Number(Deno.env.get("PORT") ?? 8080) },
  (request) => app.fetch(request),
);
