import { clock, type Tick } from "./clock.ts";
import { journal } from "./journal.ts";
import "./chime.ts";
import "./ticker.ts";

export function now(): number {
  return clock.state.slot;
}

export function follow(listener: () => void): () => void {
  return clock.subscribe(listener);
}

export function ticksAfter(slot: number) {
  return clock.state.ticks.filter((tick) => tick.slot > slot);
}

export function eventText({ slot, sound }: Tick): string {
  return `id: ${slot}\ndata: ${sound}\n\n`;
}

export function handle(request: Request): Response {
  switch (new URL(request.url).pathname) {
    case "/":
      return Response.json(clock.state);
    case "/journal":
      return Response.json(journal.state);
    default:
      return new Response("not found\n", { status: 404 });
  }
}
