import ms from "ms";
import { publish, subscribe } from "./feed.ts";
import { page } from "./page.ts";
import { add, latest, summary } from "./readings.ts";

const INTERVAL = ms("5s");

/** Answers a request. */
export async function handle(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  const [, first, second] = pathname.split("/");
  switch (`${request.method} /${first}`) {
    case "GET /":
      return await page({ interval: INTERVAL });
    case "GET /events":
      return subscribe();
    case "GET /summary":
      return Response.json(summary());
    case "GET /latest": {
      const reading = latest(second ?? "");
      return reading
        ? Response.json(reading)
        : new Response("nothing yet", { status: 404 });
    }
    case "POST /readings": {
      const { sensor, value } = await request.json();
      add({ sensor, value });
      publish("reading", { sensor, value });
      return new Response(null, { status: 204 });
    }
    case "POST /beat":
      publish("beat", {});
      return new Response(null, { status: 204 });
    default:
      return new Response("not found", { status: 404 });
  }
}
