// The boot shell: owns the port and the open event streams.
import { live, reapply } from "@flyhot/runtime";

await reapply();
const app = await live(() => import("./app.ts"));

function stream(): Response {
  let end = () => {};
  const events = new ReadableStream<string>({
    start(controller) {
      let seen = app.now();
      // The clock calls it after every tick; the text comes from the newest version, in streams opened long ago too.
      end = app.follow(() => {
        for (const tick of app.ticksAfter(seen)) {
          seen = tick.slot;
          controller.enqueue(app.eventText(tick));
        }
      });
      controller.enqueue(": open\n\n");
    },
    cancel: () => end(),
  });
  return new Response(events.pipeThrough(new TextEncoderStream()), {
    headers: {
      "content-type": "text/event-stream",
      "cache-control": "no-store",
    },
  });
}

Deno.serve(
  { port: Number(Deno.env.get("PORT") ?? 8080) },
  (request) =>
    new URL(request.url).pathname === "/events"
      ? stream()
      : app.handle(request),
);
